"""Writes rows where the user wants them. What stands under its final name is whole."""

import enum
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.documents import Rejection
from wasit.inference.records import Record
from wasit.models.errors import InputError

STANDARD_OUTPUT = "-"
REJECTS_FILE = "rejects.jsonl"
RUN_FILE = "run.json"

_PARTS = "part-*.parquet"
# Nobody means a folder by these.
_OTHER_FILES = (".csv", ".tsv", ".json", ".txt", ".xlsx", ".html", ".gz", ".zst", ".zip", ".arrow", ".feather")
_ALLOWED = "a folder, a file ending in .parquet or .jsonl, or -"


class Sink(Protocol):
    """Takes the rows of one chunk after another."""

    def write(self, records: Sequence[Record]) -> None:
        """Writes the rows of a chunk."""


class Kind(enum.Enum):
    """What the output is."""

    FOLDER = enum.auto()
    PARQUET = enum.auto()
    JSON_LINES = enum.auto()
    STANDARD_OUTPUT = enum.auto()


@dataclass(frozen=True)
class Output:
    """Where the results of a run go.

    Attributes:
        kind: What it is.
        path: Folder or file; of no meaning for the standard output.
    """

    kind: Kind
    path: Path

    @classmethod
    def parse(cls, text: str) -> "Output":
        """Tells what the user means.

        Raises:
            InputError: If it is a file that cannot be written.
        """
        path = Path(text)
        if text == STANDARD_OUTPUT:
            return cls(Kind.STANDARD_OUTPUT, path)
        if path.is_dir():
            return cls(Kind.FOLDER, path)
        if path.suffix.lower() == ".parquet":
            return cls(Kind.PARQUET, path)
        if path.suffix.lower() == ".jsonl":
            return cls(Kind.JSON_LINES, path)
        if path.exists() or path.suffix.lower() in _OTHER_FILES:
            raise InputError(f"--output: found {text!r}; allowed: {_ALLOWED}")
        return cls(Kind.FOLDER, path)

    @property
    def rejects_path(self) -> Path | None:
        """Where the rejections go; none for the standard error stream."""
        return self._beside(REJECTS_FILE)

    @property
    def run_path(self) -> Path | None:
        """Where the account of the run goes, if anywhere."""
        return self._beside(RUN_FILE)

    def _beside(self, name: str) -> Path | None:
        if self.kind is Kind.STANDARD_OUTPUT:
            return None
        if self.kind is Kind.FOLDER:
            return self.path / name
        return self.path.with_name(f"{self.path.name}.{name}")

    def owns(self, path: Path) -> bool:
        """Whether a file is, or lies in, what this run writes."""
        if self.kind is Kind.STANDARD_OUTPUT:
            return False
        written = {one.absolute() for one in (self.path, self.rejects_path, self.run_path) if one}
        return not written.isdisjoint((path.absolute(), *path.absolute().parents))

    def check(self, inputs: Sequence[str], overwrite: bool) -> None:
        """Makes sure that nothing is lost by writing.

        Raises:
            InputError: If there is something already and it is not to be overwritten, or if it is the input.
        """
        if self.kind is Kind.STANDARD_OUTPUT:
            return
        for text in inputs:
            if self.owns(Path(text)):
                raise InputError(f"--output: {self.path} holds the input {text}; allowed: another place")
        if not overwrite and _has_content(self.path):
            raise InputError(f"--output: {self.path} is there already; name another, or add --overwrite")

    @contextmanager
    def open(self, schema: pa.Schema) -> Iterator[Sink]:
        """Makes ready to write, and finishes when all is written; what an earlier run left is replaced.

        Args:
            schema: The columns.

        Raises:
            InputError: If nothing can be written there.
        """
        if self.kind is Kind.STANDARD_OUTPUT:
            yield JsonLinesSink(sys.stdout.buffer)
            return
        try:
            self._make_room()
        except OSError as error:
            raise InputError(f"--output: {self.path} cannot be written: {error.strerror}") from error
        if self.kind is Kind.FOLDER:
            yield from _folder_sink(self.path, schema)
            return
        partial = _partial(self.path)
        try:
            with partial.open("wb") as stream:
                yield from _file_sink(self.kind, stream, schema)
            partial.replace(self.path)
        finally:
            partial.unlink(missing_ok=True)

    def _make_room(self) -> None:
        folder = self.path if self.kind is Kind.FOLDER else self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        if self.kind is Kind.FOLDER:
            for part in self.path.glob(_PARTS):
                part.unlink()
        for path in (self.rejects_path, self.run_path):
            if path is not None:
                path.unlink(missing_ok=True)
        _partial(folder / "probe").touch()
        _partial(folder / "probe").unlink()


class PartsSink:
    """Writes each chunk as one Parquet file of a folder.

    Attributes:
        parts: How many are written.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        """Writes nothing yet."""
        self._folder = folder
        self._schema = schema
        self.parts = 0

    def write(self, records: Sequence[Record]) -> None:
        """Writes the next part: it appears under its name when it is whole."""
        path = self._folder / _PARTS.replace("*", f"{self.parts:05}")
        partial = _partial(path)
        pq.write_table(_table(records, self._schema), partial, compression="zstd")
        partial.replace(path)
        self.parts += 1


class ParquetSink:
    """Writes each chunk as one row group of a Parquet file."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        """Takes an open writer."""
        self._writer = writer
        self._schema = schema

    def write(self, records: Sequence[Record]) -> None:
        """Writes the next row group."""
        self._writer.write_table(_table(records, self._schema))


class JsonLinesSink:
    """Writes each row as one line of JSON in UTF-8."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Takes an open stream."""
        self._stream = stream

    def write(self, records: Sequence[Record]) -> None:
        """Writes the lines and lets the reader have them."""
        for record in records:
            self._stream.write(_json_line(record))
        self._stream.flush()


class RejectionLog:
    """Writes rejections as lines of JSON, as they come.

    Args:
        path: The file; without one, they go to the standard error stream.
    """

    def __init__(self, path: Path | None) -> None:
        """Starts the file anew."""
        self._path = path
        if path is not None:
            path.write_bytes(b"")

    def write(self, rejections: Sequence[Rejection]) -> None:
        """Adds rejections."""
        lines = [_json_line({"id": one.id, "reason": one.reason}) for one in rejections]
        if self._path is None:
            sys.stderr.write(b"".join(lines).decode())
            return
        with self._path.open("ab") as stream:
            stream.writelines(lines)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Writes values as a JSON file that people can read; it appears when it is whole."""
    partial = _partial(path)
    partial.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def _folder_sink(folder: Path, schema: pa.Schema) -> Iterator[Sink]:
    sink = PartsSink(folder, schema)
    yield sink
    if not sink.parts:
        # Without rows there still are columns, so that whatever reads the folder finds a table.
        sink.write([])


def _file_sink(kind: Kind, stream: IO[bytes], schema: pa.Schema) -> Iterator[Sink]:
    if kind is Kind.JSON_LINES:
        yield JsonLinesSink(stream)
        return
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        yield ParquetSink(writer, schema)


def _table(records: Sequence[Record], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(list(records), schema=schema)


def _json_line(values: Record) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _partial(path: Path) -> Path:
    # Whatever reads a folder of tables passes over names that begin with a dot.
    return path.with_name(f".{path.name}.partial")


def _has_content(path: Path) -> bool:
    if path.is_dir():
        return any(path.iterdir())
    return path.exists() and path.stat().st_size > 0
