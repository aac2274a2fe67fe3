"""The files that documents come from: what they are called, how they are opened, and lists of millions of them."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from wasit.models.remote_files import open_remote
from wasit.models.urls import file_name, is_url

TEXT_ENDING = ".txt"
JSON_LINES_ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
CSV_ENDING = ".csv"
PARQUET_ENDING = ".parquet"
HTML_ENDINGS = (".html", ".htm")
ARCHIVE_ENDINGS = (".warc", ".warc.gz")
ENDINGS = (TEXT_ENDING, *HTML_ENDINGS, *JSON_LINES_ENDINGS, CSV_ENDING, PARQUET_ENDING, *ARCHIVE_ENDINGS)

_BATCH_FILES = 4096
# Paths on a disk may be any bytes.
_SCHEMA = pa.schema(
    {
        "path": pa.binary(),
        "name": pa.string(),
        "size": pa.int64(),
        "modified": pa.int64(),
        "content": pa.large_binary(),
    }
)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes:
        path: Where it is, on a disk or as a URL.
        name: What its documents are called by.
        size: Bytes.
        modified: Nanoseconds since 1970, or another number that is another one when the content is.
        content: What it holds, if that is known already: of the standard input, which can be read once only.
    """

    path: str
    name: str
    size: int = 0
    modified: int = 0
    content: bytes | None = None

    @property
    def ending(self) -> str:
        """Which of ``ENDINGS`` it has; what is known already is text."""
        return TEXT_ENDING if self.content is not None else known_ending(self.path) or ""

    @property
    def is_remote(self) -> bool:
        """Whether it is behind a URL."""
        return is_url(self.path)

    def row_name(self, number: int) -> str:
        """What a row is called that has no id, counted from 1."""
        return f"{self.name}:{number}"

    def open(self) -> IO[bytes]:
        """Opens it to be read; a remote file raises what its store raises."""
        if self.content is not None:
            return io.BytesIO(self.content)
        if self.is_remote:
            return open_remote(self.path)
        return Path(self.path).open("rb")


class InputFiles:
    """A list of files that takes little memory, since there may be millions.

    Attributes:
        size: Bytes of all.
    """

    def __init__(self) -> None:
        """Begins without any."""
        self._batches: list[pa.RecordBatch] = []
        self._rest: list[InputFile] = []
        self.size = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._batches) * _BATCH_FILES + len(self._rest)

    def __iter__(self) -> Iterator[InputFile]:
        """Yields them in the order in which they came."""
        for batch in self._batches:
            for path, *values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield InputFile(os.fsdecode(path), *values)
        yield from self._rest

    def append(self, file: InputFile) -> None:
        """Adds one."""
        self._rest.append(file)
        self.size += file.size
        if len(self._rest) == _BATCH_FILES:
            columns = [[getattr(one, name) for one in self._rest] for name in _SCHEMA.names]
            columns[0] = [os.fsencode(path) for path in columns[0]]
            self._batches.append(pa.record_batch(columns, schema=_SCHEMA))
            self._rest = []


def known_ending(path: str) -> str | None:
    """The ending of a file that can be read, or None."""
    # A link to a file may carry a signature behind it.
    name = (file_name(path) if path.startswith(("http://", "https://")) else path).lower()
    return next((ending for ending in ENDINGS if name.endswith(ending)), None)
