"""The scores of one table of answers as values that JSON can hold.

The scores of a task are::

    answers, articles     how many gold labels were scored, and in how many articles
    accuracy              share of the answers that are right; in a task with several answers, right entirely
    macro_f1              mean F1 of the labels that occur in gold; null if none does
    accuracy_interval, macro_f1_interval
                          [low, high], 95 % bootstrap over articles; null for fewer than two articles
    by_label              {label: {precision, recall, f1, f1_interval, support}}; f1 is null where support is 0
    ece                   expected calibration error; null if no answer has a score and one certain gold label
    calibration           its bins that are not empty: [{answers, certainty, accuracy}]
    coverage_at_95_precision
                          largest share of all answers, most certain first, of which 95 % are right
    not_found             gold mediators that were not found; their answers count as wrong
    by_length             {words of the article: scores}
    by_column             {column: {value: scores}}; these scores are answers, articles, accuracy, macro_f1 and the
                          two intervals
    confusion_matrix      {gold: labels, predicted: labels and maybe null for what was not found, counts: a row for
                          each gold label}; null in a task with several answers, where an answer is not one label

Where gold is a set of possible labels, any of them is right; gold counts as the answer if that is right, and as
the first of the set if not.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from wasit.models.errors import InputError
from wasit.train.annotation import AnnotatedArticle
from wasit.train.answers import AnswerTable
from wasit.train.certainty import calibration_bins, coverage_at_precision, expected_calibration_error
from wasit.train.statistics import FloatArray, Scores, article_counts, intervals, scores_of

Members = Mapping[str, frozenset[int]]
"""For each group its articles."""

DEFAULT_COLUMN = "corpus"
"""What articles are grouped by if the data have such a column."""

NO_VALUE = "(none)"
"""The group of articles that have no value."""

WANTED_PRECISION = 0.95

_LENGTH_LIMITS = (0, 50, 150, 300, 600)


class Groups(NamedTuple):
    """Ways to look at parts of the articles.

    Attributes:
        by_length: Groups by words.
        by_column: For each column groups by its values.
    """

    by_length: Members
    by_column: Mapping[str, Members]


def article_groups(articles: Sequence[AnnotatedArticle], columns: Sequence[str]) -> Groups:
    """Groups articles by their length in words and by the values of columns.

    Args:
        articles: All that are evaluated.
        columns: Names of columns; without any, ``corpus`` if the data have it.

    Raises:
        InputError: If no article has a column.
    """
    there = dict.fromkeys(name for article in articles for name in article.columns)
    for column in columns:
        if column not in there:
            raise InputError(f"--group-by: found {column!r}; allowed: {', '.join(there) or 'no column is left'}")
    chosen = list(dict.fromkeys(columns)) or [DEFAULT_COLUMN] * (DEFAULT_COLUMN in there)
    lengths = [len(article.text.split()) for article in articles]
    bands = {
        name: frozenset(index for index, words in enumerate(lengths) if low < words <= high)
        for name, low, high in _length_bands()
    }
    return Groups(bands, {column: _by_value(articles, column) for column in chosen})


def _length_bands() -> list[tuple[str, float, float]]:
    bands = [(f"{low + 1}–{high}", low, high) for low, high in pairwise(_LENGTH_LIMITS)]
    last = _LENGTH_LIMITS[-1]
    return [*bands, (f"over {last}", last, math.inf)]


def _by_value(articles: Sequence[AnnotatedArticle], column: str) -> dict[str, frozenset[int]]:
    values = [article.columns.get(column) for article in articles]
    names = [NO_VALUE if value is None or value == "" else str(value) for value in values]
    return {name: frozenset(i for i, own in enumerate(names) if own == name) for name in sorted(set(names))}


def task_scores(table: AnswerTable, groups: Groups, resamples: int, seed: int) -> dict[str, Any]:
    """Scores the answers to one task, by the schema of this module.

    Args:
        table: At least one answer.
        groups: From :func:`article_groups`.
        resamples: Bootstrap resamples.
        seed: Of the bootstrap.
    """
    counts = article_counts(table)
    scores, limits = scores_of(counts.sum(axis=0)), _intervals(counts, resamples, seed)
    bins = calibration_bins(table)
    return {
        **_overall(table, scores, limits),
        "by_label": {
            name: {
                "precision": float(scores.precision[index]),
                "recall": float(scores.recall[index]),
                "f1": _number(scores.f1[index]),
                "f1_interval": limits[2 + index],
                "support": int(scores.support[index]),
            }
            for index, name in enumerate(table.task.label_names)
        },
        "ece": expected_calibration_error(bins),
        "calibration": [one._asdict() for one in bins if one is not None],
        "coverage_at_95_precision": coverage_at_precision(table, WANTED_PRECISION),
        "not_found": len(table.missed),
        "by_length": _by_group(table, groups.by_length, resamples, seed),
        "by_column": {
            column: _by_group(table, members, resamples, seed) for column, members in groups.by_column.items()
        },
        "confusion_matrix": confusion_matrix(table),
    }


def _by_group(table: AnswerTable, groups: Members, resamples: int, seed: int) -> dict[str, Any]:
    found = {}
    for name, members in groups.items():
        part = table.only(members)
        if part.answers:
            counts = article_counts(part)
            found[name] = _overall(part, scores_of(counts.sum(axis=0)), _intervals(counts, resamples, seed))
    return found


def _overall(table: AnswerTable, scores: Scores, limits: Sequence[list[float] | None]) -> dict[str, Any]:
    return {
        "answers": len(table.answers),
        "articles": len(table.articles),
        "accuracy": float(scores.accuracy),
        "accuracy_interval": limits[0],
        "macro_f1": _number(scores.macro_f1),
        "macro_f1_interval": limits[1],
    }


def _intervals(counts: FloatArray, resamples: int, seed: int) -> list[list[float] | None]:
    limits = intervals(counts, resamples, seed).tolist()
    return [None if math.isnan(low) else [low, high] for low, high in limits]


def _number(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)


def confusion_matrix(table: AnswerTable) -> dict[str, Any] | None:
    """Counts answers by gold label and predicted label; None in a task with several answers."""
    if table.task.problem == "multi_label":
        return None
    labels = table.task.label_names
    counts = np.zeros((len(labels), len(labels) + 1), dtype=np.int64)
    for answer in table.answers:
        column = table.task.index(answer.predicted[0]) if answer.given else len(labels)
        counts[table.task.index(answer.reference[0]), column] += 1
    predicted = [*labels, *([None] if table.missed else [])]
    return {"gold": list(labels), "predicted": predicted, "counts": counts[:, : len(predicted)].tolist()}
