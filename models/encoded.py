"""Many encoded articles as flat arrays, which travel between processes and into batches without Python loops."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasit.models.encoding import EncodedArticle, IntArray

Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EncodedArticles:
    """Articles one behind the other.

    A pair is one mediator in one article; pairs are counted article by article, in order of first mention.

    Attributes:
        input_ids: Token ids of all windows; (tokens of all windows,).
        window_tokens: Tokens of each window; (windows,).
        window_article: Article of each window; (windows,).
        marker_place: Where each marker stands in ``input_ids``; (mentions,).
        marker_window: Window of each marker; (mentions,).
        marker_pair: Pair of each mention; (mentions,).
        pair_article: Article of each pair; (pairs,).
        pair_mediators: Id of each pair's mediator.
        count: Number of articles.
    """

    input_ids: IntArray
    window_tokens: IntArray
    window_article: IntArray
    marker_place: Indexes
    marker_window: IntArray
    marker_pair: IntArray
    pair_article: IntArray
    pair_mediators: tuple[str, ...]
    count: int

    @classmethod
    def join(cls, articles: Sequence[EncodedArticle]) -> "EncodedArticles":
        """Puts articles one behind the other."""
        window_tokens = _joined([article.window_lengths for article in articles])
        windows_of = [len(article.window_lengths) for article in articles]
        starts = np.cumsum([0, *(len(article.input_ids) for article in articles)])
        marker_place = _joined(
            [article.marker_positions + start for article, start in zip(articles, starts, strict=False)]
        ).astype(np.int64)
        marker_pair, pair_article, mediators = _pairs(articles)
        return cls(
            input_ids=_joined([article.input_ids for article in articles]),
            window_tokens=window_tokens,
            window_article=np.repeat(np.arange(len(articles), dtype=np.int32), windows_of),
            marker_place=marker_place,
            marker_window=np.searchsorted(np.cumsum(window_tokens), marker_place, side="right").astype(np.int32),
            marker_pair=np.array(marker_pair, dtype=np.int32),
            pair_article=np.array(pair_article, dtype=np.int32),
            pair_mediators=tuple(mediators),
            count=len(articles),
        )

    @property
    def article_tokens(self) -> Indexes:
        """Tokens of all windows of each article; (articles,)."""
        tokens: Indexes = np.bincount(self.window_article, self.window_tokens, self.count).astype(np.int64)
        return tokens


def _joined(arrays: Sequence[IntArray]) -> IntArray:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int32)


def _pairs(articles: Sequence[EncodedArticle]) -> tuple[list[int], list[int], list[str]]:
    numbers: dict[tuple[int, str], int] = {}
    marker_pair = [
        numbers.setdefault((index, mention.mediator), len(numbers))
        for index, article in enumerate(articles)
        for mention in article.mentions
    ]
    return marker_pair, [index for index, _ in numbers], [mediator for _, mediator in numbers]
