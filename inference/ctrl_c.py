"""Ctrl-C, handled in another way for a while."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c_handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Gives Ctrl-C to a handler inside the block, where that can be done: in the main thread.

    Args:
        handler: Is called with the number of the signal and the frame that it interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
