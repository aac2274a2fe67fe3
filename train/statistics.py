"""Scores of tables of answers, and how far to trust them: counts, F1, bootstrap.

Articles are resampled, not answers, because the mediators of an article are not independent of each other. All
scores of a table follow from a few counts of each article, so that a resample is a weighted sum of these counts.
"""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from wasit.train.answers import AnswerTable

FloatArray = npt.NDArray[np.float64]

CONFIDENCE = 0.95
"""Share of the resamples that an interval holds."""

_LARGEST_BATCH = 2_000_000
_UNKNOWN = (np.nan, np.nan, np.nan)
_ANSWERS, _RIGHT, _FIRST_LABEL = 0, 1, 2


class Scores(NamedTuple):
    """Scores that follow from counts; each of shape (...) or (..., labels).

    Attributes:
        accuracy: Share of the answers that are right.
        macro_f1: Mean F1 of the labels that occur in gold; NaN if none does.
        precision: By label; 0 where it was never answered.
        recall: By label; 0 where it does not occur.
        f1: By label; NaN where it does not occur in gold.
        support: By label, how often it occurs in gold.
    """

    accuracy: FloatArray
    macro_f1: FloatArray
    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    support: FloatArray


def article_counts(table: AnswerTable) -> FloatArray:
    """Counts what all scores follow from.

    Returns:
        (articles, 2 + 3 · labels): for each article of the table its answers and the right ones among them, then
        how often each label was rightly given, wrongly given and missed.
    """
    rows = {article: row for row, article in enumerate(table.articles)}
    labels = len(table.task.labels)
    counts = np.zeros((len(rows), _FIRST_LABEL + 3 * labels))
    rightly, wrongly, missed = (_FIRST_LABEL + part * labels for part in range(3))
    for answer in table.answers:
        row = counts[rows[answer.article]]
        row[_ANSWERS] += 1
        row[_RIGHT] += answer.is_right
        reference, predicted = set(answer.reference), set(answer.predicted)
        for start, names in (
            (rightly, reference & predicted),
            (wrongly, predicted - reference),
            (missed, reference - predicted),
        ):
            for name in names:
                row[start + table.task.index(name)] += 1
    return counts


def scores_of(counts: FloatArray) -> Scores:
    """Computes scores from counts summed over articles.

    Args:
        counts: (..., 2 + 3 · labels), as :func:`article_counts` lays them out.
    """
    rightly, wrongly, missed = np.split(counts[..., _FIRST_LABEL:], 3, axis=-1)
    support = rightly + missed
    occurs = support > 0
    f1 = _ratio(2 * rightly, 2 * rightly + wrongly + missed)
    return Scores(
        accuracy=_ratio(counts[..., _RIGHT], counts[..., _ANSWERS]),
        macro_f1=_ratio((f1 * occurs).sum(axis=-1), occurs.sum(axis=-1), otherwise=np.nan),
        precision=_ratio(rightly, rightly + wrongly),
        recall=_ratio(rightly, support),
        f1=np.where(occurs, f1, np.nan),
        support=support,
    )


def _ratio(part: FloatArray, whole: FloatArray, otherwise: float = 0.0) -> FloatArray:
    result: FloatArray = np.divide(part, whole, out=np.full(np.shape(whole), otherwise), where=whole > 0)
    return result


def intervals(counts: FloatArray, resamples: int, seed: int) -> FloatArray:
    """Percentile bootstrap intervals (Efron and Tibshirani 1993) of accuracy, macro-F1 and the F1 of each label.

    Args:
        counts: As from :func:`article_counts`.
        resamples: How often articles are drawn.
        seed: The same seed gives the same intervals.

    Returns:
        (2 + labels, 2): low and high. Resamples in which a label does not occur say nothing of it; where no
        resample says anything, and for fewer than two articles, the interval is NaN.
    """
    statistic_count = 2 + (counts.shape[1] - _FIRST_LABEL) // 3
    if len(counts) < 2:
        return np.full((statistic_count, 2), np.nan)
    return _middle(_resampled(_all_scores, counts, resamples, seed))


class Difference(NamedTuple):
    """One score of a model less that of another.

    Attributes:
        difference: Above 0, the model is better.
        low: Lower end of the interval of the difference; NaN for fewer than two articles, as the next.
        high: Upper end.
        other_is_better: Share of the resamples in which the other has the higher score.
    """

    difference: float
    low: float
    high: float
    other_is_better: float


def paired_differences(
    model: AnswerTable, other: AnswerTable, resamples: int, seed: int
) -> tuple[Difference, Difference]:
    """Compares two that answered the same gold, by a paired bootstrap (Koehn 2004) over articles.

    Returns:
        The differences of accuracy and of macro-F1.
    """
    ours = article_counts(model)
    counts = np.concatenate([ours, article_counts(other)], axis=1)

    def difference(sums: FloatArray) -> FloatArray:
        first, second = np.split(sums, 2, axis=-1)
        return _all_scores(first)[..., :2] - _all_scores(second)[..., :2]

    observed = difference(counts.sum(axis=0))
    if len(counts) < 2:
        return Difference(float(observed[0]), *_UNKNOWN), Difference(float(observed[1]), *_UNKNOWN)
    resampled = _resampled(difference, counts, resamples, seed)
    shares = (resampled < 0).mean(axis=-1)
    accuracy, macro_f1 = (
        Difference(float(value), float(low), float(high), float(share))
        for value, (low, high), share in zip(observed, _middle(resampled), shares, strict=True)
    )
    return accuracy, macro_f1


def _all_scores(sums: FloatArray) -> FloatArray:
    scores = scores_of(sums)
    return np.concatenate([scores.accuracy[..., None], scores.macro_f1[..., None], scores.f1], axis=-1)


def _resampled(
    statistic: Callable[[FloatArray], FloatArray], counts: FloatArray, resamples: int, seed: int
) -> FloatArray:
    """The values of a statistic of summed counts in each resample of the articles; (statistics, resamples)."""
    articles = len(counts)

    def of_indexes(indexes: npt.NDArray[np.int64], axis: int) -> FloatArray:
        drawn = indexes.reshape(-1, articles)
        # How often each article was drawn: its weight in the sum.
        places = drawn + articles * np.arange(len(drawn))[:, None]
        weights = np.bincount(places.ravel(), minlength=drawn.size).reshape(drawn.shape)
        return statistic(weights @ counts).T

    with warnings.catch_warnings():
        # Only the distribution is used: scipy's own interval is NaN where one resample lacks a label.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        result = stats.bootstrap(
            (np.arange(articles),),
            of_indexes,
            n_resamples=resamples,
            batch=max(1, _LARGEST_BATCH // articles),
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
    distribution: FloatArray = result.bootstrap_distribution
    return distribution


def _middle(distribution: FloatArray) -> FloatArray:
    tail = (1 - CONFIDENCE) / 2
    limits = np.full((len(distribution), 2), np.nan)
    for row, values in enumerate(distribution):
        known = values[~np.isnan(values)]
        if known.size:
            limits[row] = np.quantile(known, [tail, 1 - tail])
    return limits
