"""Reads the documents of a file by its format; what cannot be read comes out as a rejection, not as a gap."""

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.documents import (
    CSV_ENDING,
    JSON_LINES_ENDINGS,
    PARQUET_ENDING,
    TEXT_ENDING,
    Document,
    Fields,
    InputFile,
    Rejection,
    decode_text,
    document_of_row,
    listed,
    no_field,
)
from wasit.inference.pages import decode
from wasit.inference.reject import Reject
from wasit.models.errors import InputError

_LONGEST_CSV_FIELD = 2**31 - 1
_PARQUET_ROWS = 256
# What a file can raise that is damaged, truncated, gone or not ours to read.
_BROKEN = (OSError, EOFError, zlib.error, pa.ArrowException)


def read_documents(file: InputFile, fields: Fields) -> Iterator[Document | Rejection]:
    """Reads one file.

    Args:
        file: What to read.
        fields: Where its rows have text and id.

    Yields:
        Each document or the reason why there is none, in the order of the file. A file that breaks off gives what
        it holds before, then one rejection under its own name.
    """
    count = 0
    try:
        for item in _READERS[file.ending](file, fields):
            count += 1
            yield item
    except Reject as reject:
        yield Rejection(file.name, reject.reason)
    except _BROKEN as error:
        after = f"after {count} rows: " if count else ""
        yield Rejection(file.name, f"unreadable: {after}{_first_line(error)}")
    else:
        if not count:
            yield Rejection(file.name, "empty: the file has no rows")


def check_id_field(file: InputFile, fields: Fields) -> None:
    """Makes sure that a file has the field that the user wants the ids from, before anything long begins.

    Raises:
        InputError: If it does not; of JSON lines the first is asked.
    """
    if fields.given_id is None or file.ending == TEXT_ENDING:
        return
    try:
        names = _field_names(file)
    except (*_BROKEN, Reject):
        return  # Reading it will say what is wrong.
    if fields.given_id not in names:
        raise InputError(f"--id-field: {file.name} has no field {fields.given_id!r}; allowed: {listed(names)}")


def count_documents(file: InputFile) -> int | None:
    """How many documents a file has, if that is known without reading all of it."""
    if file.ending == TEXT_ENDING:
        return 1
    if file.ending != PARQUET_ENDING:
        return None
    try:
        return int(pq.read_metadata(_path(file)).num_rows)
    except _BROKEN:
        return 1


def _read_text(file: InputFile, fields: Fields) -> Iterator[Document]:
    data = sys.stdin.buffer.read() if file.path is None else file.path.read_bytes()
    yield Document(file.name, decode(data, None))


def _read_json_lines(file: InputFile, fields: Fields) -> Iterator[Document | Rejection]:
    with closing(_open_lines(_path(file))) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                values = _parse_line(line)
            except Reject as reject:
                yield Rejection(file.row_name(number), reject.reason)
            else:
                yield document_of_row(file, number, values, fields)


def _open_lines(path: Path) -> IO[bytes]:
    ending = path.suffix.lower()
    if ending == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if ending == ".zst":
        # The zstandard package takes a truncated stream for a whole one.
        return io.BufferedReader(pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def _parse_line(line: bytes) -> Mapping[str, Any]:
    try:
        values = json.loads(decode_text(line).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Reject("bad_json", _first_line(error)) from error
    if not isinstance(values, dict):
        raise Reject("bad_json", "the line is not an object")
    return values


def _read_csv(file: InputFile, fields: Fields) -> Iterator[Document | Rejection]:
    with closing(_open_csv(_path(file))) as stream:
        rows = csv.reader(stream, strict=True)
        header = _csv_header(rows)
        if header:
            _check_text_field(fields, header)
        for number, row in enumerate(_csv_rows(rows, len(header)), start=1):
            if isinstance(row, Reject):
                yield Rejection(file.row_name(number), row.reason)
            else:
                values = {name: _csv_value(value) for name, value in zip(header, row, strict=True)}
                yield document_of_row(file, number, values, fields)


def _open_csv(path: Path) -> IO[str]:
    csv.field_size_limit(_LONGEST_CSV_FIELD)
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _csv_header(rows: Iterator[list[str]]) -> list[str]:
    try:
        names = [_csv_value(name) for name in next(rows, [])]
    except csv.Error as error:
        raise Reject("bad_row", f"in the header: {error}") from error
    return [decode_text(name) if isinstance(name, bytes) else name for name in names]


def _csv_rows(rows: Iterator[list[str]], width: int) -> Iterator[list[str] | Reject]:
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Reject("bad_row", str(error))
            continue
        if row is None:
            return
        if len(row) == width:
            yield row
        elif row:
            yield Reject("bad_row", f"the row has {len(row)} fields, the header {width}")


def _csv_value(value: str) -> str | bytes:
    """Gives back the bytes of a field that is not UTF-8: it may be in another encoding."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape")
    return value


def _read_parquet(file: InputFile, fields: Fields) -> Iterator[Document | Rejection]:
    with pq.ParquetFile(_path(file)) as table:
        names = table.schema_arrow.names
        _check_text_field(fields, names)
        columns = [name for name in dict.fromkeys((fields.text, fields.id)) if name in names]
        number = 0
        for batch in table.iter_batches(batch_size=_PARQUET_ROWS, columns=columns):
            for values in zip(*map(_parquet_values, batch.columns), strict=True):
                number += 1
                row = dict(zip(batch.schema.names, values, strict=True))
                yield document_of_row(file, number, row, fields)


def _parquet_values(column: pa.Array) -> list[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        # As bytes, since one value that is not UTF-8 would otherwise fail all of them.
        column = column.cast(pa.large_binary())
    return list(column.to_pylist())


def _check_text_field(fields: Fields, names: list[str]) -> None:
    if fields.text not in names:
        raise Reject("missing_text", no_field(fields.text, names))
    if names.count(fields.text) > 1:
        raise Reject("missing_text", f"there are {names.count(fields.text)} fields {fields.text!r}")


def _field_names(file: InputFile) -> list[str]:
    """The fields of a table, or of the first row where each row has its own."""
    if file.ending == PARQUET_ENDING:
        return list(pq.read_schema(_path(file)).names)
    if file.ending == CSV_ENDING:
        with closing(_open_csv(_path(file))) as stream:
            return _csv_header(csv.reader(stream, strict=True))
    with closing(_open_lines(_path(file))) as lines:
        return list(_parse_line(next((line for line in lines if line.strip()), b"")))


def _path(file: InputFile) -> Path:
    assert file.path is not None, "only text comes from the standard input"
    return file.path


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


_Reader = Callable[[InputFile, Fields], Iterator[Document | Rejection]]
_READERS: dict[str, _Reader] = {
    TEXT_ENDING: _read_text,
    **dict.fromkeys(JSON_LINES_ENDINGS, _read_json_lines),
    CSV_ENDING: _read_csv,
    PARQUET_ENDING: _read_parquet,
}
