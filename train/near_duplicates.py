"""Articles that share much of their wording, found by the runs of five words that they have in common.

What counts is the share of the shorter text's runs that the other text has too: a headline with its lead is found
in the full article. The runs of all articles are one sparse matrix, and its product with itself counts what two
articles share: memory grows with the words that are read, not with the pairs of articles.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse
from sklearn.feature_extraction.text import HashingVectorizer

from wasit.models.folding import BREAK, WORD_END, WORD_START, fold

RUN_WORDS = 5
LEAST_SHARE = 0.4
# A run that so many articles have is a signature or a call to subscribe: it says nothing of two of them.
MOST_ARTICLES = 1_000

_TEXTS_TOGETHER = 512
_PRODUCTS_TOGETHER = 10_000_000

Integers = npt.NDArray[np.int64]


class Overlap(NamedTuple):
    """An article and the earlier one that it shares most with.

    Attributes:
        article: Number of the article.
        other: Number of the earlier article.
        share: Share of the shorter one's runs that both have, from ``LEAST_SHARE`` to 1.
    """

    article: int
    other: int
    share: float


def folded_words(text: str) -> str:
    """The words of a text in one spelling, with a space between them and nothing else."""
    words = fold(text).text.replace(WORD_START, "").replace(WORD_END, " ").replace(BREAK, " ")
    return " ".join(words.split())


class WordRuns:
    """The runs of words of many articles. Texts are not kept."""

    def __init__(self) -> None:
        """Begins with no article."""
        # The largest number of columns there is: two runs hardly ever meet in one.
        self._vectorizer = HashingVectorizer(
            token_pattern=r"\S+",
            lowercase=False,
            ngram_range=(RUN_WORDS, RUN_WORDS),
            n_features=2**31 - 1,
            alternate_sign=False,
            norm=None,
            binary=True,
            dtype=np.float32,
        )
        self._waiting: list[str] = []
        self._runs: list[npt.NDArray[np.int32]] = []
        self._counts: list[Integers] = []

    def add(self, words: str) -> None:
        """Adds the next article.

        Args:
            words: As ``folded_words`` gives them.
        """
        self._waiting.append(words)
        if len(self._waiting) >= _TEXTS_TOGETHER:
            self._count_waiting()

    def overlaps(
        self, groups: Sequence[int], progress: Callable[[int], object] = lambda articles: None
    ) -> Iterator[Overlap]:
        """Finds, for every article and every group, the earlier article of the group that it shares most with.

        Args:
            groups: A number for each article, in the order in which they were added.
            progress: Is told after each step how many articles were compared.

        Yields:
            In the order of the articles, those that share at least ``LEAST_SHARE`` with an earlier one.
        """
        self._count_waiting()
        if not groups:
            return
        counts, runs = np.concatenate(self._counts), np.concatenate(self._runs)
        matrix, costs = _shared_runs(counts, runs)
        others = matrix.T.tocsr()
        for start, stop in _steps(costs):
            products = (matrix[start:stop] @ others).tocoo()
            yield from _best(products, start, counts, np.asarray(groups))
            progress(stop - start)

    def _count_waiting(self) -> None:
        if self._waiting:
            matrix = self._vectorizer.transform(self._waiting)
            self._runs.append(matrix.indices)
            self._counts.append(np.diff(matrix.indptr).astype(np.int64))
            self._waiting.clear()


def _shared_runs(counts: Integers, runs: npt.NDArray[np.int32]) -> tuple[scipy.sparse.csr_array, Integers]:
    """Keeps the runs that more than one article has, and not too many.

    Args:
        counts: Runs of each article, (articles,).
        runs: The runs of all articles, one after another, (sum of counts,).

    Returns:
        A matrix of ones, (articles, kept runs), and for each article how many products it costs to compare it.
    """
    _, columns, frequencies = np.unique(runs, return_inverse=True, return_counts=True)
    frequency = frequencies[columns]
    kept = (frequency > 1) & (frequency <= MOST_ARTICLES)
    rows = np.repeat(np.arange(len(counts)), counts)[kept]
    ones = np.ones(len(rows), dtype=np.int32)
    matrix = scipy.sparse.csr_array((ones, (rows, columns[kept])), shape=(len(counts), len(frequencies)))
    costs = np.bincount(rows, weights=frequency[kept], minlength=len(counts)).astype(np.int64)
    return matrix, costs


def _steps(costs: Integers) -> Iterator[tuple[int, int]]:
    """Cuts the articles into steps of about the same cost, at least one article each."""
    total = np.cumsum(costs)
    start = 0
    while start < len(costs):
        before = total[start - 1] if start else 0
        stop = int(np.searchsorted(total, before + _PRODUCTS_TOGETHER, side="right"))
        stop = max(stop, start + 1)
        yield start, stop
        start = stop


def _best(products: scipy.sparse.coo_array, start: int, counts: Integers, groups: Integers) -> Iterator[Overlap]:
    articles, others = products.row.astype(np.int64) + start, products.col.astype(np.int64)
    shares = products.data / np.minimum(counts[articles], counts[others])
    is_found = (others < articles) & (shares >= LEAST_SHARE)
    articles, others, shares = articles[is_found], others[is_found], shares[is_found]
    # The best of each group first, then the others of it, which are passed over.
    order = np.lexsort((others, -shares, groups[others], articles))
    last = None
    for index in order:
        article, other = int(articles[index]), int(others[index])
        if (article, groups[other]) != last:
            yield Overlap(article, other, float(shares[index]))
        last = (article, groups[other])
