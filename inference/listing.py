"""Lists the files below a folder of a disk, always in the same order."""

import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from wasit.models.remote_files import Entry


def entry_on_disk(path: str) -> Entry:
    """What a path is; one that leads to nothing, or is gone already, is read in vain and so told."""
    try:
        # An object for each of millions of paths would take longer than all else.
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return Entry(path)
    is_folder = stat.S_ISDIR(status.st_mode)
    # A pipe would be waited for without end.
    problem = None if is_folder or stat.S_ISREG(status.st_mode) else "it is neither a file nor a folder"
    return Entry(path, status.st_size, status.st_mtime_ns, is_folder, problem)


def walk_disk(folder: str) -> Iterator[Entry]:
    """Yields everything below a folder, in the order of the names."""
    try:
        with os.scandir(folder or ".") as children:
            names = sorted(child.name for child in children)
    except OSError as error:
        yield Entry(folder or ".", is_folder=True, problem=error.strerror)
        return
    above = folder if folder.endswith("/") or not folder else f"{folder}/"
    for name in names:
        entry = entry_on_disk(above + name)
        if not entry.is_folder:
            yield entry
        elif not _leads_back(Path(entry.path)):
            yield from walk_disk(entry.path)


def glob_disk(pattern: str) -> Iterator[Entry]:
    """Yields what a pattern matches, with everything below the folders among that."""
    # pathlib has no glob for a pattern that may be absolute.
    for match in sorted(map(Path, glob.iglob(pattern, recursive=True))):  # noqa: PTH207
        entry = entry_on_disk(str(match))
        if entry.is_folder:
            yield from walk_disk(str(match))
        else:
            yield entry


def _leads_back(folder: Path) -> bool:
    """Whether a link leads to a folder that it lies in."""
    return folder.is_symlink() and folder.resolve() in folder.parent.resolve().joinpath("_").parents
