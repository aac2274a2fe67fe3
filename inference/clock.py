"""The time that a run takes."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Clock:
    """When a run began.

    Attributes:
        began: As people tell it.
        ticks: As a difference tells it, in seconds.
    """

    began: datetime
    ticks: float

    @classmethod
    def start(cls) -> "Clock":
        """Begins now."""
        return cls(datetime.now(UTC), time.monotonic())

    def seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self.ticks

    def times(self) -> dict[str, str]:
        """Begin and end, which is now."""
        return {
            "started": self.began.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
