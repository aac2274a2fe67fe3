"""The network on its device, in a process of its own or in this one."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from typing import Protocol

import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.devices import DTYPES, pick_device, pick_dtype
from wasit.models.encoded import EncodedArticles
from wasit.models.errors import InputError
from wasit.models.openvino_core import OpenVinoCore
from wasit.models.prediction import Logits
from wasit.models.predictor import Predictor

_PROCESSORS_PER_WORKER = 16
_WORKERS_PER_GPU = 16


class Core(Protocol):
    """Turns flat arrays of token ids into logits."""

    def run(self, encoded: EncodedArticles, progress: Callable[[int], object] = lambda articles: None) -> Logits:
        """Runs the network over articles; tells now and then how many more are done."""


@dataclass(frozen=True)
class CorePlan:
    """Which core to load, and where.

    Attributes:
        model: Name of the model.
        device: ``cpu`` or ``cuda:N``.
        dtype: Name of the precision.
        backend: ``torch`` or ``openvino``.
        threads: Threads to compute with, on a CPU.
    """

    model: str
    device: str
    dtype: str
    backend: str = "torch"
    threads: int = 1

    def load(self) -> Core:
        """Loads it.

        Raises:
            InputError: If model, device or backend are not there.
        """
        checkpoint = Checkpoint.load(self.model, DTYPES[self.dtype])
        if self.backend == "openvino":
            return OpenVinoCore(checkpoint)
        return Predictor(checkpoint, pick_device(self.device))


def plan_cores(model: str, device: str, dtype: str, backend: str = "torch") -> tuple[CorePlan, ...]:
    """Plans a core for every GPU of this machine, or for the one device that is named.

    Args:
        model: Name of the model.
        device: ``auto`` and ``cuda`` for all GPUs, else as ``pick_device`` takes it.
        dtype: As ``pick_dtype`` takes it.
        backend: ``torch``, or ``openvino``, which runs on a CPU.

    Raises:
        InputError: If there is no such device or precision, or the backend does not run on it.
    """
    picked = pick_device("cpu" if (device, backend) == ("auto", "openvino") else device)
    if backend == "openvino" and picked.type != "cpu":
        raise InputError(f"--device: found {device!r}; allowed with --backend openvino: auto, cpu")
    precision = str(pick_dtype(dtype, picked)).removeprefix("torch.")
    if picked.type != "cuda":
        return (CorePlan(model, str(picked), precision, backend, torch.get_num_threads()),)
    devices = [str(picked)] if picked.index is not None else _all_gpus()
    return tuple(CorePlan(model, one, precision) for one in devices)


def fitting_workers(plans: Sequence[CorePlan]) -> int:
    """How many processes keep these cores busy.

    Encoding and writing an article takes a processor about 2 ms. A GPU reads thousands of articles a second, and
    needs all processors; a processor that runs the network itself needs a twentieth of its time.
    """
    processors = os.cpu_count() or 1
    if plans[0].device == "cpu":
        return max(1, processors // _PROCESSORS_PER_WORKER)
    return max(1, min(processors - len(plans) - 1, _WORKERS_PER_GPU * len(plans)))


def _all_gpus() -> list[str]:
    return [f"cuda:{index}" for index in range(torch.cuda.device_count())]


class CountedCore:
    """A core that tells other processes how far it is.

    Args:
        plan: Which core.
        done: Documents that all cores have done, or nearly so; shared.
    """

    def __init__(self, plan: CorePlan, done: "Synchronized[float]") -> None:
        """Loads it."""
        self._core = plan.load()
        self._done = done

    def check(self) -> None:
        """Being here, it was loaded."""

    def run(self, encoded: EncodedArticles, documents: int) -> Logits:
        """Runs the network over the articles of so many documents."""

        def count(articles: int) -> None:
            with self._done.get_lock():
                self._done.value += articles * documents / encoded.count

        return self._core.run(encoded, count)
