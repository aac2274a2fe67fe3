"""Which articles share a row: as few rows as can be, each nearly full."""

from bisect import bisect_left, insort
from collections.abc import Sequence


def pack(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Deals items to rows by best-fit decreasing (Johnson 1974): each goes where it leaves the least room.

    The same lengths always give the same rows. With items that are short beside the budget, all rows but the last
    are full to a few tokens.

    Args:
        lengths: Tokens of each item, at least 1.
        budget: Tokens that a row may have; a longer item has a row of its own.

    Returns:
        The indexes of the items of each row, ascending, the rows in the order of their longest items.
    """
    rows: list[list[int]] = []
    # Room of each row with its number, the tightest first.
    room: list[tuple[int, int]] = []
    for item in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        length = lengths[item]
        place = bisect_left(room, (length, 0))
        if place < len(room):
            left, row = room.pop(place)
            rows[row].append(item)
        else:
            left, row = budget, len(rows)
            rows.append([item])
        if left > length:
            insort(room, (left - length, row))
    return [sorted(row) for row in rows]
