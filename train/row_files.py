"""Files of rows, read one after another: CSV, JSON lines and Parquet, each row with the words for its place."""

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from wasit.models.errors import InputError
from wasit.models.remote_files import reason_of
from wasit.train.data_files import DataFile, find_files
from wasit.train.row_problem import UNREADABLE, Report, RowProblem, raise_problem

ENDINGS = (".csv", ".jsonl", ".parquet")

Row = tuple[str, dict[str, Any]]
"""The words that name the place of a row, and its values by column."""

_LONGEST_CSV_CELL = 2**31 - 1
_PARQUET_ROWS = 1024
_PLACE = re.compile(r"(.*): (?:line|row) ([0-9]+)", re.DOTALL)
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_A_CSV_ROW = "a row of a CSV file (RFC 4180: commas, and double quotes around a cell that holds one of its signs)"
_A_JSON_ROW = "one JSON object a line, in UTF-8, that names each key once"


def read_rows(path: str | Path, report: Report = raise_problem) -> Iterator[Row]:
    """Reads the rows of a file, or of all files behind a URL, one after another.

    Args:
        path: A ``.csv`` with a header, a ``.jsonl`` or a ``.parquet``; the first two in UTF-8. Behind a URL also a
            folder or a pattern.
        report: Is told of every row that cannot be read; the first one is raised without it.

    Yields:
        Place and values. The place is ``FILE: line N``, for CSV the line on which the row starts, or ``FILE: row
        N`` in Parquet. All rows of a CSV or Parquet file have the same columns.

    Raises:
        InputError: If a file cannot be read at all, or there is none.
    """
    return chain.from_iterable(read_file(file, report) for file in row_files(path))


def row_files(path: str | Path) -> list[DataFile]:
    """Finds the files of rows that a path or URL names.

    Raises:
        InputError: If there is none.
    """
    return find_files(path, ENDINGS)


def read_file(file: DataFile, report: Report = raise_problem) -> Iterator[Row]:
    """Reads the rows of one file, as ``read_rows`` does."""
    if file.ending == ".parquet":
        return _parquet_rows(file)
    return _csv_rows(file, report) if file.ending == ".csv" else _json_rows(file, report)


def has_fixed_columns(where: str) -> bool:
    """Whether all rows of the file that a place names have the same columns."""
    return not split_place(where)[0].endswith(".jsonl")


def split_place(where: str) -> tuple[str, int | None]:
    """Takes the words for a place apart: the file, and the number of the line or row if one is named."""
    found = _PLACE.fullmatch(where)
    return (found[1], int(found[2])) if found else (where, None)


def parse_json(content: str | bytes) -> Any:
    """Parses JSON; a key that is given twice, of which the parser would keep the last, is an error.

    Raises:
        ValueError: If it is no JSON in UTF-8.
    """
    try:
        return json.loads(content, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is given twice")
    return values


def _csv_rows(file: DataFile, report: Report) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CSV_CELL)
    with file.opened() as stream:
        rows = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline=""), strict=True)
        header = _csv_header(rows, file.name)
        while True:
            where = f"{file.name}: line {rows.line_num + 1}"
            try:
                cells = next(rows, None)
            except csv.Error as error:
                report(RowProblem(UNREADABLE, where, f"is no row that can be read: {error}", _A_CSV_ROW))
                continue
            if cells is None:
                return
            wrong = _wrong_cells(cells, header)
            if wrong:
                report(RowProblem(UNREADABLE, where, wrong, "UTF-8, and as many cells as the header"))
            elif cells:
                yield where, dict(zip(header, cells, strict=True))


def _csv_header(rows: Iterator[list[str]], name: str) -> list[str]:
    try:
        names = [column.strip() for column in next(rows, [])]
    except csv.Error as error:
        raise InputError(
            f"{name}: line 1: is no header that can be read: {error}; allowed: {_A_CSV_ROW}"
        ) from error
    wrong = _not_utf8("".join(names))
    if wrong:
        raise InputError(f"{name}: line 1: {wrong}; allowed: UTF-8")
    if not names:
        raise InputError(f"{name}: line 1: is empty; allowed: the names of the columns")
    repeated = [column for column in names if names.count(column) > 1]
    if repeated:
        raise InputError(f"{name}: line 1: names the column {repeated[0]!r} twice; allowed: each name once")
    return names


def _wrong_cells(cells: list[str], header: list[str]) -> str | None:
    # An empty line is no row.
    if cells and len(cells) != len(header):
        return f"has {len(cells)} cells, the header {len(header)}"
    wrong = ((name, _not_utf8(cell)) for name, cell in zip(header, cells, strict=False))
    return next((f"field {name!r} {words}" for name, words in wrong if words), None)


def _not_utf8(text: str) -> str | None:
    found = _NOT_UTF8.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start())
    place = f" on its line {line + 1}" if line else ""
    return f"is not UTF-8, found byte 0x{ord(found[0]) - 0xDC00:02x}{place}"


def _json_rows(file: DataFile, report: Report) -> Iterator[Row]:
    with file.opened() as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{file.name}: line {number}"
            try:
                row = parse_json(line)
            except ValueError as error:
                report(RowProblem(UNREADABLE, where, f"is not JSON in UTF-8: {error}", _A_JSON_ROW))
                continue
            if isinstance(row, dict):
                yield where, row
            else:
                report(RowProblem(UNREADABLE, where, f"found {type(row).__name__}", _A_JSON_ROW))


def _parquet_rows(file: DataFile) -> Iterator[Row]:
    number = 0
    with file.opened() as stream:
        try:
            with pyarrow.parquet.ParquetFile(stream) as table:
                for batch in table.iter_batches(batch_size=_PARQUET_ROWS):
                    for row in batch.to_pylist(maps_as_pydicts="strict"):
                        number += 1
                        yield f"{file.name}: row {number}", row
        except (OSError, pyarrow.ArrowException, UnicodeDecodeError) as error:
            after = f" after row {number}" if number else ""
            raise InputError(f"{file.name}: is not a readable Parquet file{after}: {reason_of(error)}") from error
