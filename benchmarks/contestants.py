"""Who takes part, by name, each in a process of its own.

That keeps them apart: the peak of memory is a contestant's own, and one that fails takes no other with it.
"""

import multiprocessing
import re
import time
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import psutil
from answers import Answer, Contestant, FloatArray, Job, Peer
from memory_watch import MemoryWatch
from shapes import Models

from wasit.models.errors import InputError

_SPEC = re.compile(
    r"(?P<name>[a-z-]+?)(?:-(?P<batch>\d+))?(?:@(?P<row_tokens>\d+))?(?P<compiled>\+compile)?(?::(?P<dtype>\w+))?"
)
OWN = ("engine", "classify", "core", "openvino-core")
PEERS = ("pipeline", "sorted", "sentence-transformers", "fineweb-edu", "onnxruntime", "openvino")
_NEEDS = {
    "sentence-transformers": ("sentence_transformers",),
    "onnxruntime": ("onnxruntime", "onnx", "onnxscript"),
    "openvino": ("openvino",),
    "openvino-core": ("openvino", "wasit.models.openvino_core"),
}
_CPU_ONLY = ("onnxruntime", "openvino", "openvino-core")
_PRECISIONS = ("float32", "bfloat16", "float16", "int8")


@dataclass(frozen=True)
class Entry:
    """Who takes part.

    Attributes:
        name: Of ``OWN`` or ``PEERS``.
        dtype: Precision that it runs in.
        batch: Texts at once, for peers; its own default without it.
        row_tokens: Tokens of a packed row, for the core; its own default without it.
        compiled: Whether the core's network is compiled.
    """

    name: str
    dtype: str
    batch: int | None = None
    row_tokens: int | None = None
    compiled: bool = False

    @classmethod
    def parse(cls, text: str, dtype: str) -> "Entry":
        """Reads ``NAME[-BATCH][@TOKENS][+compile][:DTYPE]``, such as ``pipeline-8:float32`` or ``core@16384``.

        Args:
            text: What the user wrote.
            dtype: Precision where none is given.

        Raises:
            InputError: If there is no such contestant.
        """
        match = _SPEC.fullmatch(text)
        precision = (match and match["dtype"]) or dtype
        if match is None or match["name"] not in (*OWN, *PEERS) or precision not in _PRECISIONS:
            raise InputError(
                f"--contestants: found {text!r}; allowed: NAME[-BATCH][@TOKENS][+compile][:DTYPE] with a name of "
                f"{', '.join((*PEERS, *OWN))} and a precision of {', '.join(_PRECISIONS)}"
            )
        batch, row_tokens = (int(match[key]) if match[key] else None for key in ("batch", "row_tokens"))
        return cls(match["name"], precision, batch, row_tokens, match["compiled"] is not None)

    def __str__(self) -> str:
        """As it is written on the command line."""
        batch = f"-{self.batch}" if self.batch else ""
        row = f"@{self.row_tokens}" if self.row_tokens else ""
        return f"{self.name}{batch}{row}{'+compile' if self.compiled else ''}:{self.dtype}"

    @property
    def is_own(self) -> bool:
        """Whether it is wasit, and not a peer."""
        return self.name in OWN

    @property
    def loads_each_time(self) -> bool:
        """Whether the model is loaded in every turn."""
        return self.name == "classify"

    def why_left_out(self, device: str) -> str | None:
        """The reason why it cannot take part, or None."""
        if self.name in _CPU_ONLY and device != "cpu":
            return "measured on a CPU only"
        if self.dtype == "int8" and self.name != "onnxruntime":
            return "has no int8"
        missing = [name for name in _NEEDS.get(self.name, ()) if find_spec(name) is None]
        return f"not installed: {', '.join(missing)}" if missing else None


@dataclass(frozen=True)
class Task:
    """What all do.

    Attributes:
        models: The model in both forms.
        pages: With one article each.
        texts: Their articles.
        passages: What peers read of each article: the text as a whole, or each of its passages.
        device: ``cpu`` or ``cuda:N``.
        threads: To compute with on a CPU.
    """

    models: Models
    pages: tuple[str, ...]
    texts: tuple[str, ...]
    passages: tuple[tuple[str, ...], ...]
    device: str
    threads: int


@dataclass(frozen=True)
class Turn:
    """One timed run.

    Attributes:
        count: How many pages.
        seconds: From the first to the last answer, with everything the device still had to do.
        memory: Peak of the process and those below it, in bytes.
        device_memory: Peak of a GPU's memory, in bytes; None on a CPU.
        scores: Of a peer the probability of each label; (texts, labels).
        waits: Seconds that the engine's stages waited for one another, if it reports them.
    """

    count: int
    seconds: float
    memory: int
    device_memory: int | None
    scores: FloatArray | None
    waits: Mapping[str, float]


class Booth:
    """A contestant in its process.

    Args:
        entry: Which one.
        task: What it does.
    """

    def __init__(self, entry: Entry, task: Task) -> None:
        """Starts the process and loads the contestant.

        Raises:
            Exception: Whatever went wrong there.
        """
        self.entry = entry
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=enter, initargs=(task.threads,))
        self._process = psutil.Process(self._pool.submit(_load, entry, task).result())

    def turn(self, count: int) -> Turn:
        """Lets it do the first pages.

        Raises:
            Exception: Whatever went wrong there.
        """
        self._pool.submit(_prepare, count).result()
        with MemoryWatch(self._process) as watch:
            seconds, device_memory, answer = self._pool.submit(_run).result()
        return Turn(count, seconds, watch.peak, device_memory, answer.scores, answer.waits)

    def leave(self) -> None:
        """Ends the process."""
        self._pool.shutdown()


# In a contestant's process: its device, how it prepares pages, and what it has prepared.
_device: str = "cpu"
_contestant: Contestant
_job: Job


def enter(threads: int) -> None:
    """Prepares a process that computes."""
    import torch
    from transformers.utils import logging

    torch.set_num_threads(threads)
    # Of converting a model to other runtimes, of which the results are compared.
    warnings.filterwarnings("ignore")
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _load(entry: Entry, task: Task) -> int:
    global _contestant, _device
    _device = task.device
    _contestant = _make(entry, task)
    return multiprocessing.current_process().pid or 0


def _prepare(count: int) -> None:
    global _job
    _job = _contestant(count)


def _run() -> tuple[float, int | None, Answer]:
    import torch

    on_gpu = _device != "cpu"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(_device)
        torch.cuda.synchronize(_device)
    began = time.perf_counter()
    answer = _job()
    if on_gpu:
        torch.cuda.synchronize(_device)
    seconds = time.perf_counter() - began
    return seconds, torch.cuda.max_memory_reserved(_device) if on_gpu else None, answer


def _make(entry: Entry, task: Task) -> Contestant:
    import own

    models, device = task.models, task.device
    if entry.name == "engine":
        return own.engine(models, task.pages, device, entry.dtype)
    if entry.name == "classify":
        return own.command(models, task.pages, device, entry.dtype)
    if entry.name == "core":
        return own.core(models, task.texts, device, entry.dtype, entry.row_tokens, entry.compiled)
    if entry.name == "openvino-core":
        return own.openvino_core(models, task.texts, entry.dtype)
    return partial(_texts_for, _peer(entry, task), task)


def _texts_for(peer: Peer, task: Task, count: int) -> Job:
    texts = [passage for passages in task.passages[:count] for passage in passages]
    return lambda: Answer(peer(texts))


def _peer(entry: Entry, task: Task) -> Peer:
    import peers
    import runtimes

    if entry.name == "onnxruntime":
        return runtimes.onnxruntime_peer(task.models, task.threads, entry.dtype)
    if entry.name == "openvino":
        return runtimes.openvino_peer(task.models, task.threads, entry.dtype)
    makers = {
        "pipeline": peers.pipeline_peer,
        "sorted": peers.sorted_peer,
        "sentence-transformers": peers.sentence_transformers_peer,
        "fineweb-edu": peers.fineweb_edu_peer,
    }
    given = {} if entry.batch is None else {"batch": entry.batch}
    return makers[entry.name](task.models, task.device, entry.dtype, **given)
