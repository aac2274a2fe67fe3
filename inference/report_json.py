"""Makes Parquet of JSON lines, row for row, so that a report reads only what it needs of each."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from wasit.inference.report_engine import engine, quoted, quoted_text
from wasit.inference.report_errors import input_error
from wasit.inference.report_failures import is_full_disk

LONGEST_LINE = 64_000_000
"""Bytes of a row; the longest that `wasit classify` writes has fewer."""

_EVIDENCE = 'STRUCT("start" BIGINT, "end" BIGINT, "text" VARCHAR, mention_start BIGINT, mention_end BIGINT)'
_COLUMNS = {
    "doc_id": "VARCHAR",
    "article": "INTEGER",
    "title": "VARCHAR",
    "date": "VARCHAR",
    "source": "VARCHAR",
    "content_hash": "VARCHAR",
    "model": "VARCHAR",
    "text": "VARCHAR",
}
_NO_MEDIATORS = re.compile(rb'"mediators":\s*\[\s*\]')
# Each thread has room for two of the longest lines.
_THREADS = 2


def json_lines_to_parquet(path: Path, target: Path) -> None:
    """Writes the rows of JSON lines as Parquet, in the same order.

    Args:
        path: What `wasit classify` wrote.
        target: The file to write.

    Raises:
        InputError: If a line is not as `wasit classify` writes it.
    """
    import duckdb

    try:
        columns = _columns(path)
        types = ", ".join(f"{quoted_text(name)}: {quoted_text(kind)}" for name, kind in columns.items())
        rows = (
            f"read_json({quoted_text(str(path))}, format = 'newline_delimited', columns = {{{types}}}, "
            f"maximum_object_size = {LONGEST_LINE})"
        )
        with engine(target.parent, "json", _THREADS) as connection:
            connection.execute(
                f"COPY (SELECT {', '.join(map(quoted, columns))} FROM {rows}) TO {quoted_text(str(target))} "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 10000)"
            )
    except (OSError, ValueError, duckdb.Error) as error:
        if is_full_disk(error):
            raise
        reason = str(error).strip().split("\n")[0]
        raise input_error(
            f"PREDICTIONS: {path} cannot be read: {reason}; allowed: the lines that `wasit classify` writes"
        ) from error


def _columns(path: Path) -> dict[str, str]:
    """The columns and their types: of the first row, and of the first mediator of all rows."""
    rows = _telling_rows(path)
    first = next(rows, None)
    if first is None:
        raise ValueError("there are no rows in it")
    columns = {name: kind for name, kind in _COLUMNS.items() if name in first} | _task_columns(first)
    if "mediators" in first:
        mediator: Mapping[str, Any] = next(
            (row["mediators"][0] for row in chain((first,), rows) if row.get("mediators")), {}
        )
        fields = {"mediator": "VARCHAR", **_task_columns(mediator), "evidence": _EVIDENCE}
        listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in fields.items())
        columns["mediators"] = f"STRUCT({listed})[]"
    return columns


def _telling_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The first row, and those that name mediators."""
    first = True
    with path.open("rb") as stream:
        for line in stream:
            if line.isspace() or (not first and _NO_MEDIATORS.search(line)):
                continue
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("a line is not an object")
            first = False
            yield row


def _task_columns(values: Mapping[str, Any]) -> dict[str, str]:
    columns = {}
    for name in values:
        task = name.removesuffix("_scores")
        if task != name and task in values:
            columns[task] = "VARCHAR" if f"{task}_score" in values else "VARCHAR[]"
            columns |= {f"{task}_score": "FLOAT"} if f"{task}_score" in values else {}
            columns[name] = "STRUCT(label VARCHAR, score FLOAT)[]"
    return columns
