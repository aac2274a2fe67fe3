"""Where results go: what a user may name, and how a run begins there."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import fsspec
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from wasit.inference.account import Account
from wasit.inference.file_names import REJECTS_FILE, RUN_FILE
from wasit.inference.identity import Identity
from wasit.inference.local_store import LocalStore
from wasit.inference.places import Places
from wasit.inference.remote_store import RemoteStore, remote_errors_told
from wasit.inference.run import PrintedRun, Run, StoredRun
from wasit.inference.store import Store
from wasit.inference.writers import PartForm
from wasit.models.errors import InputError

STANDARD_OUTPUT = "-"

# Nobody means a folder by these.
_OTHER_FILES = (".csv", ".tsv", ".json", ".txt", ".xlsx", ".html", ".gz", ".zst", ".zip", ".arrow", ".feather")
_ALLOWED = "a folder, a file ending in .parquet or .jsonl, or -"
_SCHEME = "://"


class Kind(enum.Enum):
    """What the output is."""

    FOLDER = enum.auto()
    PARQUET = enum.auto()
    JSON_LINES = enum.auto()
    STANDARD_OUTPUT = enum.auto()


@dataclass(frozen=True)
class Output:
    """Where the results of a run go.

    Attributes:
        kind: What it is.
        path: Folder or file on a disk; of no meaning for the standard output.
        url: Folder or file elsewhere, in place of a path.
    """

    kind: Kind
    path: Path
    url: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Output":
        """Tells what the user means.

        Args:
            text: A folder, a file or ``-``; folder and file also as a URL that fsspec knows, such as
                ``s3://bucket/folder``.

        Raises:
            InputError: If it is a file that cannot be written, or a URL that cannot be reached.
        """
        if text == STANDARD_OUTPUT:
            return cls(Kind.STANDARD_OUTPUT, Path(text))
        if _SCHEME not in text:
            path = Path(text)
            return cls(_kind(text, path, path.is_dir(), path.exists()), path)
        url = text.rstrip("/")
        with remote_errors_told(text, "reached"):
            system, place = fsspec.core.url_to_fs(url)
            if isinstance(system, LocalFileSystem):
                return cls.parse(place)
            is_folder = system.isdir(place)
            kind = _kind(text, PurePath(url), is_folder, is_folder or system.exists(place))
        return cls(kind, Path(), url)

    def __str__(self) -> str:
        """What the user calls it."""
        return self.url or str(self.path)

    @property
    def rejects_path(self) -> Path | None:
        """Where on a disk the rejections go."""
        return self._beside(REJECTS_FILE)

    @property
    def run_path(self) -> Path | None:
        """Where on a disk the account of the run goes."""
        return self._beside(RUN_FILE)

    def owns(self, path: Path) -> bool:
        """Whether a file is, or lies in, what this run writes; a URL is asked about as the path it looks like."""
        if self.kind is Kind.STANDARD_OUTPUT:
            return False
        place, asked = (Path(self.url), path) if self.url else (self.path.absolute(), path.absolute())
        written = {place}
        if self.kind is not Kind.FOLDER:
            names = (_working_name(place.name), *(f"{place.name}.{file}" for file in (REJECTS_FILE, RUN_FILE)))
            written.update(map(place.with_name, names))
        return not written.isdisjoint((asked, *asked.parents))

    def check(self, inputs: Sequence[str], overwrite: bool) -> None:
        """Makes sure, before anything is loaded, that nothing is lost by writing.

        Raises:
            InputError: If something is there that no run of wasit left and that is not to be overwritten, or if it
                is the input.
        """
        if self.kind is Kind.STANDARD_OUTPUT:
            return
        for text in inputs:
            if self.owns(Path(text)):
                raise InputError(f"--output: {self} holds the input {text}; allowed: another place")
        if not overwrite and self._places().is_taken():
            raise self._taken()

    def begin(self, identity: Identity, schema: pa.Schema, overwrite: bool = False) -> Run:
        """Begins a run, or goes on with the same one that was interrupted.

        Args:
            identity: Of the run.
            schema: The columns.
            overwrite: Whether what is there is replaced, and so nothing is gone on with. A single file that is
                there stays until the new one is whole.

        Raises:
            InputError: If something is there that is not to be overwritten, such as another run: then with what
                differs. If nothing can be written there.
        """
        if self.kind is Kind.STANDARD_OUTPUT:
            return PrintedRun()
        places = self._places()
        places.tidy()
        if not overwrite:
            run = self._earlier(places, identity, schema)
            if run is not None:
                return run
        places.clear()
        places.journal.start(identity)
        return StoredRun(places, identity, schema)

    def _earlier(self, places: Places, identity: Identity, schema: pa.Schema) -> Run | None:
        """The run that is there already, if there is one."""
        finished = places.finished()
        if finished is not None:
            self._must_be_the_same("a finished", identity.differences(finished))
            places.remove_working_files()
            return StoredRun(places, identity, schema, account=Account.from_run(finished))
        begun = places.journal.identity()
        if begun is not None:
            self._must_be_the_same("an unfinished", identity.differences(begun, places.journal.manifest))
            return StoredRun(places, identity, schema, places.done())
        if places.is_taken():
            raise self._taken()
        return None

    def _must_be_the_same(self, what: str, differences: Sequence[str]) -> None:
        if differences:
            raise InputError(
                f"--output: {self} holds {what} run that differs in {', '.join(differences)}; "
                "name another, or add --overwrite"
            )

    def _taken(self) -> InputError:
        return InputError(f"--output: {self} is there already; name another, or add --overwrite")

    def _beside(self, name: str) -> Path | None:
        if self.kind is Kind.STANDARD_OUTPUT or self.url is not None:
            return None
        return self.path / name if self.kind is Kind.FOLDER else self.path.with_name(f"{self.path.name}.{name}")

    def _places(self) -> Places:
        if self.kind is Kind.FOLDER:
            folder: Store = LocalStore(self.path) if self.url is None else RemoteStore(self.url)
            return Places(folder, None, REJECTS_FILE, RUN_FILE, folder, PartForm.PARQUET)
        name = self.path.name
        if self.url is None:
            working = self.path.with_name(_working_name(name))
            final: Store = LocalStore(self.path.parent, scratch=working)
            parts: Store = LocalStore(working)
        else:
            parent, slash, name = self.url.rpartition("/")
            final = RemoteStore(parent + slash * parent.endswith("/"))
            parts = final.folder(_working_name(name))
        form = PartForm.PARQUET if self.kind is Kind.PARQUET else PartForm.JSON_LINES
        return Places(final, name, f"{name}.{REJECTS_FILE}", f"{name}.{RUN_FILE}", parts, form)


def _kind(text: str, path: PurePath, is_folder: bool, exists: bool) -> Kind:
    if is_folder:
        return Kind.FOLDER
    if path.suffix.lower() == ".parquet":
        return Kind.PARQUET
    if path.suffix.lower() == ".jsonl":
        return Kind.JSON_LINES
    if exists or path.suffix.lower() in _OTHER_FILES:
        raise InputError(f"--output: found {text!r}; allowed: {_ALLOWED}")
    return Kind.FOLDER


def _working_name(name: str) -> str:
    return f".{name}.parts"
