"""A run on its output, from its first chunk to its account."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from wasit.inference.account import Account, ChunkCounts
from wasit.inference.assembly import write_rejections, write_rows
from wasit.inference.identity import Identity
from wasit.inference.journal import as_json
from wasit.inference.places import Places
from wasit.inference.writers import LineWriter, PartWriter, Receipt, Writer, rejection_lines


class Run(ABC):
    """A run that has begun.

    Attributes:
        writer: Takes the rows of chunks; it goes to the worker processes.
        done: The chunks that an earlier, interrupted run of the same identity has done, with their counts.
        account: Of the same run, if it is finished already: then there is nothing to do.
    """

    def __init__(
        self, writer: Writer, done: Mapping[int, ChunkCounts] | None = None, account: Account | None = None
    ) -> None:
        """Writes nothing yet."""
        self.writer = writer
        self.done: Mapping[int, ChunkCounts] = done or {}
        self.account = account

    @property
    @abstractmethod
    def how_to_go_on(self) -> str:
        """What is told when it is interrupted, behind how far it came."""

    @property
    def finished(self) -> bool:
        """Whether the same run is finished already."""
        return self.account is not None

    @abstractmethod
    def emit(self, receipt: Receipt) -> None:
        """Takes note, in the main process, of a chunk that is written; in any order of the chunks."""

    @abstractmethod
    def finish(self, account: Account, facts: Mapping[str, Any]) -> None:
        """Puts everything under its final name, and removes the working files.

        Args:
            account: Of all documents, those of ``done`` included.
            facts: What is told of the run besides its identity and account, as JSON holds it.

        Raises:
            InputError: If something cannot be read or written.
        """


class StoredRun(Run):
    """A run that writes files.

    Args:
        places: Where the files stand.
        identity: Of the run.
        schema: The columns.
        done: The chunks that are done.
        account: Of the finished run.
    """

    def __init__(
        self,
        places: Places,
        identity: Identity,
        schema: pa.Schema,
        done: Mapping[int, ChunkCounts] | None = None,
        account: Account | None = None,
    ) -> None:
        """Writes nothing yet."""
        super().__init__(PartWriter(places.parts, places.form), done, account)
        self._places = places
        self._identity = identity
        self._schema = schema

    @property
    def how_to_go_on(self) -> str:
        """Where the rest may be had; see ``Run.how_to_go_on``."""
        return ": the same command, without --overwrite, goes on from here"

    def emit(self, receipt: Receipt) -> None:
        """Leaves nothing to do, since the journal has it."""

    def finish(self, account: Account, facts: Mapping[str, Any]) -> None:
        """Puts everything under its final name; see ``Run.finish``."""
        places = self._places
        numbers = self._all_chunks(account)
        if places.result is not None:
            with places.final.stream(places.result) as stream:
                write_rows(places.parts, numbers, places.form, self._schema, stream)
        with places.final.stream(places.rejects) as stream:
            write_rejections(places.journal, stream)
        told = {**self._identity.to_dict(), **facts, **account.to_run(), "parts": len(numbers)}
        places.final.put(places.run, as_json(told))
        places.remove_working_files()

    def _all_chunks(self, account: Account) -> list[int]:
        counts = self._places.done()
        if not counts:
            # Without documents there still are columns, so that whatever reads the output finds a table.
            counts = {0: ChunkCounts()}
            self.writer.write(0, self._schema.empty_table(), (), counts[0])
        documents = sum(one.documents for one in counts.values())
        if list(counts) != list(range(len(counts))) or documents != account.documents:
            raise AssertionError(
                f"{account.documents} documents, but {documents} in {len(counts)} chunks up to {max(counts)}"
            )
        return list(counts)


class PrintedRun(Run):
    """A run that prints: rows on the standard output, rejections on the standard error stream."""

    def __init__(self) -> None:
        """Prints nothing yet."""
        super().__init__(LineWriter())
        self._early: dict[int, Receipt] = {}
        self._next = 0

    @property
    def how_to_go_on(self) -> str:
        """Nothing; see ``Run.how_to_go_on``."""
        return ""

    def emit(self, receipt: Receipt) -> None:
        """Prints a chunk as soon as those before it are printed."""
        self._early[receipt.number] = receipt
        while self._next in self._early:
            self._print(self._early.pop(self._next))
            self._next += 1

    def finish(self, account: Account, facts: Mapping[str, Any]) -> None:
        """Makes sure that everything is printed."""
        if self._early:
            raise AssertionError(f"chunk {self._next} was not printed, but {sorted(self._early)} were to follow")

    def _print(self, receipt: Receipt) -> None:
        sys.stderr.write(rejection_lines(receipt.rejections).decode())
        sys.stdout.buffer.write(receipt.lines)
        sys.stdout.buffer.flush()
