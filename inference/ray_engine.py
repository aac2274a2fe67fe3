"""Runs chunks through the stages on Ray Data, on this machine or on all of a cluster; needs the extra ``ray``.

One task reads, on the machine of the command. Without GPUs each worker does whole chunks, with one thread. With
GPUs the workers encode and write, and each GPU has an actor that runs the network. Every machine must have the
same packages and find the model under the same name.
"""

import logging
import os
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from wasit.inference.core import CorePlan, plan_cores
from wasit.inference.engine import EngineError, Work
from wasit.inference.interruption import Interruption
from wasit.inference.ray_gate import Gate
from wasit.inference.stages import Settings
from wasit.models.errors import InputError
from wasit.models.text_side import TextSide

# Ray reads these when it is imported: it reports nothing, does not copy the folder of the command to its workers,
# and keeps to itself what it has to say about its own ways.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

try:
    import ray
    from ray.data import ActorPoolStrategy, DataContext, Dataset, Datasource, ReadTask, read_datasource
    from ray.data.block import BlockMetadata
    from ray.exceptions import RayError, RayTaskError

    from wasit.inference.ray_stages import Encoding, Kit, Running, Step, StepActor, Writing, read, values
except ImportError as error:
    raise InputError("--engine: found 'ray', which is not installed: pip install \"wasit[ray]\"") from error

_ADDRESS = "RAY_ADDRESS"
_NODE = "ray.io/node-id"
_STANDARD_ERROR = 2
_CHUNKS_PER_CORE = 2
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_TO_ANSWER = 10


@contextmanager
def on_ray(workers: int | None = None) -> Iterator[None]:
    """Connects to the Ray that ``RAY_ADDRESS`` names, or else starts one on this machine, for the block.

    A Ray that this process is connected to already is used, and left as it is.

    Args:
        workers: As many processors the one that is started counts on; all of the machine without it.

    Raises:
        InputError: If there is no Ray at that address, or there are to be no workers.
    """
    if workers == 0:
        raise InputError("--workers: found 0; allowed with --engine ray: at least 1")
    talking = logging.getLogger("ray.data")
    level = talking.level
    talking.setLevel(logging.CRITICAL)
    ours = not ray.is_initialized()
    try:
        with warnings.catch_warnings():
            # It warns of less input than workers, for one.
            warnings.filterwarnings("ignore", module=r"ray\.")
            if ours:
                with _muted():
                    _connect(os.environ.get(_ADDRESS), workers)
            yield
    finally:
        if ours:
            ray.shutdown()
        talking.setLevel(level)


@contextmanager
def _muted() -> Iterator[None]:
    """Drops what Ray writes past Python: that it was told to be quiet."""
    kept = os.dup(_STANDARD_ERROR)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)


def _connect(address: str | None, workers: int | None) -> None:
    connect = partial(ray.init, log_to_driver=False, logging_level=logging.CRITICAL)
    if not address:
        connect("local", num_cpus=workers, include_dashboard=False)
        return
    try:
        host, _, port = address.rpartition(":")
        if host and port.isdecimal() and "://" not in address:
            # Ray itself tries for minutes.
            socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_ANSWER).close()
        connect(address)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{_ADDRESS}: found {address!r}, where no Ray can be reached: {reason}") from error


def plan_cores_on_ray(model: str, device: str, dtype: str, backend: str = "torch") -> tuple[CorePlan, ...]:
    """Plans a core for every GPU of the cluster, or the one that each worker has if there is none.

    Args:
        model: Name of the model.
        device: ``auto``, ``cpu`` or ``cuda``.
        dtype: As ``pick_dtype`` takes it.
        backend: ``torch``, or ``openvino``, which runs on a CPU.

    Raises:
        InputError: If there is no such device or precision, or the backend does not run on it.
    """
    gpus = int(ray.cluster_resources().get("GPU", 0))
    allowed = ["auto", "cpu", *(["cuda"] if gpus else [])]
    if device not in allowed:
        raise InputError(f"--device: found {device!r}; allowed with --engine ray here: {', '.join(allowed)}")
    if device == "cpu" or not gpus or (device, backend) == ("auto", "openvino"):
        (plan,) = plan_cores(model, "cpu", dtype, backend)
        return (replace(plan, threads=1),)
    # This machine may have none.
    on_gpu = ray.remote(_plan_on_gpu).options(num_cpus=0, num_gpus=1)
    with _told():
        plan = ray.get(on_gpu.remote(model, dtype, backend))
    return (plan,) * gpus


def _plan_on_gpu(model: str, dtype: str, backend: str) -> CorePlan:
    (plan,) = plan_cores(model, "cuda:0", dtype, backend)
    return plan


class EngineOnRay:
    """Does chunks on Ray, inside ``on_ray``.

    Args:
        side: The model without its network.
        settings: How documents are classified.
        plans: From ``plan_cores_on_ray``.
        workers: How many processes encode and write, and run the network if there are no GPUs; one for each
            processor without it.
    """

    def __init__(
        self, side: TextSide, settings: Settings, plans: Sequence[CorePlan], workers: int | None = None
    ) -> None:
        """Starts nothing yet."""
        self.device, self.dtype = plans[0].device, plans[0].dtype
        self.waits: dict[str, float] = {}
        self._side, self._settings, self._plans = side, settings, plans
        self._on_gpus = self.device != "cpu"
        self._workers = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))

    def load(self) -> None:
        """Loads the model here, once, to see that it can be loaded.

        Raises:
            InputError: If it is not there.
        """
        replace(self._plans[0], device="cpu").load()

    def run(self, work: Work) -> None:
        """Does all chunks.

        Raises:
            InputError: If a machine of the cluster lacks the model, or does not see the output.
            EngineError: If processes were killed again and again.
        """
        cores = len(self._plans) if self._on_gpus else self._workers
        gate = _make_gate(_CHUNKS_PER_CORE * cores + self._on_gpus * self._workers)
        try:
            with DataContext.current(_context()), _closing_when_asked(gate, work.interruption), _told():
                receipts = self._dataset(work, gate)
                for block in receipts.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
                    for receipt in values(block):
                        work.took(receipt)
                        work.progress(receipt.counts.documents)
                        if work.interruption.asked:
                            gate.close.remote()
                        gate.leave.remote()
        finally:
            ray.kill(gate)

    def end(self, at_once: bool = False) -> None:
        """Leaves nothing to do: the processes of a run end with it, and all others with ``on_ray``."""

    def _dataset(self, work: Work, gate: Any) -> Dataset:
        kit = Kit(str(Path.cwd()), self._side, self._settings, self._plans[0], work.writer, gate)
        chunks = read_datasource(
            _Chunks(partial(read, ray.put(work.reader), gate, kit.folder)),
            override_num_blocks=1,
            # It takes little of a processor, and must not take the place of a worker.
            num_cpus=0,
            label_selector=_here(),
        )
        if not self._on_gpus:
            return _mapped(chunks, kit, (Encoding, Running, Writing), self._workers, num_cpus=1)
        encoded = _mapped(chunks, kit, (Encoding,), self._workers, num_cpus=0.5)
        answered = _mapped(encoded, kit, (Running,), len(self._plans), num_cpus=0, num_gpus=1)
        return _mapped(answered, kit, (Writing,), self._workers, num_cpus=0.5)


class _Chunks(Datasource):
    """Reads chunks, a block each, in one task."""

    def __init__(self, read_all: Callable[[], Iterator[Any]]) -> None:
        super().__init__()
        self._read_all = read_all

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: DataContext | None = None
    ) -> list[ReadTask]:
        unknown = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
        return [ReadTask(self._read_all, unknown)]


def _mapped(
    dataset: Dataset, kit: Kit, steps: tuple[Step, ...], actors: int, num_cpus: float, num_gpus: float = 0
) -> Dataset:
    return dataset.map_batches(
        StepActor,
        fn_constructor_args=(kit, *steps),
        batch_size=1,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=actors),
        num_cpus=num_cpus,
        num_gpus=num_gpus,
    )


def _make_gate(room: int) -> Any:
    remote: Any = ray.remote(Gate)
    return remote.options(num_cpus=0, label_selector=_here()).remote(room)


def _here() -> dict[str, str]:
    """On the machine of the command, where its inputs are."""
    return {_NODE: ray.get_runtime_context().get_node_id()}


def _context() -> DataContext:
    context = DataContext.get_current().copy()
    # A block for each chunk, whatever its size.
    context.target_max_block_size = 1
    # A chunk may take long.
    context.execution_no_progress_timeout_s = -1
    context.raise_original_map_exception = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    return context


@contextmanager
def _closing_when_asked(gate: Any, interruption: Interruption) -> Iterator[None]:
    """Closes the gate when the user asks to stop, while the main thread waits for Ray."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LOOKS):
            if interruption.asked:
                gate.close.remote()
                return

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


@contextmanager
def _told() -> Iterator[None]:
    """Raises what went wrong in another process as if it had been in this one."""
    try:
        yield
    except RayError as error:
        raise _first(error) from None


def _first(error: Exception) -> Exception:
    while isinstance(error, RayTaskError):
        error = error.cause
    if not isinstance(error, RayError):
        return error
    reason = " ".join(str(error).split())
    return EngineError(f"Ray lost a process: the same command goes on from here ({reason})")
