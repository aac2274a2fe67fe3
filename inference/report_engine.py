"""The database that rows are counted in: in a file of its own, with bounded memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "900MB"
"""What the database itself holds at most; the rest is spilled."""

_MOST_THREADS = 8


@contextmanager
def engine(scratch: Path, name: str = "rows", threads: int = _MOST_THREADS) -> Iterator["DuckDBPyConnection"]:
    """Opens a new database, which fetches nothing from anywhere.

    Args:
        scratch: The folder of its files.
        name: What they are called.
        threads: That it computes with at most.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(scratch / f"{name}.spill"),
        "threads": min(threads, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(scratch / f"{name}.duckdb", config=config) as connection:
        # It would stand in the middle of what else is said.
        connection.execute("SET enable_progress_bar = false")
        yield connection


def quoted(name: str) -> str:
    """A name of a column, as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text, as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
