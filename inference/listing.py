"""Lists the files below a folder, on a disk or behind a URL, always in the same order."""

import errno
import glob
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import fsspec

from wasit.models.errors import InputError

# By what stores tell that a file has changed.
_CHANGE_KEYS = ("mtime", "LastModified", "last_modified", "updated", "modified", "created", "ETag", "etag")
_DIGEST_BYTES = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was found.

    Attributes:
        path: On a disk or as a URL.
        size: Bytes.
        modified: See ``InputFile``.
        is_folder: It is a folder; of those below another, only what cannot be listed is given.
        problem: Why it cannot be read, if that is known.
    """

    path: str
    size: int = 0
    modified: int = 0
    is_folder: bool = False
    problem: str | None = None


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


def glob_base(pattern: str) -> str:
    """The folder that a pattern begins in."""
    plain = list(takewhile(lambda part: not glob.has_magic(part), pattern.split("/")))
    return "/".join(plain) or "/" * pattern.startswith("/")


class RemotePlace:
    """What a URL names: a file, a folder, or all that match a pattern.

    Args:
        url: The URL.
    """

    def __init__(self, url: str) -> None:
        """Finds the store.

        Raises:
            InputError: If there is no such kind of store, or a package is missing.
        """
        self.url = url
        try:
            self._system, self._path = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise InputError(f"{url} cannot be read, since a package is missing: {error}") from error
        except Exception as error:
            # Each store has a library with errors of its own, which have no common kind.
            raise InputError(f"{url} cannot be read: {reason_of(error)}") from error
        self._system.invalidate_cache()

    @property
    def local_path(self) -> str | None:
        """The path, if it is on this machine's disk after all."""
        names = self._system.protocol
        return self._path if "file" in ([names] if isinstance(names, str) else names) else None

    def find(self) -> tuple[str | None, Iterator[Entry]]:
        """Gives the URL of the folder that all lies in, and what there is; without a folder, it is one file.

        Raises:
            InputError: If there is nothing, or the store does not answer.
        """
        try:
            return self._find()
        except FileNotFoundError as error:
            raise InputError(f"there is no file or folder {self.url!r}") from error
        except Exception as error:
            raise InputError(f"{self.url} cannot be read: {reason_of(error)}") from error

    def _find(self) -> tuple[str | None, Iterator[Entry]]:
        try:
            info = self._system.info(self._path)
        except FileNotFoundError:
            if not glob.has_magic(self._path):
                raise
            matches = self._system.glob(self._path, detail=True)
            entries = (entry for path in sorted(matches) for entry in self._below(path, matches[path]))
            return self._url(glob_base(self._path)), entries
        if info["type"] == "directory":
            return self._url(self._path), self._walk(self._path)
        return None, iter([self._entry(self._path, info)])

    def _below(self, path: str, info: Mapping[str, Any]) -> Iterator[Entry]:
        return self._walk(path) if info["type"] == "directory" else iter([self._entry(path, info)])

    def _walk(self, folder: str) -> Iterator[Entry]:
        try:
            children = {info["name"].rstrip("/"): info for info in self._system.ls(folder, detail=True)}
        except Exception as error:
            yield Entry(self._url(folder), is_folder=True, problem=reason_of(error))
            return
        # Some stores list the folder itself.
        children.pop(folder.rstrip("/"), None)
        for path in sorted(children):
            yield from self._below(path, children[path])

    def _entry(self, path: str, info: Mapping[str, Any]) -> Entry:
        return Entry(self._url(path), info.get("size") or 0, _change_mark(info))

    def _url(self, path: str) -> str:
        return str(self._system.unstrip_protocol(path))


def reason_of(error: BaseException) -> str:
    """What an error says, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, FileNotFoundError):
        # Stores give the path alone.
        return os.strerror(errno.ENOENT)
    return " ".join(str(error).split()) or type(error).__name__


def content_mark(content: bytes) -> int:
    """A number that is another one when the content is."""
    return int.from_bytes(hashlib.sha256(content).digest()[:_DIGEST_BYTES])


def _change_mark(info: Mapping[str, Any]) -> int:
    value = next((info[key] for key in _CHANGE_KEYS if info.get(key)), 0)
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, int | float):
        # Microseconds, since a moment as a floating point number is no more exact.
        return round(value * 1e6) * 1000
    return content_mark(str(value).encode())


def _leads_back(folder: Path) -> bool:
    """Whether a link leads to a folder that it lies in."""
    return folder.is_symlink() and folder.resolve() in folder.parent.resolve().joinpath("_").parents
