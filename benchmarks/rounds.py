"""Lets all contestants take turns, in several rounds, and sums up what came out."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from contestants import Booth, Entry, Task, Turn
from reading import Load, Reading
from tqdm import tqdm

from wasit.models.errors import InputError


@dataclass
class Record:
    """What a contestant did.

    Attributes:
        entry: Which one.
        load: How much work the pages were for it.
        start_seconds: What a single page takes; taken off every turn where the model is loaded in each.
        turns: One a round.
    """

    entry: Entry
    load: Load
    start_seconds: float = 0.0
    turns: list[Turn] = field(default_factory=list)

    def seconds(self) -> list[float]:
        """Seconds of each turn, without the start."""
        return [turn.seconds - self.start_seconds for turn in self.turns]

    def articles(self) -> list[float]:
        """Articles a second, in each round."""
        return self._rates([turn.count for turn in self.turns])

    def tokens(self) -> list[float]:
        """Tokens of text a second, in each round."""
        return self._rates([self.load.of(turn.count)[0] for turn in self.turns])

    def products(self) -> list[float]:
        """Floating point operations a second that went into tokens, not padding, in each round."""
        return self._rates([self.load.of(turn.count)[1] for turn in self.turns])

    def _rates(self, amounts: Sequence[float]) -> list[float]:
        return [amount / seconds for amount, seconds in zip(amounts, self.seconds(), strict=True)]

    def memory(self) -> int:
        """The peak of all turns, in bytes."""
        return max(turn.memory for turn in self.turns)

    def device_memory(self) -> int | None:
        """The same of a GPU."""
        peaks = [turn.device_memory for turn in self.turns if turn.device_memory is not None]
        return max(peaks, default=None)

    def waits(self) -> dict[str, float]:
        """Seconds that the engine's stages waited for one another, as it reported them; median over the rounds."""
        names = self.turns[0].waits
        return {name: statistics.median(turn.waits[name] for turn in self.turns) for name in names}


@dataclass(frozen=True)
class Outcome:
    """All rounds.

    Attributes:
        records: What each contestant did that took part to the end.
        left_out: Why the others did not.
        peaks: Operations a second of matrix products, by precision, in each round.
    """

    records: list[Record]
    left_out: dict[str, str]
    peaks: dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """How the rounds go.

    Attributes:
        rounds: How many.
        warm_up: Pages of the run that is not timed.
        limit_seconds: A slower contestant does only so many of the first pages that its turn takes about so long.
    """

    rounds: int
    warm_up: int
    limit_seconds: float | None


def play(
    entries: Sequence[Entry],
    task: Task,
    reading: Reading,
    plan: Plan,
    measure_peak: Callable[[str], float],
) -> Outcome:
    """Runs all rounds. The order turns by one from round to round.

    Args:
        entries: Who takes part.
        task: What they do.
        reading: How much work that is.
        plan: How the rounds go.
        measure_peak: Gives the operations a second of matrix products in a precision; asked in every round.
    """
    game = _Game(task, reading, plan)
    dtypes = sorted({entry.dtype for entry in entries} - {"int8"})
    peaks: dict[str, list[float]] = {dtype: [] for dtype in dtypes}
    with tqdm(total=len(entries) * (1 + plan.rounds), unit=" turns", disable=None) as bar:
        for entry in entries:
            bar.set_description(str(entry))
            game.admit(entry)
            bar.update()
        for number in range(plan.rounds):
            for dtype in dtypes:
                peaks[dtype].append(measure_peak(dtype))
            for entry in game.order(number):
                bar.set_description(str(entry))
                game.turn(entry)
                bar.update()
    game.end()
    return Outcome(list(game.records.values()), game.left_out, peaks)


class _Game:
    """Those who take part; one that fails leaves, and the others go on."""

    def __init__(self, task: Task, reading: Reading, plan: Plan) -> None:
        self.records: dict[Entry, Record] = {}
        self.left_out: dict[str, str] = {}
        self._task = task
        self._reading = reading
        self._plan = plan
        self._booths: dict[Entry, Booth] = {}
        self._counts: dict[Entry, int] = {}

    def admit(self, entry: Entry) -> None:
        reason = entry.why_left_out(self._task.device)
        if reason is not None:
            self.left_out[str(entry)] = reason
            return
        self.records[entry] = Record(entry, self._reading.own if entry.is_own else self._reading.peers)
        try:
            self._booths[entry] = Booth(entry, self._task)
            self._counts[entry] = self._warm_up(entry)
        except Exception as error:
            self._drop(entry, error)

    def order(self, number: int) -> list[Entry]:
        playing = list(self.records)
        first = number % max(1, len(playing))
        return [*playing[first:], *playing[:first]]

    def turn(self, entry: Entry) -> None:
        record = self.records[entry]
        try:
            turn = self._booths[entry].turn(self._counts[entry])
            if turn.seconds < 2 * record.start_seconds:
                raise InputError(
                    f"too few pages to tell the speed: {turn.count} took {turn.seconds:.1f} s, "
                    f"of which loading may be {record.start_seconds:.1f} s"
                )
            record.turns.append(turn)
        except Exception as error:
            self._drop(entry, error)

    def end(self) -> None:
        for booth in self._booths.values():
            booth.leave()

    def _warm_up(self, entry: Entry) -> int:
        """Has a contestant do a few pages, and tells how many it does in a turn."""
        booth, plan, pages = self._booths[entry], self._plan, len(self._reading.pages)
        few = min(plan.warm_up, pages)
        booth.turn(few)
        start = booth.turn(1).seconds if entry.loads_each_time else 0.0
        self.records[entry].start_seconds = start
        count = pages
        if plan.limit_seconds is not None:
            # With few pages, loading may take up all the time: then all pages are done.
            seconds = booth.turn(few).seconds - start
            count = min(pages, max(1, int(few * plan.limit_seconds / seconds))) if seconds > 0 else pages
        if entry.compiled:
            # Rows of other lengths may have to be compiled anew.
            booth.turn(count)
        return count

    def _drop(self, entry: Entry, error: Exception) -> None:
        del self.records[entry]
        if entry in self._booths:
            self._booths.pop(entry).leave()
        self.left_out[str(entry)] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest and largest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratios(outcome: Outcome) -> dict[str, dict[str, dict[str, float]]]:
    """How many times as many tokens a second wasit does, round by round; by the other's name and its own."""
    own = [record for record in outcome.records if record.entry.is_own]
    return {str(other.entry): {str(one.entry): _ratio(one, other) for one in own} for other in outcome.records}


def _ratio(one: Record, other: Record) -> dict[str, float]:
    return spread([fast / slow for fast, slow in zip(one.tokens(), other.tokens(), strict=True)])


def summary(record: Record, outcome: Outcome) -> dict[str, Any]:
    """A contestant's numbers, as JSON holds them."""
    peaks = outcome.peaks.get(record.entry.dtype)
    share = None
    if peaks is not None:
        share = spread([done / peak for done, peak in zip(record.products(), peaks, strict=True)])
    return {
        "contestant": str(record.entry),
        "own": record.entry.is_own,
        "pages": record.turns[0].count,
        "seconds": [turn.seconds for turn in record.turns],
        "start_seconds": record.start_seconds,
        "articles_per_second": spread(record.articles()),
        "tokens_per_second": spread(record.tokens()),
        "share_of_matmul_peak": share,
        "peak_memory_bytes": record.memory(),
        "peak_device_memory_bytes": record.device_memory(),
        "waits_seconds": record.waits(),
        "difference_to_first_peer": _difference(record, outcome),
    }


def _difference(record: Record, outcome: Outcome) -> float | None:
    """Largest difference of a peer's probability to that of the first peer: whether all do the same work."""
    first = next((one.turns[0].scores for one in outcome.records if one.turns[0].scores is not None), None)
    own = record.turns[0].scores
    if own is None or first is None:
        return None
    shared = min(len(own), len(first))
    return float(np.abs(own[:shared] - first[:shared]).max())
