"""The database that rows are counted in: in a file of its own, with bounded memory."""

import errno
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from wasit.inference.report_errors import input_error

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


@contextmanager
def failures_told(scratch: Path) -> Iterator[None]:
    """Tells in a sentence that the disk is full, and ends at Ctrl-C, which the database tells as other errors.

    Args:
        scratch: The folder of the databases that are used inside the block.

    Raises:
        InputError: If it has no room for them.
        KeyboardInterrupt: If the user asked to stop.
    """
    with _ctrl_c() as asked:
        try:
            yield
        except Exception as error:
            if asked.is_set():
                raise KeyboardInterrupt from None
            if is_full_disk(error):
                raise input_error(
                    f"the disk is full: a report keeps what it counts in {scratch.parent} until it is done; "
                    "make room there, or name another folder with the environment variable TMPDIR"
                ) from error
            raise


def is_full_disk(error: Exception) -> bool:
    """Whether a database has no room left on its disk."""
    import duckdb

    # Told when less is left than the database thinks that it will need.
    if isinstance(error, duckdb.OutOfMemoryException):
        return "max_temp_directory_size" in str(error)
    return isinstance(error, duckdb.IOException) and os.strerror(errno.ENOSPC) in str(error)


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Notes Ctrl-C, which interrupts as ever; signals reach the main thread alone."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        asked.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def quoted(name: str) -> str:
    """A name of a column, as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text, as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
