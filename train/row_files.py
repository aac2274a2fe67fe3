"""Files of rows, read one after another: CSV, JSON lines and Parquet, each row with the words for its place."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from wasit.models.errors import InputError
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


def read_rows(path: Path, report: Report = raise_problem) -> Iterator[Row]:
    """Reads the rows of a file, one after another.

    Args:
        path: A ``.csv`` with a header, a ``.jsonl`` or a ``.parquet``; the first two in UTF-8.
        report: Is told of every row that cannot be read; the first one is raised without it.

    Yields:
        Place and values. The place is ``FILE: line N``, for CSV the line on which the row starts, or ``FILE: row
        N`` in Parquet. All rows of CSV and Parquet have the same columns.

    Raises:
        InputError: If the file cannot be read at all.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if path.suffix not in ENDINGS:
        raise InputError(f"{path}: found the ending {path.suffix!r}; allowed: {', '.join(ENDINGS)}")
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    return _csv_rows(path, report) if path.suffix == ".csv" else _json_rows(path, report)


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


def _csv_rows(path: Path, report: Report) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CSV_CELL)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        rows = csv.reader(stream, strict=True)
        header = _csv_header(rows, path)
        while True:
            where = f"{path}: line {rows.line_num + 1}"
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


def _csv_header(rows: Iterator[list[str]], path: Path) -> list[str]:
    try:
        names = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise InputError(
            f"{path}: line 1: is no header that can be read: {error}; allowed: {_A_CSV_ROW}"
        ) from error
    wrong = _not_utf8("".join(names))
    if wrong:
        raise InputError(f"{path}: line 1: {wrong}; allowed: UTF-8")
    if not names:
        raise InputError(f"{path}: line 1: is empty; allowed: the names of the columns")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"{path}: line 1: names the column {repeated[0]!r} twice; allowed: each name once")
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


def _json_rows(path: Path, report: Report) -> Iterator[Row]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{path}: line {number}"
            try:
                row = parse_json(line)
            except ValueError as error:
                report(RowProblem(UNREADABLE, where, f"is not JSON in UTF-8: {error}", _A_JSON_ROW))
                continue
            if isinstance(row, dict):
                yield where, row
            else:
                report(RowProblem(UNREADABLE, where, f"found {type(row).__name__}", _A_JSON_ROW))


def _parquet_rows(path: Path) -> Iterator[Row]:
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                for row in batch.to_pylist(maps_as_pydicts="strict"):
                    number += 1
                    yield f"{path}: row {number}", row
    except (OSError, pyarrow.ArrowException, UnicodeDecodeError) as error:
        after = f" after row {number}" if number else ""
        raise InputError(f"{path}: is not a readable Parquet file{after}: {error}") from error
