"""Files behind URLs, of stores that fsspec knows and of the Hugging Face Hub: found and opened."""

import errno
import glob
import hashlib
import io
import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import IO, TYPE_CHECKING, Any, cast

import fsspec
from huggingface_hub import constants

from wasit.models.errors import InputError, WasitError
from wasit.models.redaction import clean

if TYPE_CHECKING:
    from wasit.models.hub_data import HubPlace

Commits = MutableMapping[tuple[str, str, str | None], str]
"""The commit of each type and name of a repository on the Hub and revision."""

# By what stores tell that a file has changed; the last is git's hash on the Hub.
_CHANGE_KEYS = (
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "modified",
    "created",
    "ETag",
    "etag",
    "blob_id",
)
_DIGEST_BYTES = 7
_BUFFER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was found.

    Attributes:
        path: On a disk or as a URL.
        size: Bytes.
        modified: Nanoseconds since 1970, or another number that is another one when the content is.
        is_folder: It is a folder; of those below another, only what cannot be listed is given.
        problem: Why it cannot be read, if that is known.
    """

    path: str
    size: int = 0
    modified: int = 0
    is_folder: bool = False
    problem: str | None = None


class RemotePlace:
    """What a URL names: a file, a folder, or all that match a pattern.

    On the Hub the URLs of what is found name the commit that the revision is when the place is made: a branch may
    move on while they are read.

    Args:
        url: The URL.
        commits: Those that are known already; gets the one that is asked for.
    """

    def __init__(self, url: str, commits: Commits | None = None) -> None:
        """Finds the store.

        Raises:
            InputError: If there is no such kind of store or no such repository, or a package is missing.
        """
        self.url = url
        self._named = _on_hub(url)
        self._hub = self._named and _at_commit(self._named, {} if commits is None else commits)
        try:
            self._system, self._path = fsspec.core.url_to_fs(url if self._hub is None else self._hub.url)
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
            with self._told():
                try:
                    return self._find()
                except FileNotFoundError as error:
                    raise InputError(f"there is no file or folder {self.url!r}") from error
        except WasitError:
            raise
        except Exception as error:
            raise InputError(f"{self.url} cannot be read: {reason_of(error)}") from error

    def shown(self, url: str) -> str:
        """The URL of something in it, by the revision that the user has named."""
        if self._hub is None or self._named is None:
            return url
        return self._named.root + url.removeprefix(self._hub.root)

    def _told(self) -> AbstractContextManager[None]:
        return nullcontext() if self._hub is None else self._hub.told()

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
            with self._told():
                listed = self._system.ls(folder, detail=True)
        except Exception as error:
            yield Entry(self._url(folder), is_folder=True, problem=reason_of(error))
            return
        children = {info["name"].rstrip("/"): info for info in listed}
        # Some stores list the folder itself.
        children.pop(folder.rstrip("/"), None)
        for path in sorted(children):
            yield from self._below(path, children[path])

    def _entry(self, path: str, info: Mapping[str, Any]) -> Entry:
        return Entry(self._url(path), info.get("size") or 0, _change_mark(info))

    def _url(self, path: str) -> str:
        return str(self._system.unstrip_protocol(path))


def open_remote(url: str) -> IO[bytes]:
    """Opens a file behind a URL.

    For a file on the Hub, opening and reading raise an ``InputError`` of one sentence, for others what their store
    raises.
    """
    system, path = fsspec.core.url_to_fs(url)
    place = _on_hub(url)
    if place is None:
        return cast(IO[bytes], system.open(path, "rb"))
    with place.told():
        return io.BufferedReader(_HubStream(system.open(path, "rb"), place), _BUFFER_BYTES)


class _HubStream(io.RawIOBase):
    """A file on the Hub whose errors are sentences."""

    def __init__(self, stream: IO[bytes], place: "HubPlace") -> None:
        self._stream = stream
        self._place = place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._place.told():
            content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        super().close()


def glob_base(pattern: str) -> str:
    """The folder that a pattern begins in."""
    plain = list(takewhile(lambda part: not glob.has_magic(part), pattern.split("/")))
    return "/".join(plain) or "/" * pattern.startswith("/")


def reason_of(error: BaseException) -> str:
    """What an error says, in one line; what an address in it holds that may let anybody in is left out."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, FileNotFoundError):
        # Stores give the path alone.
        return os.strerror(errno.ENOENT)
    text = str(error)
    return clean(text) if "://" in text else " ".join(text.split()) or type(error).__name__


def content_mark(content: bytes) -> int:
    """A number that is another one when the content is."""
    return int.from_bytes(hashlib.sha256(content).digest()[:_DIGEST_BYTES])


def _on_hub(url: str) -> "HubPlace | None":
    if not url.startswith(constants.HF_PROTOCOL):
        return None
    # Nothing but a file on the Hub needs its client.
    from wasit.models.hub_data import HubPlace

    return HubPlace.parse(url)


def _at_commit(place: "HubPlace", commits: Commits) -> "HubPlace":
    asked = (place.repository_type, place.repository, place.revision)
    if asked not in commits:
        commits[asked] = place.find_commit()
    return place.at(commits[asked])


def _change_mark(info: Mapping[str, Any]) -> int:
    value = next((info[key] for key in _CHANGE_KEYS if info.get(key)), 0)
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, int | float):
        # Microseconds, since a moment as a floating point number is no more exact.
        return round(value * 1e6) * 1000
    return content_mark(str(value).encode())
