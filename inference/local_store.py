"""A folder on a disk that files are put into whole."""

import errno
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from wasit.inference.store import Store
from wasit.models.errors import InputError

_PARTIAL = re.compile(r"\..+\.[0-9a-f]{32}\.partial")
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class LocalStore(Store):
    """A folder on a disk.

    Attributes:
        path: The folder.
        scratch: Folder of the same disk that holds what is half written; by default the same.
    """

    path: Path
    scratch: Path | None = None

    def __str__(self) -> str:
        """The path."""
        return str(self.path)

    def folder(self, name: str) -> "LocalStore":
        """The store of a folder in this one."""
        return LocalStore(self.path / name)

    def contents(self) -> dict[str, int | None]:
        """Names and sizes; see ``Store.contents``."""
        with disk_errors_told(self.path, "read"):
            if not self.path.is_dir():
                return {}
            with os.scandir(self.path) as entries:
                return {entry.name: _size(entry) for entry in entries}

    def read(self, names: Iterable[str]) -> Iterator[bytes]:
        """Contents; see ``Store.read``."""
        for name in names:
            with disk_errors_told(self.path / name, "read"):
                data = (self.path / name).read_bytes()
            yield data

    def put(self, name: str, data: bytes) -> None:
        """Writes a file; see ``Store.put``."""
        with self.stream(name) as stream:
            stream.write(data)

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """Opens a file; see ``Store.stream``."""
        path, scratch = self.path / name, self.scratch or self.path
        partial = scratch / f".{name}.{uuid.uuid4().hex}.partial"
        with disk_errors_told(path, "written"):
            self.path.mkdir(parents=True, exist_ok=True)
            scratch.mkdir(parents=True, exist_ok=True)
            try:
                with partial.open("wb") as stream:
                    yield stream
                    stream.flush()
                    # A name that survives a power cut must not stand for contents that did not.
                    os.fsync(stream.fileno())
                partial.replace(path)
                _sync_folder(self.path)
            finally:
                partial.unlink(missing_ok=True)

    def remove(self, names: Iterable[str]) -> None:
        """Removes files; see ``Store.remove``."""
        for name in names:
            with disk_errors_told(self.path / name, "removed"):
                (self.path / name).unlink(missing_ok=True)

    def size(self, name: str) -> int | None:
        """Bytes; see ``Store.size``."""
        with disk_errors_told(self.path / name, "read"):
            try:
                return (self.path / name).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                return None

    def tidy(self) -> None:
        """Removes what is left over; see ``Store.tidy``."""
        self.remove(name for name in self.contents() if _PARTIAL.fullmatch(name))

    def discard(self) -> None:
        """Removes the folder; see ``Store.discard``."""
        with suppress(OSError):
            self.path.rmdir()


@contextmanager
def disk_errors_told(path: Path, what: str) -> Iterator[None]:
    """Tells in a sentence what a disk has to say.

    Args:
        path: Of which file or folder.
        what: What cannot be done with it, such as ``written``.

    Raises:
        InputError: If the block fails for the disk.
    """
    try:
        yield
    except OSError as error:
        hint = ", make room and give the same command again to go on" if error.errno in _FULL else ""
        raise InputError(f"--output: {path} cannot be {what}: {error.strerror or error}{hint}") from error


def _size(entry: "os.DirEntry[str]") -> int | None:
    try:
        return None if entry.is_dir() else entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        # Just now renamed by a worker that outlives its killed run by a moment.
        return 0


def _sync_folder(path: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
