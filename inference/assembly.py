"""Puts the files of a finished run together from what its chunks left, one chunk at a time in memory."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.journal import Journal
from wasit.inference.store import Store
from wasit.inference.writers import COMPRESSION, PartForm, part_name, rejection_lines
from wasit.models.errors import InputError

_Rows = TypeVar("_Rows")


def write_rows(parts: Store, numbers: Sequence[int], form: PartForm, schema: pa.Schema, stream: IO[bytes]) -> None:
    """Writes the rows of all parts as one file; of a Parquet file each chunk is a row group.

    Args:
        parts: Where the parts are.
        numbers: Of the chunks, in order.
        form: What the parts are, and the file.
        schema: The columns.
        stream: The file.

    Raises:
        InputError: If a part cannot be read.
    """
    names = [part_name(number, form) for number in numbers]
    if form is PartForm.JSON_LINES:
        stream.writelines(_read(parts, names, _lines))
        return
    with pq.ParquetWriter(stream, schema, compression=COMPRESSION) as writer:
        for rows in _read(parts, names, _table):
            if rows.num_rows:
                writer.write_table(rows, row_group_size=rows.num_rows)


def write_rejections(journal: Journal, stream: IO[bytes]) -> None:
    """Writes the rejections of all chunks as JSON lines.

    Raises:
        InputError: If the journal cannot be read.
    """
    for entry in journal.entries():
        stream.write(rejection_lines(entry.rejections))


def _read(parts: Store, names: Sequence[str], decode: Callable[[bytes], _Rows]) -> Iterator[_Rows]:
    for name, data in zip(names, parts.read(names), strict=True):
        try:
            rows = decode(data)
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"--output: {parts.place(name)} is damaged, remove it and give the same command again: {error}"
            ) from error
        yield rows


def _table(data: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(data))


def _lines(data: bytes) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(data), COMPRESSION) as stream:
        lines: bytes = stream.read()
    return lines
