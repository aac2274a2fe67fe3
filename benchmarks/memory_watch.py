"""Watches how much memory processes need, from outside."""

import threading
from types import TracebackType

import psutil

_SECONDS_BETWEEN_LOOKS = 0.2


class MemoryWatch:
    """The peak of what a process and all below it hold at once.

    Memory that processes share is counted for each of them: it is an upper bound.

    Args:
        process: The topmost process.
    """

    def __init__(self, process: psutil.Process) -> None:
        """Looks at nothing yet."""
        self.peak = 0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        """Begins to watch."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Looks a last time."""
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(_SECONDS_BETWEEN_LOOKS):
            self._look()

    def _look(self) -> None:
        held = 0
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                held += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        self.peak = max(self.peak, held)
