"""Objects that live in processes of their own and are asked to do one thing after another."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")

# In a process of such objects: how the object is made, and the object once it was asked for.
_build: Callable[[], Any] | None = None
_resident: Any = None


class Residents(Generic[T]):
    """Processes with an object each. They end with this process, however it ends.

    Args:
        size: How many processes.
        build: Makes the object, in the process, when it is first asked for something.
        threads: How many threads each process may compute with.
    """

    def __init__(self, size: int, build: Callable[[], T], threads: int = 1) -> None:
        """Starts nothing yet."""
        self._pool = ProcessPoolExecutor(
            size, mp_context=process_context(), initializer=_prepare, initargs=(build, threads)
        )

    def ask(self, method: Callable[Concatenate[T, P], R], *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Has a method called by whichever process is free next.

        Args:
            method: A function of the object's class, which gets the object first.
            *args: The other arguments.
            **kwargs: The same by name.
        """
        return self._pool.submit(partial(_call, method), *args, **kwargs)

    def end(self, at_once: bool = False) -> None:
        """Ends the processes.

        Args:
            at_once: Whatever they are at; otherwise when they have done it.
        """
        # From Python 3.14 on the pool has terminate_workers().
        processes = list(self._pool._processes.values())
        self._pool.shutdown(wait=not at_once, cancel_futures=True)
        for process in processes if at_once else ():
            process.terminate()


def process_context() -> ForkServerContext | SpawnContext:
    """How processes are started: from a server that has imported everything once, where there is such a thing."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["wasit.inference.stages"])
    return context


def _prepare(build: Callable[[], Any], threads: int) -> None:
    global _build
    _build = build
    # Ctrl-C reaches all processes of a terminal; the one that coordinates decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    calm_libraries(threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def calm_libraries(threads: int) -> None:
    """Prepares a process that others compute beside.

    Args:
        threads: How many threads it may compute with.
    """
    import pyarrow as pa
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(threads)
    pa.set_cpu_count(1)


def _call(method: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    global _resident
    if _resident is None:
        assert _build is not None
        _resident = _build()
    return method(_resident, *args, **kwargs)
