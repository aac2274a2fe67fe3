"""Annotated articles as files hold them: read, checked against a taxonomy, and turned into labels.

A label may be the name of one label, a list of names, or in a cell of text several names with a separator: for a
task with one answer the true one is among them, for a task with several they all hold. A task that a row does not
mention, or whose cell is empty, has no label there.
"""

from collections.abc import Iterable, Iterator

from wasit.models.taxonomy import Taxonomy
from wasit.train.articles import AnnotatedArticle, Columns, Labels, LabelSets
from wasit.train.pairs import merged
from wasit.train.row_files import Row, has_fixed_columns, read_rows, split_place
from wasit.train.row_problem import MISSING_COLUMN, Report, RowProblem, raise_problem
from wasit.train.row_reader import RowReader

__all__ = [
    "AnnotatedArticle",
    "Columns",
    "LabelSets",
    "Labels",
    "annotated_articles",
    "read_rows",
]


def annotated_articles(
    rows: Iterable[Row], taxonomy: Taxonomy, columns: Columns, report: Report = raise_problem
) -> Iterator[AnnotatedArticle]:
    """Turns the rows of a source into articles.

    With one row an article they come one after another. Pairs, one row a mediator, are gathered first, since the
    rows of an article may stand anywhere: the articles of the source, but not its rows, are in memory then.

    Args:
        rows: Rows with the words for their places, as ``read_rows`` gives them, of one file after another.
        taxonomy: What the labels are checked against.
        columns: Where the files keep what.
        report: Is told of every problem; the first one is raised without it.

    Yields:
        The articles in the order of their first rows.

    Raises:
        InputError: If ``columns`` names a task or label that the taxonomy does not have.
    """
    columns.check(taxonomy)
    articles = _articles(rows, taxonomy, columns, report)
    return articles if columns.mediator is None else merged(articles, report)


def _articles(
    rows: Iterable[Row], taxonomy: Taxonomy, columns: Columns, report: Report
) -> Iterator[AnnotatedArticle]:
    reader = RowReader(taxonomy, columns, report)
    required = columns.required(taxonomy)
    fields: dict[str, None] = {}
    files: list[str] = []
    is_fixed = has_text = True
    for where, row in rows:
        file, _ = split_place(where)
        if file not in files[-1:]:
            files.append(file)
            is_fixed = has_fixed_columns(file)
            has_text = not is_fixed or columns.text in row
            if is_fixed:
                _report_missing(file, required, row, report)
        if not has_text:
            continue
        if not is_fixed:
            fields.update(dict.fromkeys(row))
        article = reader.read(where, row)
        if article is not None:
            yield article
    loose = [file for file in files if not has_fixed_columns(file)]
    if loose:
        # A row of JSON may lack what it has no value for; a field that no row has was named wrongly.
        _report_missing(loose[0], required, fields, report)
    if reader.mediator_fields:
        inside = columns.required_inside(taxonomy)
        _report_missing(f"{files[0]}: {columns.mediators}", inside, reader.mediator_fields, report)


def _report_missing(where: str, required: Iterable[str], there: Iterable[str], report: Report) -> None:
    known = list(there)
    for column in required:
        if column not in known:
            report(RowProblem(MISSING_COLUMN, where, f"there is no column {column!r}", ", ".join(known)))
