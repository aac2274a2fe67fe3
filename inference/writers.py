"""Writes the rows of a chunk, in a worker process."""

import enum
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.account import ChunkCounts
from wasit.inference.documents import Rejection
from wasit.inference.file_names import JOURNAL_FOLDER
from wasit.inference.journal import Entry, Journal
from wasit.inference.store import Store

COMPRESSION = "zstd"

_PART = re.compile(r"part-(\d{5,})\.(?:parquet|jsonl\.zst)")


class PartForm(enum.Enum):
    """What a part is; the value is the ending of its name."""

    PARQUET = ".parquet"
    JSON_LINES = ".jsonl.zst"


@dataclass(frozen=True)
class Receipt:
    """Says that a chunk is written.

    Attributes:
        number: Of the chunk.
        counts: What became of its documents.
        lines: Its rows as JSON lines, where they go to the standard output.
        rejections: Those of its documents that gave no rows, where they go to the standard error stream.
    """

    number: int
    counts: ChunkCounts
    lines: bytes = b""
    rejections: tuple[Rejection, ...] = ()


class Writer(Protocol):
    """Takes the rows of chunks, in any order and in any process."""

    def write(self, number: int, rows: pa.Table, rejections: Sequence[Rejection], counts: ChunkCounts) -> Receipt:
        """Writes a chunk.

        Args:
            number: Of the chunk, from 0.
            rows: Its rows, with the columns of the output.
            rejections: Those of its documents that gave no rows.
            counts: What became of its documents.

        Raises:
            InputError: If it cannot be written.
        """


@dataclass(frozen=True)
class PartWriter:
    """Writes a chunk as a file of a folder, and then its entry in the journal of that folder.

    Attributes:
        store: The folder.
        form: What the file is.
    """

    store: Store
    form: PartForm

    def write(self, number: int, rows: pa.Table, rejections: Sequence[Rejection], counts: ChunkCounts) -> Receipt:
        """Writes a chunk; see ``Writer.write``."""
        data = _parquet(rows) if self.form is PartForm.PARQUET else _compressed(_row_lines(rows))
        self.store.put(part_name(number, self.form), data)
        journal = Journal(self.store.folder(JOURNAL_FOLDER))
        journal.add(Entry(number, len(data), counts, tuple(rejections)))
        return Receipt(number, counts)


@dataclass(frozen=True)
class LineWriter:
    """Makes JSON lines of a chunk, for the main process to print."""

    def write(self, number: int, rows: pa.Table, rejections: Sequence[Rejection], counts: ChunkCounts) -> Receipt:
        """Makes lines; see ``Writer.write``."""
        return Receipt(number, counts, b"".join(_row_lines(rows)), tuple(rejections))


def part_name(number: int, form: PartForm) -> str:
    """What the part of a chunk is called."""
    return f"part-{number:05}{form.value}"


def is_part(name: str) -> bool:
    """Whether a file is called as a part is."""
    return _PART.fullmatch(name) is not None


def rejection_lines(rejections: Sequence[Rejection]) -> bytes:
    """Rejections as JSON lines."""
    return b"".join(_json_line({"id": one.id, "reason": one.reason}) for one in rejections)


def _row_lines(rows: pa.Table) -> Iterator[bytes]:
    return map(_json_line, rows.to_pylist())


def _json_line(values: Mapping[str, Any]) -> bytes:
    # Half a character, which a text out of JSON can hold, is written as JSON writes it.
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _parquet(rows: pa.Table) -> bytes:
    buffer = pa.BufferOutputStream()
    # One group of rows, however many there are.
    pq.write_table(rows, buffer, compression=COMPRESSION, row_group_size=max(1, rows.num_rows))
    data: bytes = buffer.getvalue().to_pybytes()
    return data


def _compressed(lines: Iterable[bytes]) -> bytes:
    buffer = pa.BufferOutputStream()
    with pa.CompressedOutputStream(buffer, COMPRESSION) as stream:
        stream.write(b"".join(lines))
    data: bytes = buffer.getvalue().to_pybytes()
    return data
