"""A folder that files are put into whole, wherever it is."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO


class Store(ABC):
    """A folder that files are put into whole: a file that stands under its name is never half of itself.

    A store can be pickled and costs nothing until it is used. Its folder appears with the first file.
    """

    @abstractmethod
    def __str__(self) -> str:
        """What the user calls the folder."""

    @abstractmethod
    def folder(self, name: str) -> "Store":
        """The store of a folder in this one."""

    @abstractmethod
    def contents(self) -> dict[str, int | None]:
        """Names of the files in it with their bytes, and of the folders in it with None; empty if it is not there.

        Raises:
            InputError: If it cannot be listed.
        """

    @abstractmethod
    def read(self, names: Iterable[str]) -> Iterator[bytes]:
        """Yields the contents of files, in order.

        Raises:
            InputError: If one cannot be read.
        """

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Writes a file and replaces the one of that name, if there is one.

        Raises:
            InputError: If it cannot be written.
        """

    @abstractmethod
    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """Opens a file for writing, which may be larger than memory; it appears when the block ends well.

        Raises:
            InputError: If it cannot be written.
        """

    @abstractmethod
    def remove(self, names: Iterable[str]) -> None:
        """Removes files; those that are not there are passed over.

        Raises:
            InputError: If one cannot be removed.
        """

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Bytes of a file, or None if it is not there.

        Raises:
            InputError: If that cannot be told.
        """

    @abstractmethod
    def tidy(self) -> None:
        """Removes what a process that was killed left half written.

        Raises:
            InputError: If it cannot be removed.
        """

    @abstractmethod
    def discard(self) -> None:
        """Removes the folder itself if nothing is in it."""

    def place(self, name: str) -> str:
        """What the user calls a file in it."""
        return f"{self}/{name}"
