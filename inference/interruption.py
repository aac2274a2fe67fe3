"""Ctrl-C asks a run to end at a good place; a second one ends it at once."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from wasit.inference.ctrl_c import ctrl_c_handled
from wasit.models.errors import WasitError


class Interrupted(WasitError):  # noqa: N818 - it is what the user asked for
    """The user asked to stop before everything was done."""


class Interruption:
    """Whether the user asked to stop.

    Attributes:
        asked: True from the first Ctrl-C on.
    """

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.asked = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Handles the signal.

        Raises:
            KeyboardInterrupt: The second time.
        """
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        sys.stderr.write("\nstopping when what was begun is done; press Ctrl-C again to stop at once\n")


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Listens to Ctrl-C inside the block."""
    asked = Interruption()
    with ctrl_c_handled(asked.ask):
        yield asked
