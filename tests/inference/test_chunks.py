"""Documents are cut into chunks that fit into memory, and none is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.inference import chunks
from wasit.inference.chunks import CHUNK_DOCUMENTS, ChunkReader, cut
from wasit.inference.documents import Document, Rejection
from wasit.inference.sources import Sources


def test_chunks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_CHARACTERS", 10)
    items = [Document("a", "x" * 4), Rejection("b", "r"), Document("c", "x" * 6), Document("d", "x" * 50)]
    items += [Document(str(index), "") for index in range(4)]
    pieces = list(cut(items, 3))
    assert [len(piece) for piece in pieces] == [3, 1, 3, 1]
    assert [item for piece in pieces for item in piece] == items


@given(st.lists(st.integers(0, 5_000_000), max_size=30), st.integers(1, 8))
def test_chunks_lose_nothing(lengths: list[int], size: int) -> None:
    class Long(str):
        def __len__(self) -> int:
            return int(str(self))

    items = [Document(str(index), Long(length)) for index, length in enumerate(lengths)]
    assert [item for piece in cut(items, size) for item in piece] == items


def test_a_stream_is_not_read_ahead() -> None:
    def endless() -> Iterator[Document]:
        while True:
            yield Document("a", "نص")

    assert len(next(cut(endless()))) == CHUNK_DOCUMENTS


def test_chunks_that_are_done_are_read_past(page_folder: Path) -> None:
    sources = Sources.find([str(page_folder)])
    every = list(ChunkReader(sources, size=1))
    assert [chunk.number for chunk in every] == [0, 1, 2]
    assert list(ChunkReader(sources, size=1, done={0, 2})) == [every[1]]
    assert list(ChunkReader(sources, limit=2, size=1)) == every[:2]
