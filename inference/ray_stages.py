"""What Ray's processes do with chunks.

From one to the next goes a table with one row: the number of a chunk, and what became of it so far.
"""

import os
import pickle
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import ray

from wasit.inference.chunks import ChunkReader
from wasit.inference.core import CorePlan
from wasit.inference.engine import EngineError
from wasit.inference.file_names import JOURNAL_FOLDER
from wasit.inference.journal import Journal
from wasit.inference.residents import calm_libraries
from wasit.inference.stages import Settings
from wasit.inference.workers import ClosedChunk, Worker
from wasit.inference.writers import PartWriter, Receipt, Writer
from wasit.models.encoded import EncodedArticles
from wasit.models.errors import InputError
from wasit.models.prediction import Logits
from wasit.models.text_side import TextSide

_NUMBER, _VALUE = "number", "value"
_ATTEMPTS = 4


@dataclass(frozen=True)
class Kit:
    """What all processes of a run need.

    Attributes:
        folder: That the command was given in.
        side: The model without its network.
        settings: How documents are classified.
        plan: The core.
        writer: Where the rows go.
        gate: The actor of the ``Gate``.
    """

    folder: str
    side: TextSide
    settings: Settings
    plan: CorePlan
    writer: Writer
    gate: Any

    @cached_property
    def worker(self) -> Worker:
        """Encodes and writes."""
        return Worker(self.side, self.settings)


def read(reader: Any, gate: Any, folder: str) -> Iterator[pa.Table]:
    """Yields chunks as long as they may begin.

    Args:
        reader: Reference to the ``ChunkReader``.
        gate: The actor of the ``Gate``.
        folder: That the command was given in.
    """
    _settle(folder)
    chunks: ChunkReader = ray.get(reader)
    for chunk in chunks:
        if not ray.get(gate.enter.remote(chunk.number)):
            return
        closed = ClosedChunk(len(chunk.items), pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL))
        yield _block(chunk.number, closed)


class Encoding:
    """Encodes chunks."""

    def __init__(self, kit: Kit) -> None:
        """Makes the stage."""
        self._worker = kit.worker

    def __call__(self, chunk: ClosedChunk) -> tuple[EncodedArticles, bytes]:
        """Gives what the core needs, and what writing needs."""
        return self._worker.encode(chunk)


class Running:
    """Runs the network."""

    def __init__(self, kit: Kit) -> None:
        """Loads it.

        Raises:
            InputError: If the model is not on this machine.
        """
        self._core = kit.plan.load()

    def __call__(self, encoded: tuple[EncodedArticles, bytes]) -> tuple[bytes, Logits]:
        """Gives the answers, and what writing needs."""
        articles, texts = encoded
        return texts, self._core.run(articles)


class Writing:
    """Writes chunks. A chunk that is written twice is the same: it appears whole, under the same name."""

    def __init__(self, kit: Kit) -> None:
        """Looks for the place to write to.

        Raises:
            InputError: If this machine does not see it.
        """
        self._worker, self._writer = kit.worker, kit.writer
        if not isinstance(self._writer, PartWriter):
            return
        store = self._writer.store
        if not Journal(store.folder(JOURNAL_FOLDER)).exists():
            raise InputError(
                f"--output: {store} is not seen from {platform.node()}; allowed with --engine ray: "
                "a folder that all its machines share, or a URL such as s3://bucket/folder"
            )

    def __call__(self, answered: tuple[bytes, Logits]) -> Receipt:
        """Gives the receipt."""
        return self._worker.write(*answered, self._writer)


Step = type[Encoding] | type[Running] | type[Writing]


class StepActor:
    """Takes chunks through some steps.

    Args:
        kit: Of the run.
        *steps: What is done here.
    """

    def __init__(self, kit: Kit, *steps: Step) -> None:
        """Makes the steps."""
        _settle(kit.folder)
        self._gate = kit.gate
        self._name = steps[0].__name__
        self._steps: list[Callable[[Any], Any]] = [step(kit) for step in steps]

    def __call__(self, block: pa.Table) -> pa.Table:
        """Does them.

        Raises:
            EngineError: If the chunk was begun here too often, since whatever does it gets killed.
        """
        number = block[_NUMBER][0].as_py()
        if ray.get(self._gate.attempt.remote(number, self._name)) > _ATTEMPTS:
            raise EngineError(
                f"{_ATTEMPTS} processes were killed at chunk {number}, perhaps for lack of memory: "
                "the same command goes on from here"
            )
        (value,) = values(block)
        for step in self._steps:
            value = step(value)
        return _block(number, value)


def values(block: pa.Table) -> list[Any]:
    """What is in a block: one value, or none if there were no chunks at all."""
    return [pickle.loads(one.as_buffer()) for one in block[_VALUE]] if block.num_rows else []


def _block(number: int, value: object) -> pa.Table:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return pa.table({_NUMBER: [number], _VALUE: pa.array([data], pa.binary())})


def _settle(folder: str) -> None:
    """Prepares a process: paths mean the same as in the command, and it computes with one thread."""
    if Path(folder).is_dir():
        os.chdir(folder)
    calm_libraries(threads=1)
