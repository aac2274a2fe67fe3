"""Reads the documents of a file by its format; what cannot be read comes out as a rejection, not as a gap."""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.archives import read_archive
from wasit.inference.charset import decode, marked_encoding
from wasit.inference.documents import (
    LONGEST_DOCUMENT,
    Document,
    Fields,
    Item,
    Rejection,
    WebPage,
    check_length,
    decode_text,
    document_of_row,
    listed,
    no_field,
)
from wasit.inference.input_files import (
    ARCHIVE_ENDINGS,
    CSV_ENDING,
    HTML_ENDINGS,
    JSON_LINES_ENDINGS,
    PARQUET_ENDING,
    TEXT_ENDING,
    InputFile,
)
from wasit.inference.json_lines import bounded_lines, parse_line
from wasit.inference.reject import Reject
from wasit.inference.web_pages import LONGEST_PAGE
from wasit.models.errors import InputError
from wasit.models.remote_files import reason_of

# What is longer is not even held in memory to say what it is.
_LONGEST_ROW = 100_000_000
# A character takes four bytes at most, in whatever encoding.
_LONGEST_TEXT_FILE = 4 * LONGEST_DOCUMENT
_PARQUET_ROWS = 256
# Without it, whole columns of a row group are held in memory.
_PARQUET_BUFFER = 1 << 20
# What a file can raise that is damaged, truncated, gone or not ours to read.
_BROKEN = (Reject, OSError, EOFError, zlib.error, pa.ArrowException, UnicodeError)


def read_documents(file: InputFile, fields: Fields) -> Iterator[Item]:
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
    except _broken(file) as error:
        after = f"after {count} documents: " if count else ""
        yield Rejection(file.name, f"unreadable: {after}{reason_of(error)}")
    else:
        if not count:
            yield Rejection(file.name, "empty: there are no documents in the file")


def check_id_field(file: InputFile, fields: Fields) -> bool:
    """Makes sure that a file has the field that the user wants the ids from, before anything long begins.

    Returns:
        Whether the file had to be opened.

    Raises:
        InputError: If it does not; of JSON lines the first is asked.
    """
    if fields.given_id is None or file.ending in (TEXT_ENDING, *HTML_ENDINGS, *ARCHIVE_ENDINGS):
        return False
    try:
        names = _field_names(file)
    except _broken(file):
        return True  # Reading it will say what is wrong.
    if fields.given_id not in names:
        raise InputError(f"--id-field: {file.name} has no field {fields.given_id!r}; allowed: {listed(names)}")
    return True


def count_documents(file: InputFile) -> int | None:
    """How many documents a file has, if that is known without reading all of it."""
    if file.ending in (TEXT_ENDING, *HTML_ENDINGS):
        return 1
    if file.ending != PARQUET_ENDING or file.is_remote:
        return None
    try:
        with closing(file.open()) as stream:
            return int(pq.read_metadata(stream).num_rows)
    except _BROKEN:
        return 1


def _broken(file: InputFile) -> tuple[type[Exception], ...]:
    # Each store has a library with errors of its own, which have no common kind.
    return (Exception,) if file.is_remote else _BROKEN


def _read_text(file: InputFile, fields: Fields) -> Iterator[Document]:
    text = decode(_read_whole(file, _LONGEST_TEXT_FILE), None)
    check_length(text)
    yield Document(file.name, text)


def _read_html(file: InputFile, fields: Fields) -> Iterator[WebPage]:
    yield WebPage(file.name, _read_whole(file, LONGEST_PAGE))


def _read_whole(file: InputFile, most: int) -> bytes:
    with closing(file.open()) as stream:
        # Room for the most would be made for each file, and takes longer than reading.
        data = stream.read(min(file.size, most) + 1)
        if file.size < len(data) <= most:
            data += stream.read(most + 1 - len(data))
    if len(data) > most:
        raise Reject("too_long", f"found {max(file.size, len(data)):,} bytes, at most {most:,} are allowed")
    return data


def _read_json_lines(file: InputFile, fields: Fields) -> Iterator[Document | Rejection]:
    with _open_lines(file) as stream:
        for number, line in enumerate(bounded_lines(stream, _LONGEST_ROW), start=1):
            try:
                values = parse_line(line, fields)
            except Reject as reject:
                yield Rejection(file.row_name(number), reject.reason)
            else:
                if values is not None:
                    yield document_of_row(file, number, values, fields)


@contextmanager
def _open_lines(file: InputFile) -> Iterator[IO[bytes]]:
    with closing(file.open()) as stream:
        if file.ending.endswith(".gz"):
            yield cast(IO[bytes], gzip.GzipFile(fileobj=stream))
        elif file.ending.endswith(".zst"):
            # The zstandard package takes a truncated stream for a whole one.
            yield io.BufferedReader(pa.input_stream(stream, compression="zstd"))
        else:
            yield stream


def _read_csv(file: InputFile, fields: Fields) -> Iterator[Document | Rejection]:
    with closing(_open_csv(file)) as stream:
        rows = csv.reader(stream, strict=True)
        header = _csv_header(rows)
        if header:
            _check_fields(fields, header)
        for number, row in enumerate(_csv_rows(rows, len(header)), start=1):
            if isinstance(row, Reject):
                yield Rejection(file.row_name(number), row.reason)
            else:
                values = {name: _csv_value(value) for name, value in zip(header, row, strict=True)}
                yield document_of_row(file, number, values, fields)


def _open_csv(file: InputFile) -> IO[str]:
    csv.field_size_limit(_LONGEST_ROW)
    stream = io.BufferedReader(cast(io.RawIOBase, file.open()))
    encoding = marked_encoding(stream.peek())
    # Fields that are not UTF-8 give their bytes back later.
    errors = "surrogateescape" if encoding is None else "strict"
    return io.TextIOWrapper(stream, encoding or "utf-8-sig", errors, newline="")


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
        if any("\0" in value for value in row):
            yield Reject("bad_row", "the row has bytes of value 0")
        elif len(row) == width:
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
    with closing(file.open()) as stream, pq.ParquetFile(stream, buffer_size=_PARQUET_BUFFER) as table:
        names = table.schema_arrow.names
        _check_fields(fields, names)
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


def _check_fields(fields: Fields, names: list[str]) -> None:
    if fields.text not in names:
        raise Reject("missing_text", no_field(fields.text, names))
    for identifier, name in (("missing_text", fields.text), ("bad_id", fields.id)):
        if names.count(name) > 1:
            raise Reject(identifier, f"there are {names.count(name)} fields {name!r}")


def _field_names(file: InputFile) -> list[str]:
    """The fields of a table, or of the first row where each row has its own."""
    if file.ending == PARQUET_ENDING:
        with closing(file.open()) as stream:
            return list(pq.read_schema(stream).names)
    if file.ending == CSV_ENDING:
        with closing(_open_csv(file)) as rows:
            return _csv_header(csv.reader(rows, strict=True))
    with _open_lines(file) as stream:
        first = (parse_line(line, Fields()) for line in bounded_lines(stream, _LONGEST_ROW))
        return list(next((values for values in first if values is not None), {}))


_Reader = Callable[[InputFile, Fields], Iterator[Item]]
_READERS: dict[str, _Reader] = {
    TEXT_ENDING: _read_text,
    **dict.fromkeys(HTML_ENDINGS, _read_html),
    **dict.fromkeys(JSON_LINES_ENDINGS, _read_json_lines),
    CSV_ENDING: _read_csv,
    PARQUET_ENDING: _read_parquet,
    **dict.fromkeys(ARCHIVE_ENDINGS, lambda file, fields: read_archive(file)),
}
