"""Where the files of a run stand, and what earlier runs left there."""

from dataclasses import dataclass
from typing import Any

from wasit.inference.account import ChunkCounts
from wasit.inference.file_names import JOURNAL_FOLDER
from wasit.inference.journal import Journal, is_identity, read_json
from wasit.inference.store import Store
from wasit.inference.writers import PartForm, is_part, part_name
from wasit.models.errors import InputError


@dataclass(frozen=True)
class Places:
    """Where the files of a run stand.

    Attributes:
        final: The folder of what stays when the run is finished.
        result: Name of the single file that the rows go to; none if they stay in parts.
        rejects: Name of the file of rejections.
        run: Name of the account of the run.
        parts: The folder of the parts and of the journal; the same as ``final`` if the rows stay in parts.
        form: What the parts are.
    """

    final: Store
    result: str | None
    rejects: str
    run: str
    parts: Store
    form: PartForm

    def __str__(self) -> str:
        """What the user calls the output."""
        return str(self.final) if self.result is None else self.final.place(self.result)

    @property
    def journal(self) -> Journal:
        """The journal of the run."""
        return Journal(self.parts.folder(JOURNAL_FOLDER))

    def part_names(self) -> list[str]:
        """The parts that are there, finished or not."""
        return [name for name in self.parts.contents() if is_part(name)]

    def done(self) -> dict[int, ChunkCounts]:
        """The chunks that need not be done again: the journal has them, and their parts are there."""
        sizes = self.parts.contents()
        entries = self.journal.entries()
        return {
            one.number: one.counts for one in entries if sizes.get(part_name(one.number, self.form)) == one.size
        }

    def finished(self) -> dict[str, Any] | None:
        """The account of the run that is finished here, or None if there is none."""
        values = read_json(self.final, self.run)
        if not is_identity(values) or "parts" not in values:
            return None
        whole = (
            len(self.part_names()) == values["parts"]
            if self.result is None
            else self.final.size(self.result) is not None
        )
        return values if whole else None

    def is_taken(self) -> bool:
        """Whether there is something that can neither be gone on with nor be replaced without asking."""
        if self.finished() is not None or self.journal.identity() is not None:
            return False
        if self.result is not None:
            return bool(self.final.size(self.result))
        return any(name != JOURNAL_FOLDER for name in self.final.contents())

    def clear(self) -> None:
        """Removes what earlier runs left, but not the single file that the result will take the place of.

        Raises:
            InputError: If files of others have the names of ours.
        """
        if self.result is None and not self._is_ours():
            names = self.final.contents()
            if found := next((name for name in names if is_part(name) or name in (self.rejects, self.run)), None):
                raise InputError(
                    f"--output: {self.final.place(found)} is not of a run of wasit; name another folder"
                )
        # From here to the end there is a sign that what is still there is ours.
        self.journal.void()
        self.final.remove([self.run, self.rejects])
        self.parts.remove(self.part_names())

    def tidy(self) -> None:
        """Removes what killed processes left half written."""
        self.parts.tidy()
        self.journal.store.tidy()

    def remove_working_files(self) -> None:
        """Leaves what stays when the run is finished."""
        self.tidy()
        if self.result is not None:
            self.parts.remove(self.part_names())
        self.journal.remove()
        if self.result is not None:
            self.parts.discard()

    def _is_ours(self) -> bool:
        values = read_json(self.final, self.run)
        return self.journal.exists() or ("version" in values and "counts" in values)
