"""One news article, cut out of the document that it stood in."""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

HASH_DIGITS = 16


@dataclass(frozen=True)
class Article:
    """An article and where its text stands in its document.

    Attributes:
        text: The spans of the document, joined by a newline.
        spans: Start and end of each piece of the text, in characters of the document, in reading order.
        title: The headline, if the page has one.
        date: Publication date as ISO 8601, if the page states one for this very article.
        source: Where the page says that the article comes from.
        byline: Who wrote it, if the page has a line that says so.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    title: str | None = None
    date: str | None = None
    source: str | None = None
    byline: str | None = None

    @classmethod
    def of_document(cls, document: str) -> "Article":
        """Takes a whole document as one article, with nothing dropped and nothing known about it."""
        return cls(text=document, spans=((0, len(document)),))

    @cached_property
    def _span_starts(self) -> list[int]:
        lengths = (end - start + 1 for start, end in self.spans[:-1])
        return list(accumulate(lengths, initial=0))

    def to_document(self, offset: int) -> int:
        """Maps an offset into ``text`` to the offset of the same character in the document.

        Args:
            offset: Characters from the start of ``text``, from 0 to ``len(text)``.

        Raises:
            IndexError: If the offset lies outside the text.
        """
        if not 0 <= offset <= len(self.text):
            raise IndexError(f"offset {offset} is outside an article of {len(self.text)} characters")
        index = bisect_right(self._span_starts, offset) - 1
        return self.spans[index][0] + offset - self._span_starts[index]

    @property
    def start(self) -> int:
        """Where the article begins in its document, in characters."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """Where the article ends in its document, in characters."""
        return self.spans[-1][1]

    @property
    def content_hash(self) -> str:
        """The same for the same words, however they are spaced: distinct articles can be counted by it."""
        words = " ".join(self.text.split())
        return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_DIGITS]
