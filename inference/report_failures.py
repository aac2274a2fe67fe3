"""What goes wrong while rows are counted and is not the rows' fault: a full disk, and Ctrl-C."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from wasit.inference.ctrl_c import ctrl_c_handled
from wasit.inference.report_errors import input_error


@contextmanager
def failures_told(scratch: Path) -> Iterator[None]:
    """Tells in a sentence that the disk is full, and ends at Ctrl-C, which the database tells as other errors.

    Args:
        scratch: The folder of the databases that are used inside the block.

    Raises:
        InputError: If it has no room for them.
        KeyboardInterrupt: If the user asked to stop.
    """
    asked = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    with ctrl_c_handled(interrupt):
        try:
            yield
        except Exception as error:
            if asked:
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
