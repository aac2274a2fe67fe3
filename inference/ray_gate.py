"""Decides which chunks may begin on Ray; imports next to nothing, since it has a process of its own."""

import asyncio
from collections import Counter


class Gate:
    """Lets so many chunks be under way, and none when the user asked to stop.

    Args:
        room: How many.
    """

    def __init__(self, room: int) -> None:
        """Nothing has begun yet."""
        self._last, self._free, self._closed = -1, room, False
        self._changed = asyncio.Condition()
        self._attempts: Counter[tuple[int, str]] = Counter()

    async def enter(self, number: int) -> bool:
        """Waits until a chunk may begin, and tells whether it may.

        Args:
            number: Of the chunk. Numbers go up, except when Ray repeats the reading: then those that have begun
                may do so again.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: number <= self._last or self._closed or self._free > 0)
            if number > self._last and not self._closed:
                self._last = number
                self._free -= 1
            return number <= self._last

    async def leave(self) -> None:
        """Takes note that a chunk is done."""
        async with self._changed:
            self._free += 1
            self._changed.notify_all()

    async def close(self) -> None:
        """Lets no further chunk begin."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def attempt(self, number: int, what: str) -> int:
        """Counts how often something was begun with a chunk, this time included; Ray repeats what it lost.

        Args:
            number: Of the chunk.
            what: Is done with it.
        """
        self._attempts[number, what] += 1
        return self._attempts[number, what]
