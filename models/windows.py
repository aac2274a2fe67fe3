"""Cuts articles into the windows that the encoder reads, all articles at once."""

from dataclasses import dataclass

import numpy as np

from wasit.models.encoded import Indexes, IntArray


@dataclass(frozen=True)
class Windows:
    """Windows over the tokens of articles that stand one behind the other.

    Every token is in a window, neighbours share at least the overlap, and the last window of an article is as long
    as the others, so that its end is read with a full context. An article of no tokens has one empty window.

    Attributes:
        size: Tokens of a window at most.
        step: From the start of a window to that of the next, except the last.
        first: The first window of each article; (articles,).
        article: Article of each window; (windows,).
        start: Where each starts in its article; (windows,).
        tokens: Tokens of each; (windows,).
    """

    size: int
    step: int
    first: Indexes
    article: Indexes
    start: Indexes
    tokens: Indexes

    @classmethod
    def over(cls, tokens: Indexes, size: int, overlap: int) -> "Windows":
        """Places windows.

        Args:
            tokens: Tokens of each article; (articles,).
            size: Tokens of a window.
            overlap: Tokens that neighbours share at least.
        """
        step = size - overlap
        last_start = np.maximum(tokens - size, 0)
        counts = 1 + -(-last_start // step)
        first = np.cumsum(counts) - counts
        article = np.repeat(np.arange(len(tokens)), counts)
        start = np.minimum((np.arange(len(article)) - first[article]) * step, last_start[article])
        return cls(size, step, first, article, start, np.minimum(tokens[article] - start, size))

    def best(self, article: Indexes, position: Indexes) -> Indexes:
        """The window in which the nearer edge is farthest away from a token, of two such the first.

        Args:
            article: Its article; (tokens,).
            position: Its place there; (tokens,).
        """
        last = np.append(self.first[1:], len(self.article))[article] - 1
        # Windows of an article are equally long: the one is meant whose middle is nearest.
        wanted = 2 * position - (self.tokens[last] - 1)
        left = np.clip(self.first[article] + wanted // (2 * self.step), self.first[article], last)
        right = np.minimum(left + 1, last)
        is_right = np.abs(wanted - 2 * self.start[right]) < np.abs(wanted - 2 * self.start[left])
        best: Indexes = np.where(is_right, right, left)
        return best

    def lay_out(self, content: IntArray, article_start: Indexes, first: int, last: int) -> IntArray:
        """Writes the windows one behind the other, each between two special tokens.

        Args:
            content: Tokens of all articles.
            article_start: Where each article starts there.
            first: The special token before a window.
            last: The special token behind it.
        """
        ends = np.cumsum(self.tokens + 2)
        starts = ends - self.tokens - 2
        laid = np.empty(int(self.tokens.sum()) + 2 * len(self.tokens), dtype=np.int32)
        is_content = np.ones(len(laid), dtype=np.bool_)
        is_content[starts] = is_content[ends - 1] = False
        laid[starts], laid[ends - 1] = first, last
        shift = article_start[self.article] + self.start - np.cumsum(self.tokens) + self.tokens
        laid[is_content] = content[np.repeat(shift, self.tokens) + np.arange(int(self.tokens.sum()))]
        return laid
