"""Files of data as recipes and command lines name them: one on a disk, or all that a URL leads to."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import cast

from wasit.models.errors import InputError, WasitError
from wasit.models.remote_files import Commits, RemotePlace, open_remote, reason_of
from wasit.models.urls import file_name, is_url, without_query

_MOST_NAMED = 10
# Of a process: what is learnt from and what is scored come from one version, however long a run takes.
_commits: Commits = {}


@dataclass(frozen=True)
class DataFile:
    """A file.

    Attributes:
        name: What messages call it.
        path: On a disk or as a URL.
    """

    name: str
    path: str

    @property
    def ending(self) -> str:
        """Such as ``.csv``."""
        return Path(file_name(self.path)).suffix

    @contextmanager
    def opened(self) -> Iterator[BufferedReader]:
        """Opens it for a block.

        Raises:
            InputError: If it cannot be opened, or be read on in the block.
        """
        is_remote = is_url(self.path)
        try:
            with closing(_open_remote(self.path) if is_remote else Path(self.path).open("rb")) as stream:
                yield stream
        except WasitError:
            raise
        except Exception as error:
            # Each store has a library with errors of its own, which have no common kind.
            if not is_remote and not isinstance(error, OSError):
                raise
            raise InputError(f"{self.name}: cannot be read: {reason_of(error)}") from error


def find_files(path: str | Path, endings: tuple[str, ...]) -> list[DataFile]:
    """Finds the files that a path or URL names.

    Args:
        path: A file on a disk, or the URL of a file, a folder or a pattern.
        endings: Of files that can be read.

    Returns:
        One on a disk; behind a URL all with such an ending, in the order of their names.

    Raises:
        InputError: If there is none.
    """
    name = str(path)
    if is_url(name):
        place = RemotePlace(name, _commits)
        if place.local_path is None:
            return _behind_url(place, endings)
        name = place.local_path
    file = DataFile(name, name)
    if not Path(name).is_file():
        raise InputError(f"{name}: there is no such file")
    if file.ending not in endings:
        raise InputError(f"{name}: found the ending {file.ending!r}; allowed: {', '.join(endings)}")
    return [file]


def _behind_url(place: RemotePlace, endings: tuple[str, ...]) -> list[DataFile]:
    folder, entries = place.find()
    files, others = [], []
    for entry in entries:
        file = DataFile(without_query(place.shown(entry.path)), entry.path)
        if entry.problem is not None:
            raise InputError(f"{file.name}: cannot be read: {entry.problem}")
        if file.ending in endings:
            files.append(file)
        else:
            others.append(file_name(entry.path) if folder is None else entry.path.removeprefix(folder).lstrip("/"))
    if not files:
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        found = f"{', '.join(others[:_MOST_NAMED])}{more}" if others else "nothing"
        allowed = f"allowed: files ending in {', '.join(endings)}"
        raise InputError(f"{without_query(place.url)}: there is no file to read, found {found}; {allowed}")
    return files


def _open_remote(url: str) -> BufferedReader:
    stream = open_remote(url)
    # Many stores give streams that csv and io do not take.
    return stream if isinstance(stream, BufferedReader) else BufferedReader(cast(RawIOBase, stream))
