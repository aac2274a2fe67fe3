"""A folder behind a URL that files are put into whole."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import fsspec

from wasit.inference.local_store import disk_errors_told
from wasit.inference.store import Store
from wasit.models.errors import InputError

# Files that are asked for at once, where each costs a round trip.
_REQUESTS = 16


@dataclass(frozen=True)
class RemoteStore(Store):
    """A folder behind a URL that fsspec knows.

    Attributes:
        url: Of the folder, without a slash at its end.
    """

    url: str

    def __str__(self) -> str:
        """The URL."""
        return self.url

    def folder(self, name: str) -> "RemoteStore":
        """The store of a folder in this one."""
        return RemoteStore(f"{self.url}/{name}")

    def contents(self) -> dict[str, int | None]:
        """Names and sizes; see ``Store.contents``."""
        with remote_errors_told(self.url, "read"):
            system, path = fsspec.core.url_to_fs(self.url)
            system.invalidate_cache()
            try:
                entries = system.ls(path, detail=True)
            except FileNotFoundError:
                return {}
        sizes = {entry["name"].rstrip("/"): _size(entry) for entry in entries}
        # Some stores list the folder itself.
        return {name.rpartition("/")[2]: size for name, size in sizes.items() if name != path.rstrip("/")}

    def read(self, names: Iterable[str]) -> Iterator[bytes]:
        """Contents; see ``Store.read``."""
        rest = list(names)
        with remote_errors_told(self.url, "read"):
            system, path = fsspec.core.url_to_fs(self.url)
        with ThreadPoolExecutor(_REQUESTS) as pool:
            for start in range(0, len(rest), _REQUESTS):
                paths = [f"{path}/{name}" for name in rest[start : start + _REQUESTS]]
                with remote_errors_told(self.url, "read"):
                    found = list(pool.map(system.cat_file, paths))
                yield from found

    def put(self, name: str, data: bytes) -> None:
        """Writes a file; see ``Store.put``."""
        with remote_errors_told(self.place(name), "written"):
            system, path = fsspec.core.url_to_fs(self.place(name))
            _in_folder(system, path, lambda: system.pipe_file(path, data))

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """Opens a file; see ``Store.stream``."""
        # A remote stream that is closed by an error would stand there cut short under its name.
        with disk_errors_told(Path(tempfile.gettempdir()), "written"), tempfile.NamedTemporaryFile() as stream:
            yield stream
            stream.flush()
            with remote_errors_told(self.place(name), "written"):
                system, path = fsspec.core.url_to_fs(self.place(name))
                _in_folder(system, path, lambda: system.put_file(stream.name, path))

    def remove(self, names: Iterable[str]) -> None:
        """Removes files; see ``Store.remove``."""
        with remote_errors_told(self.url, "removed"):
            system, path = fsspec.core.url_to_fs(self.url)

            def remove(name: str) -> None:
                try:
                    system.rm_file(f"{path}/{name}")
                except FileNotFoundError:
                    return

            with ThreadPoolExecutor(_REQUESTS) as pool:
                list(pool.map(remove, names))

    def size(self, name: str) -> int | None:
        """Bytes; see ``Store.size``."""
        with remote_errors_told(self.place(name), "read"):
            system, path = fsspec.core.url_to_fs(self.place(name))
            system.invalidate_cache()
            try:
                return int(system.info(path)["size"])
            except FileNotFoundError:
                return None

    def tidy(self) -> None:
        """Leaves nothing to do: what was not put whole is not there."""

    def discard(self) -> None:
        """Leaves nothing to do: in a bucket a folder without files is none."""


@contextmanager
def remote_errors_told(place: str, what: str) -> Iterator[None]:
    """Tells in a sentence what a remote store has to say.

    Args:
        place: Of which file or folder.
        what: What cannot be done with it, such as ``written``.

    Raises:
        InputError: If the block fails in whatever way.
    """
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"--output: {place} cannot be {what}: there is no such place") from error
    except Exception as error:
        # Each store has a library with errors of its own, which have no common kind.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"--output: {place} cannot be {what}: {reason}") from error


def _size(entry: dict[str, Any]) -> int | None:
    return None if entry["type"] == "directory" else int(entry["size"])


def _in_folder(system: fsspec.AbstractFileSystem, path: str, write: Callable[[], object]) -> None:
    """Writes a file, and first makes its folder where a store has folders of its own."""
    try:
        write()
    except FileNotFoundError:
        # Where there are buckets, a misspelt one must not be made.
        top, slash, _ = path.lstrip("/").partition("/")
        if not slash or not system.exists("/" * path.startswith("/") + top):
            raise
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        write()
