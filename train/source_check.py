"""Reads a source of a recipe like training does, but goes on after a mistake and tells them all."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import annotated_articles
from wasit.train.articles import AnnotatedArticle
from wasit.train.data_files import DataFile
from wasit.train.dataset import columns_of, fits, missing_columns, read_source
from wasit.train.findings import NO_ARTICLES, NO_LABELS, UNREAD_COLUMNS, UNREAD_LABELS, WRONG_FILE, Finding
from wasit.train.recipe import DataSource
from wasit.train.row_files import Row, has_fixed_columns, read_file, row_files
from wasit.train.row_problem import MISSING_COLUMN, RowProblem


class SourceCheck:
    """One file of labelled articles and what is wrong with it.

    Attributes:
        findings: What was found so far; all of it once the articles have been read.
    """

    def __init__(self, source: DataSource, folder: str | Path, taxonomy: Taxonomy, seed: int) -> None:
        """Keeps what to read.

        Args:
            source: Which file, and which of its rows.
            folder: Where relative paths start; a path or URL.
            taxonomy: What the labels are checked against.
            seed: For a source that draws some of its rows.

        Raises:
            InputError: If the source names a task or label that the taxonomy does not have.
        """
        self.path = source.place(folder)
        self.findings: list[Finding] = []
        self._source = source
        self._folder = folder
        self._taxonomy = taxonomy
        self._seed = seed
        self._columns = columns_of(source)
        self._columns.check(taxonomy)

    def articles(self) -> Iterator[AnnotatedArticle]:
        """Reads the articles that have a text; what is wrong in one of them is left out."""
        unread: set[str] = set()
        has_articles = has_labels = False
        for article in self._articles():
            has_articles = True
            has_labels = has_labels or bool(article.labels) or any(article.mediators.values())
            unread.update(article.columns)
            yield article
        if has_articles or not self.findings:
            self.findings += self._summary(unread, has_articles, has_labels)

    def _articles(self) -> Iterator[AnnotatedArticle]:
        try:
            every_row = annotated_articles(self._wanted_rows(), self._taxonomy, self._columns, self._report)
            if self._source.rows is None:
                yield from every_row
                return
            for _ in every_row:
                pass
            yield from read_source(self._source, self._folder, self._taxonomy, self._seed)
        except InputError as error:
            message = str(error).removeprefix(f"{self.path}: ")
            # What is wrong with a row that was drawn has been told of already.
            if not self.findings:
                self.findings.append(Finding(WRONG_FILE, self.path, message))

    def _report(self, problem: RowProblem) -> None:
        self.findings.append(Finding.of_problem(problem))

    def _wanted_rows(self) -> Iterator[Row]:
        for file in row_files(self.path):
            yield from self._wanted_rows_of(file)

    def _wanted_rows_of(self, file: DataFile) -> Iterator[Row]:
        source = self._source
        for where, row in read_file(file, self._report):
            missing = missing_columns(row, source)
            for column in missing:
                wrong = f"there is no column {column!r}"
                self._report(RowProblem(MISSING_COLUMN, where, wrong, ", ".join(row)))
            if missing and has_fixed_columns(where):
                return
            if not missing and fits(row, source):
                yield where, row

    def _summary(self, unread: Iterable[str], has_articles: bool, has_labels: bool) -> Iterator[Finding]:
        place = self.path
        columns = sorted(unread)
        tasks = ", ".join(task.name for task in self._taxonomy.tasks)
        if not has_articles:
            yield Finding(NO_ARTICLES, place, f"no row fits where={self._source.where}", "one row at least")
        elif not has_labels:
            yield Finding(
                NO_LABELS, place, f"no row has a label; the other columns are {', '.join(columns)}", tasks
            )
        for task in self._taxonomy.mediator_tasks:
            if task.name in columns:
                message = f"column {task.name!r} is named as a task of mediators, but no column names the mediator"
                allowed = "mediator_field of the source, --mediator-field on the command line"
                yield Finding(UNREAD_LABELS, place, message, allowed)
        if columns:
            yield Finding(UNREAD_COLUMNS, place, ", ".join(columns))
