"""Rows with the same text, one a mediator, as one article."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wasit.train.articles import AnnotatedArticle, Labels
from wasit.train.row_problem import CONTRADICTION, Report, RowProblem

_Answer = tuple[str | None, str]
"""A mediator, or None for the article, and a task."""


class _Gathered:
    """An article as its rows so far have it, and which row gave which answer."""

    def __init__(self, first: AnnotatedArticle) -> None:
        self.article = replace(first, labels={}, mediators={})
        self._places: dict[_Answer, str] = {}

    def add(self, row: AnnotatedArticle, report: Report) -> None:
        self._join(self.article.labels, row.labels, None, row.where, report)
        for mediator, labels in row.mediators.items():
            self._join(self.article.mediators.setdefault(mediator, {}), labels, mediator, row.where, report)

    def _join(self, known: Labels, labels: Labels, mediator: str | None, where: str, report: Report) -> None:
        for task, names in labels.items():
            place = self._places.setdefault((mediator, task), where)
            if set(known.setdefault(task, names)) != set(names):
                whose = task if mediator is None else f"{task} of {mediator!r}"
                found = f"the {whose} is {_said(names)} here and {_said(known[task])} in {place}"
                report(RowProblem(CONTRADICTION, where, f"{found}, which has the same text", "one answer"))


def merged(rows: Iterable[AnnotatedArticle], report: Report) -> Iterator[AnnotatedArticle]:
    """Merges rows with the same text, wherever they stand; all articles are in memory until the last row is read.

    Args:
        rows: Each with its text, and with the labels of one mediator or of none.
        report: Is told if two rows answer a question in different ways; if it returns, the first answer counts.

    Yields:
        The articles in the order of their first rows.
    """
    gathered: dict[str, _Gathered] = {}
    for row in rows:
        if row.text not in gathered:
            gathered[row.text] = _Gathered(row)
        gathered[row.text].add(row, report)
    for article in gathered.values():
        yield article.article


def _said(names: tuple[str, ...]) -> str:
    return repr(", ".join(names))
