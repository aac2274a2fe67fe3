"""Runs chunks through encode, core and decode: here one after another, or overlapped in processes.

In processes, one reads, several encode and write, and each device has one that runs the network. The process that
coordinates them computes nothing: it hands on blocks of bytes and flat arrays. So many chunks are under way that
no device waits, and no more, so that the memory needed does not grow with the input.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from wasit.inference.chunks import ChunkReader
from wasit.inference.core import CorePlan, CountedCore
from wasit.inference.interruption import Interruption
from wasit.inference.residents import Residents, process_context
from wasit.inference.stages import Settings, Stages
from wasit.inference.workers import ClosedChunk, Reading, Worker
from wasit.inference.writers import Receipt, Writer
from wasit.models.errors import WasitError
from wasit.models.text_side import TextSide

T = TypeVar("T")

# One that runs and one that waits, so that a device need not.
_CHUNKS_PER_CORE = 2
_READ_AHEAD = 2
_SECONDS_BETWEEN_REPORTS = 0.5
_KILLED = "a process was killed, perhaps for lack of memory: the same command goes on from here"
_CHUNKS_WAITED = "chunks for a core"
_CORES_WAITED = "cores for a chunk"


class EngineError(WasitError):
    """The engine lost one of its processes."""


@dataclass(frozen=True)
class Work:
    """What the engine is to do.

    Attributes:
        reader: What is to be done.
        writer: Where it goes.
        interruption: Whether to begin no further chunk.
        took: Told of every chunk that is done, in any order.
        progress: Told now and then how many documents more are done, or nearly so.
    """

    reader: ChunkReader
    writer: Writer
    interruption: Interruption
    took: Callable[[Receipt], object]
    progress: Callable[[float], object] = lambda documents: None


class Engine(Protocol):
    """Takes chunks and writes their parts.

    Attributes:
        device: Where the network runs, or the first of several such places.
        dtype: Name of the precision that it runs in.
        waits: Seconds that chunks waited for cores, and cores for chunks, as far as that is known.
    """

    device: str
    dtype: str
    waits: dict[str, float]

    def load(self) -> None:
        """Loads the model."""

    def run(self, work: Work) -> None:
        """Does all chunks, unless interrupted."""

    def end(self, at_once: bool = False) -> None:
        """Frees what was loaded; if need be without waiting for what is under way."""


class EngineHere:
    """Does one thing after another, in this process: what little input needs.

    Args:
        side: The model without its network.
        settings: How documents are classified.
        plan: The core.
    """

    def __init__(self, side: TextSide, settings: Settings, plan: CorePlan) -> None:
        """Loads nothing yet."""
        self.device, self.dtype = plan.device, plan.dtype
        self.waits: dict[str, float] = {}
        self._stages = Stages.of(side, settings)
        self._plan = plan

    def load(self) -> None:
        """Loads the model.

        Raises:
            InputError: If model or device are not there.
        """
        self._core = self._plan.load()

    def run(self, work: Work) -> None:
        """Does all chunks."""
        for chunk in work.reader:
            if work.interruption.asked:
                return
            encoded = self._stages.encode(chunk)
            report = partial(_report, work, len(chunk.items), encoded.articles.count)
            logits = self._core.run(encoded.articles, report)
            work.took(self._stages.write(encoded.texts, logits, work.writer))

    def end(self, at_once: bool = False) -> None:
        """Leaves nothing to do."""


def _report(work: Work, documents: int, articles: int, done: int) -> None:
    work.progress(documents * done / articles)


class EngineInProcesses:
    """Reads, encodes, runs and writes at the same time.

    Args:
        side: The model without its network.
        settings: How documents are classified.
        plans: The cores, one for each device.
        workers: How many processes encode and write.
    """

    def __init__(self, side: TextSide, settings: Settings, plans: Sequence[CorePlan], workers: int) -> None:
        """Starts nothing yet."""
        self.device, self.dtype = plans[0].device, plans[0].dtype
        self.waits = {_CHUNKS_WAITED: 0.0, _CORES_WAITED: 0.0}
        self._done = process_context().Value("d", 0.0)
        self._workers = Residents(workers, partial(Worker, side, settings))
        self._cores = [Residents(1, partial(CountedCore, plan, self._done), plan.threads) for plan in plans]
        self._under_way = _CHUNKS_PER_CORE * len(plans) + workers

    def load(self) -> None:
        """Loads the model on every device.

        Raises:
            InputError: If model or device are not there.
            EngineError: If a process was killed.
        """
        for loaded in [core.ask(CountedCore.check) for core in self._cores]:
            try:
                loaded.result()
            except BrokenProcessPool as error:
                raise EngineError(_KILLED) from error

    def run(self, work: Work) -> None:
        """Does all chunks.

        Raises:
            EngineError: If a process was killed.
        """
        reading = Residents(1, partial(Reading, work.reader))
        try:
            asyncio.run(self._run(work, reading))
        except ExceptionGroup as group:
            raise _first(group) from None
        finally:
            # It may be far ahead, and nobody waits for what it reads.
            reading.end(at_once=True)

    def end(self, at_once: bool = False) -> None:
        """Ends the processes."""
        self._workers.end(at_once)
        for core in self._cores:
            core.end(at_once)

    async def _run(self, work: Work, reading: Residents[Reading]) -> None:
        async with asyncio.TaskGroup() as tasks:
            reports = tasks.create_task(self._report(work))
            await self._do_all(work, reading)
            reports.cancel()
        work.progress(self._take_done())

    async def _do_all(self, work: Work, reading: Residents[Reading]) -> None:
        room = asyncio.Semaphore(self._under_way)
        cores: asyncio.Queue[_BusyCore] = asyncio.Queue()
        for core in [_BusyCore(core) for core in self._cores] * _CHUNKS_PER_CORE:
            cores.put_nowait(core)
        async with asyncio.TaskGroup() as chunks:
            async for chunk in _read(reading):
                await room.acquire()
                if work.interruption.asked:
                    return
                chunks.create_task(self._do(chunk, cores, work)).add_done_callback(lambda _: room.release())

    async def _do(self, chunk: ClosedChunk, cores: asyncio.Queue["_BusyCore"], work: Work) -> None:
        articles, texts = await _answer(self._workers.ask(Worker.encode, chunk))
        encoded = time.monotonic()
        core = await cores.get()
        self.waits[_CHUNKS_WAITED] += time.monotonic() - encoded
        self.waits[_CORES_WAITED] += core.begin()
        logits = await _answer(core.residents.ask(CountedCore.run, articles, chunk.documents))
        core.finish()
        cores.put_nowait(core)
        work.took(await _answer(self._workers.ask(Worker.write, texts, logits, work.writer)))

    async def _report(self, work: Work) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_REPORTS)
            work.progress(self._take_done())

    def _take_done(self) -> float:
        with self._done.get_lock():
            done: float = self._done.value
            self._done.value = 0.0
        return done


class _BusyCore:
    """A core, and since when it has nothing to do."""

    def __init__(self, residents: Residents[CountedCore]) -> None:
        self.residents = residents
        self._chunks = 0
        self._idle_since = time.monotonic()

    def begin(self) -> float:
        """Notes that it gets a chunk; gives the seconds that it had none."""
        idle = 0.0 if self._chunks else time.monotonic() - self._idle_since
        self._chunks += 1
        return idle

    def finish(self) -> None:
        """Notes that it has done a chunk."""
        self._chunks -= 1
        self._idle_since = time.monotonic()


async def _read(reading: Residents[Reading]) -> AsyncIterator[ClosedChunk]:
    ahead = deque(reading.ask(Reading.next) for _ in range(_READ_AHEAD))
    while (chunk := await _answer(ahead.popleft())) is not None:
        ahead.append(reading.ask(Reading.next))
        yield chunk


async def _answer(future: Future[T]) -> T:
    return await asyncio.wrap_future(future)


def _first(group: ExceptionGroup) -> BaseException:
    """The error that stopped everything."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, BrokenProcessPool):
        return EngineError(_KILLED)
    return error
