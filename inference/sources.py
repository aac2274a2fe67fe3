"""Finds the files that a command line names, and reads their documents one after another."""

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from wasit.inference.documents import ENDINGS, Document, Fields, InputFile, Rejection, known_ending
from wasit.inference.formats import check_id_field, count_documents, read_documents
from wasit.models.errors import InputError

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "stdin"


@dataclass
class _Found:
    """What one input names.

    Attributes:
        files: What can be read, in order.
        unknown: Names of files in folders that have none of the known endings.
        unreadable: Folders that cannot be listed.
    """

    files: list[InputFile] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unreadable: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class Sources:
    """All that is to be read.

    Attributes:
        files: In the order of the inputs, those of a folder sorted by name; each file once, each name once.
        fields: Where their rows have text and id.
        unknown: Names of files in folders that have none of the known endings.
        unreadable: Folders that cannot be listed.
    """

    files: tuple[InputFile, ...]
    fields: Fields
    unknown: tuple[str, ...] = ()
    unreadable: tuple[Rejection, ...] = ()

    @classmethod
    def find(
        cls,
        inputs: Sequence[str],
        fields: Fields | None = None,
        is_output: Callable[[Path], bool] = lambda path: False,
    ) -> "Sources":
        """Lists the files.

        Args:
            inputs: Files, folders (read with all that is below them), globs, or ``-`` for a text on the standard
                input.
            fields: Where their rows have text and id.
            is_output: Tells files in folders that are not to be read, because this run writes them.

        Raises:
            InputError: If an input names nothing that can be read, two files would get the same name, or a file
                lacks the field that ids are to come from.
        """
        fields = fields or Fields()
        found = [_find(text, is_output) for text in inputs]
        files = _with_distinct_names([file for one in found for file in one.files])
        for file in files:
            check_id_field(file, fields)
        return cls(
            tuple(files),
            fields,
            tuple(dict.fromkeys(name for one in found for name in one.unknown)),
            tuple(dict.fromkeys(rejection for one in found for rejection in one.unreadable)),
        )

    def count(self) -> int | None:
        """How many documents there are, if that is known without reading them."""
        counts = [count_documents(file) for file in self.files]
        known = [count for count in counts if count is not None]
        return sum(known) + len(self.unreadable) if len(known) == len(counts) else None

    def read(self) -> Iterator[Document | Rejection]:
        """Yields every document, or the reason why there is none; a second document of the same id is rejected."""
        seen: set[int] = set()
        yield from self.unreadable
        for file in self.files:
            for item in read_documents(file, self.fields):
                if isinstance(item, Document):
                    # The hash alone, since millions of ids would fill the memory.
                    key = hash(item.id)
                    if key in seen:
                        yield Rejection(item.id, "repeated_id: an earlier document has this id")
                        continue
                    seen.add(key)
                yield item


def _find(text: str, is_output: Callable[[Path], bool]) -> _Found:
    path = Path(text)
    if text == STANDARD_INPUT:
        return _Found([InputFile(None, STANDARD_INPUT_NAME)])
    if path.is_dir():
        return _checked(text, _find_in_folder(path, path, is_output))
    if not os.path.lexists(path) and glob.has_magic(text):
        return _checked(text, _find_by_glob(text, is_output))
    if not path.exists():
        raise InputError(f"there is no file or folder {text!r}")
    if known_ending(path) is None:
        raise InputError(f"{text} cannot be read; allowed: a folder, or a file ending in {', '.join(ENDINGS)}")
    return _Found([InputFile(path, _readable(path.name))])


def _checked(text: str, found: _Found) -> _Found:
    if not found.files and not found.unreadable:
        there = f", found {len(found.unknown)} others" if found.unknown else ""
        raise InputError(f"{text}: there is no file to read{there}; allowed: files ending in {', '.join(ENDINGS)}")
    return found


def _find_by_glob(pattern: str, is_output: Callable[[Path], bool]) -> _Found:
    base = Path(*takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    found = _Found()
    # pathlib has no glob for a pattern that may be absolute.
    for match in sorted(map(Path, glob.iglob(pattern, recursive=True))):  # noqa: PTH207
        if match.is_dir():
            below = _find_in_folder(match, base, is_output)
            found.files += below.files
            found.unknown += below.unknown
            found.unreadable += below.unreadable
        elif not is_output(match):
            _sort_in(match, base, found)
    return found


def _find_in_folder(folder: Path, base: Path, is_output: Callable[[Path], bool]) -> _Found:
    found = _Found()

    def note(error: OSError) -> None:
        name = _name(Path(str(error.filename)), base)
        found.unreadable.append(Rejection(name, f"unreadable: {error.strerror}"))

    paths: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=note, followlinks=True):
        folders[:] = [name for name in folders if not _leads_back(Path(parent, name))]
        paths += (Path(parent, name) for name in names)
    for path in sorted(paths):
        if not is_output(path):
            _sort_in(path, base, found)
    return found


def _leads_back(folder: Path) -> bool:
    """Whether a link leads to a folder that it lies in."""
    return folder.is_symlink() and folder.resolve() in folder.parent.resolve().joinpath("_").parents


def _sort_in(path: Path, base: Path, found: _Found) -> None:
    # A dangling link is read in vain, and so rejected with its reason; a pipe would be waited for without end.
    is_special = path.exists() and not path.is_file()
    if known_ending(path) is None or is_special:
        found.unknown.append(_name(path, base))
    else:
        found.files.append(InputFile(path, _name(path, base)))


def _name(path: Path, base: Path) -> str:
    return _readable(path.relative_to(base).as_posix())


def _readable(name: str) -> str:
    """A name that can be written as UTF-8, whatever bytes it has on disk."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _with_distinct_names(found: Sequence[InputFile]) -> list[InputFile]:
    """Drops files that are named twice, and calls those by their whole path that would share a name."""
    once: dict[Path | None, InputFile] = {}
    for file in found:
        once.setdefault(file.path and file.path.absolute(), file)
    counts = Counter(file.name for file in once.values())
    files = [
        replace(file, name=_readable(file.path.as_posix())) if file.path and counts[file.name] > 1 else file
        for file in once.values()
    ]
    by_name: dict[str, InputFile] = {}
    for file in files:
        other = by_name.setdefault(file.name, file)
        if other is not file:
            raise InputError(
                f"{other.path} and {file.path} would both be called {file.name!r}: run them one by one"
            )
    return files
