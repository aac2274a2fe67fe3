"""Cuts the documents of all sources into chunks, always in the same places."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from wasit.inference.documents import Document, Item, WebPage
from wasit.inference.sources import Sources

CHUNK_DOCUMENTS = 2_000
"""Documents of a chunk, where the user does not say otherwise."""

CHUNK_CHARACTERS = 8_000_000
"""A chunk with so many characters has no more documents."""

# Most of a web page is not text.
_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True)
class Chunk:
    """Documents that are worked on together and give one part of the output.

    Attributes:
        number: Of the chunk, from 0; the same whenever the same sources are cut.
        items: Documents, or the reasons why there are none, in the order of the sources.
    """

    number: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class ChunkReader:
    """Reads the chunks that are still to be done.

    Attributes:
        sources: What is read.
        limit: How many documents at most; None for all.
        size: Documents of a chunk.
        done: Numbers of the chunks to read past.
    """

    sources: Sources
    limit: int | None = None
    size: int = CHUNK_DOCUMENTS
    done: Collection[int] = ()

    def __iter__(self) -> Iterator[Chunk]:
        """Yields chunk after chunk."""
        for number, items in enumerate(cut(islice(self.sources.read(), self.limit), self.size)):
            if number not in self.done:
                yield Chunk(number, items)


def cut(items: Iterable[Item], size: int = CHUNK_DOCUMENTS) -> Iterator[tuple[Item, ...]]:
    """Cuts a stream into pieces that fit into memory.

    Args:
        items: The stream.
        size: Items of a piece; it has fewer if their texts are long.
    """
    piece: list[Item] = []
    characters = 0
    for item in items:
        piece.append(item)
        characters += _characters(item)
        if len(piece) >= size or characters >= CHUNK_CHARACTERS:
            yield tuple(piece)
            piece, characters = [], 0
    if piece:
        yield tuple(piece)


def _characters(item: Item) -> int:
    if isinstance(item, WebPage):
        return len(item.data) // _BYTES_PER_CHARACTER
    return len(item.text) if isinstance(item, Document) else 0
