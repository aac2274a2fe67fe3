"""Shapes the rows that were drawn as the page reads them: short, and with codes in the place of names."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from wasit.inference.report_codes import SCORE_BINS, no_label
from wasit.inference.report_cube import Cubes
from wasit.inference.report_input import ReportTask
from wasit.inference.report_rows import LONGEST_SOURCE, Rows

LONGEST_TITLE = 300
LONGEST_EVIDENCE = 600
LONGEST_TEXT = 4_000

_ELLIPSIS = "…"
_CUT_TEXT = " […]"
_DIGITS = 3


class ArticleShaper:
    """Makes an article of the page of a row.

    Args:
        rows: The articles.
        cubes: Their codes.
        names: What tasks are called on the page.
    """

    def __init__(self, rows: Rows, cubes: Cubes, names: Mapping[ReportTask, str]) -> None:
        """Looks up the codes."""
        predictions = rows.predictions
        self._article_tasks = [_Answers(task, names[task]) for task in predictions.article_tasks]
        self._mediator_tasks = [_Answers(task, names[task]) for task in predictions.mediator_tasks]
        others = len(cubes.mediators) - 1
        self._mediators = {name: min(code, others) for code, name in enumerate(rows.mediators)}
        self._sources = {source: code for code, source in enumerate(cubes.sources)}
        self._other_source = len(cubes.sources) - 1
        self._periods = dict(rows.all("SELECT day::VARCHAR, period FROM days JOIN period_codes USING (bucket)"))
        self._undated = len(cubes.periods) - 1

    def row(self, row: Mapping[str, Any], longest_text: int) -> list[Any]:
        """The article.

        Args:
            row: As `wasit classify` wrote it.
            longest_text: Characters of its text that are kept; 0 to leave it out.
        """
        # As the database reads them.
        day = (row["date"] or "")[:10]
        source = (row["source"] or "")[:LONGEST_SOURCE].strip(" ")
        return [
            _cut(row["title"], LONGEST_TITLE),
            source or None,
            day if day in self._periods else None,
            _cut(row["doc_id"], LONGEST_TITLE),
            row["article"],
            self._periods.get(day, self._undated),
            self._sources.get(source, self._other_source),
            {task.name: task.of(row) for task in self._article_tasks},
            [self._mediator(mediator) for mediator in row["mediators"] or ()],
            _cut(row.get("text"), longest_text, _CUT_TEXT) if longest_text else None,
        ]

    def _mediator(self, row: Mapping[str, Any]) -> list[Any]:
        evidence = row["evidence"] or {}
        text = evidence.get("text") or ""
        start, end = (
            max(0, (evidence.get(place) or 0) - (evidence.get("start") or 0))
            for place in ("mention_start", "mention_end")
        )
        answers = {task.name: task.of(row) for task in self._mediator_tasks}
        return [self._mediators[row["mediator"]], answers, *cut_around(text, start, end, LONGEST_EVIDENCE)]


class _Answers:
    """Reads the answers to a task: the code of the label, or a list of codes, and the score."""

    def __init__(self, task: ReportTask, name: str) -> None:
        self.name = name
        self._task = task
        self._codes = {label: code for code, label in enumerate(task.labels)}

    def of(self, row: Mapping[str, Any]) -> list[Any]:
        """The answer of a row; of several labels the highest score, of none how sure it is that none holds."""
        given = row[self._task.name]
        if self._task.is_single:
            code = no_label(self._task) if given is None else self._codes[given]
            return [code, _shown(row[f"{self._task.name}_score"])]
        scores = {one["label"]: one["score"] for one in row[f"{self._task.name}_scores"] or ()}
        held = [scores[label] for label in given or () if label in scores]
        sure = max(held) if held else 1 - max(scores.values(), default=1)
        return [[self._codes[label] for label in given or ()], _shown(sure)]


def cut_around(text: str, start: int, end: int, longest: int) -> tuple[str, int, int]:
    """Cuts a long text so that a place in it stays.

    Args:
        text: The text.
        start: Where the place begins, in characters.
        end: Where it ends.
        longest: Characters that stay, the place among them if it is not longer itself.

    Returns:
        The text, with an ellipsis where it was cut, and where the place now begins and ends.
    """
    start, end = min(start, len(text)), min(max(start, end), len(text))
    if len(text) <= longest:
        return text, start, end
    first = max(0, min(start - (longest - (end - start)) // 2, len(text) - longest, start))
    last = first + longest
    before = _ELLIPSIS if first else ""
    after = _ELLIPSIS if last < len(text) else ""
    shift = len(before) - first
    return before + text[first:last] + after, start + shift, min(end, last) + shift


def _cut(text: str | None, longest: int, mark: str = _ELLIPSIS) -> str | None:
    return text if text is None or len(text) <= longest else text[:longest] + mark


def _shown(score: float | None) -> float | None:
    """A short score that lies in the same bin."""
    if score is None:
        return None
    shown = round(score, _DIGITS)
    # Rounded up to the bound of a bin it would be in the next one.
    too_high = shown in SCORE_BINS and np.float32(score) < np.float32(shown)
    return round(shown - 10**-_DIGITS, _DIGITS) if too_high else shown
