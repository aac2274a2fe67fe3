"""What the engine's processes hold besides the cores: a reader, and workers that encode and write.

They hand over blocks of bytes that the coordinating process need not open.
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass

from wasit.inference.chunks import Chunk, ChunkReader
from wasit.inference.stages import ChunkTexts, Settings, Stages
from wasit.inference.writers import Receipt, Writer
from wasit.models.encoded import EncodedArticles
from wasit.models.prediction import Logits
from wasit.models.text_side import TextSide


@dataclass(frozen=True)
class ClosedChunk:
    """A chunk on its way.

    Attributes:
        documents: How many it has.
        data: The chunk.
    """

    documents: int
    data: bytes


class Reading:
    """Reads chunk after chunk.

    Args:
        reader: What to read.
    """

    def __init__(self, reader: ChunkReader) -> None:
        """Opens nothing yet."""
        self._chunks: Iterator[Chunk] = iter(reader)

    def next(self) -> ClosedChunk | None:
        """The next chunk, or None behind the last."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return None
        return ClosedChunk(len(chunk.items), pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL))


class Worker:
    """Encodes chunks, and writes them when the network has answered.

    Args:
        side: The model without its network.
        settings: How documents are classified.
    """

    def __init__(self, side: TextSide, settings: Settings) -> None:
        """Makes the stages."""
        self._stages = Stages.of(side, settings)

    def encode(self, closed: ClosedChunk) -> tuple[EncodedArticles, bytes]:
        """Gives what the core needs, and what writing needs."""
        encoded = self._stages.encode(pickle.loads(closed.data))
        return encoded.articles, pickle.dumps(encoded.texts, pickle.HIGHEST_PROTOCOL)

    def write(self, texts: bytes, logits: Logits, writer: Writer) -> Receipt:
        """Writes the chunk of these texts."""
        opened: ChunkTexts = pickle.loads(texts)
        return self._stages.write(opened, logits, writer)
