"""Many encoded articles as flat arrays, which travel between processes and into batches without Python loops."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int32]
Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outline:
    """Encoded articles without their tokens: what is needed to read the network's answers.

    Attributes:
        tokens: Tokens of each article, markers included, special tokens not, overlaps counted once; (articles,).
        windows: Windows of each article; (articles,).
        mention_start: Where each mention starts in the text of its article, in characters; (mentions,).
        mention_end: Where it ends; (mentions,).
        mention_pair: Pair of each mention; (mentions,).
        pair_article: Article of each pair, ascending; (pairs,).
        pair_mediator: Mediator of each pair, as its place in ``mediators``; (pairs,).
        mediators: Ids of mediators.
    """

    tokens: IntArray
    windows: IntArray
    mention_start: IntArray
    mention_end: IntArray
    mention_pair: IntArray
    pair_article: IntArray
    pair_mediator: IntArray
    mediators: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of articles."""
        return len(self.tokens)


@dataclass(frozen=True)
class Mentions:
    """Mentions in the texts of articles, article by article, in the order of the text.

    Attributes:
        start: Where each starts in the text of its article, in characters; (mentions,).
        end: Where it ends; (mentions,).
        mediator: Whom it names, as the place in ``mediators``; (mentions,).
        mediators: Ids of mediators.
    """

    start: IntArray
    end: IntArray
    mediator: IntArray
    mediators: tuple[str, ...]


@dataclass(frozen=True)
class EncodedArticles:
    """Articles one behind the other.

    A pair is one mediator in one article; pairs are counted article by article, in order of first mention.

    Attributes:
        input_ids: Token ids of all windows, each with its special tokens; (tokens of all windows,).
        window_tokens: Tokens of each window, special tokens included; (windows,).
        window_article: Article of each window, ascending; (windows,).
        marker_place: Where each marker stands in ``input_ids``; (mentions,). Each mention has exactly one; markers
            that an overlap repeats are not listed.
        marker_window: Window of each marker; (mentions,).
        marker_pair: Pair of each mention; (mentions,).
        pair_article: Article of each pair, ascending; (pairs,).
        pair_mediator: Mediator of each pair, as its place in ``mentions.mediators``; (pairs,).
        mentions: Where the mentions stand in the texts.
        tokens: Tokens of each article, markers included, special tokens not, overlaps counted once; (articles,).
    """

    input_ids: IntArray
    window_tokens: IntArray
    window_article: IntArray
    marker_place: Indexes
    marker_window: IntArray
    marker_pair: IntArray
    pair_article: IntArray
    pair_mediator: IntArray
    mentions: Mentions
    tokens: IntArray

    @classmethod
    def of_windows(
        cls,
        input_ids: IntArray,
        window_tokens: IntArray,
        window_article: IntArray,
        marker_place: Indexes,
        mentions: Mentions,
        tokens: IntArray,
    ) -> "EncodedArticles":
        """Completes what follows from the other arrays; arguments as the attributes of the class."""
        marker_window = np.searchsorted(np.cumsum(window_tokens), marker_place, side="right")
        marker_pair, pair_article, pair_mediator = _pairs(
            window_article[marker_window].astype(np.int64), mentions.mediator
        )
        return cls(
            input_ids=input_ids,
            window_tokens=window_tokens,
            window_article=window_article,
            marker_place=marker_place,
            marker_window=marker_window.astype(np.int32),
            marker_pair=marker_pair,
            pair_article=pair_article,
            pair_mediator=pair_mediator,
            mentions=mentions,
            tokens=tokens,
        )

    @property
    def count(self) -> int:
        """Number of articles."""
        return len(self.tokens)

    @property
    def article_tokens(self) -> Indexes:
        """Tokens of all windows of each article; (articles,)."""
        tokens: Indexes = np.bincount(self.window_article, self.window_tokens, self.count).astype(np.int64)
        return tokens

    @property
    def outline(self) -> Outline:
        """The articles without their tokens."""
        return Outline(
            tokens=self.tokens,
            windows=np.bincount(self.window_article, minlength=self.count).astype(np.int32),
            mention_start=self.mentions.start,
            mention_end=self.mentions.end,
            mention_pair=self.marker_pair,
            pair_article=self.pair_article,
            pair_mediator=self.pair_mediator,
            mediators=self.mentions.mediators,
        )

    def singly(self) -> Iterator["EncodedArticles"]:
        """Yields each article by itself."""
        numbers = np.arange(self.count + 1)
        windows = np.searchsorted(self.window_article, numbers)
        mentions = np.searchsorted(self.window_article[self.marker_window], numbers)
        places = np.concatenate([[0], np.cumsum(self.window_tokens, dtype=np.int64)])[windows]
        for article in range(self.count):
            own_windows = slice(windows[article], windows[article + 1])
            own = slice(mentions[article], mentions[article + 1])
            yield EncodedArticles.of_windows(
                input_ids=self.input_ids[places[article] : places[article + 1]],
                window_tokens=self.window_tokens[own_windows],
                window_article=self.window_article[own_windows] - np.int32(article),
                marker_place=self.marker_place[own] - places[article],
                mentions=Mentions(
                    self.mentions.start[own],
                    self.mentions.end[own],
                    self.mentions.mediator[own],
                    self.mentions.mediators,
                ),
                tokens=self.tokens[article : article + 1],
            )


def _pairs(article: Indexes, mediator: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """The pair of each mention, and article and mediator of each pair."""
    mediators = int(mediator.max(initial=0)) + 1
    _, first, pair = np.unique(article * mediators + mediator, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(first), dtype=np.int32)
    rank[order] = np.arange(len(first), dtype=np.int32)
    own = first[order]
    return rank[pair], article[own].astype(np.int32), mediator[own]
