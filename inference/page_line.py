"""One line of a page and the kinds that there are."""

import enum
from typing import NamedTuple


class Kind(enum.Enum):
    """What a line is."""

    TEXT = enum.auto()
    FURNITURE = enum.auto()
    CLOSING = enum.auto()
    AD = enum.auto()
    CLOSING_AD = enum.auto()
    SECTION = enum.auto()
    SECTION_ON_TOP = enum.auto()
    CAPTION = enum.auto()
    DATE = enum.auto()
    OTHER_DATE = enum.auto()
    BARE_DATE = enum.auto()
    SOURCE = enum.auto()
    TAGS = enum.auto()
    BYLINE = enum.auto()
    DATELINE = enum.auto()
    READ_ALSO = enum.auto()
    RELATED = enum.auto()


class Line(NamedTuple):
    """One line of a page, or a part of one.

    Attributes:
        kind: What it is.
        start: Where it begins in the document, in characters, without the space around it.
        end: Where it ends.
        folded: Its folded text, without bullets.
        rest_start: For a labelled line, where its value begins in the document; ``end`` if it has none.
        rest: The folded value.
        date: The day that it states.
        appending: It is a "read also" that rather begins a further article.
        bullet: A bullet, an arrow or a dash stands before it.
    """

    kind: Kind
    start: int
    end: int
    folded: str
    rest_start: int = 0
    rest: str = ""
    date: str | None = None
    appending: bool = False
    bullet: bool = False

    @property
    def words(self) -> int:
        """How many words it has, about."""
        return self.folded.count(" ") + 1
