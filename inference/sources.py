"""Finds the files that a command line names, and reads their documents one after another."""

import glob
import importlib.util
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from wasit.inference.documents import Fields, Item, Rejection
from wasit.inference.formats import check_id_field, count_documents, read_documents
from wasit.inference.identity import InputMark
from wasit.inference.input_files import (
    ARCHIVE_ENDINGS,
    ENDINGS,
    HTML_ENDINGS,
    InputFile,
    InputFiles,
    known_ending,
)
from wasit.inference.listing import entry_on_disk, glob_disk, walk_disk
from wasit.inference.seen_ids import SeenIds
from wasit.models.errors import InputError
from wasit.models.remote_files import Commits, Entry, RemotePlace, content_mark, glob_base
from wasit.models.urls import file_name, is_url

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "stdin"

_LIBRARIES = {
    **dict.fromkeys(HTML_ENDINGS, ("trafilatura", "lxml_html_clean")),
    **dict.fromkeys(ARCHIVE_ENDINGS, ("trafilatura", "lxml_html_clean", "fastwarc")),
}
# So many files are opened before all else begins: where one table lacks a field, most do.
_FILES_CHECKED = 100


@dataclass
class _Found:
    """What one input names.

    Attributes:
        files: What can be read, in order.
        unknown: Names of files in folders that have none of the known endings.
        unreadable: What cannot be read, such as folders that cannot be listed.
    """

    files: InputFiles = field(default_factory=InputFiles)
    unknown: list[str] = field(default_factory=list)
    unreadable: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class Sources:
    """All that is to be read. It can be pickled, the standard input included.

    Attributes:
        files: In the order of the inputs, those of a folder sorted by name; each file once, each name once.
        fields: Where their rows have text and id.
        unknown: Names of files in folders that have none of the known endings.
        unreadable: What cannot be read, such as folders that cannot be listed.
    """

    files: InputFiles
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
            inputs: Files, folders (read with all that is below them) or globs, on a disk or as URLs that fsspec
                knows; or ``-`` for a text on the standard input, which is read now. Files on the Hugging Face
                Hub are those of the commit that the revision is now.
            fields: Where their rows have text and id.
            is_output: Tells files that are not to be read, because this run writes them; a URL is asked about as
                the path that it looks like.

        Raises:
            InputError: If an input names nothing that can be read, a package is missing that reads it, two files
                would get the same name, or a file lacks the field that ids are to come from.
        """
        fields = fields or Fields()
        commits: Commits = {}
        found = [_find(text, is_output, commits) for text in dict.fromkeys(inputs)]
        files = found[0].files
        # A folder alone has no file twice; a pattern may match a folder and what is in it.
        if len(found) > 1 or glob.has_magic(inputs[0]):
            files = _with_distinct_names(file for one in found for file in one.files)
        _check(files, fields)
        return cls(
            files,
            fields,
            tuple(dict.fromkeys(name for one in found for name in one.unknown)),
            tuple(dict.fromkeys(rejection for one in found for rejection in one.unreadable)),
        )

    @property
    def has_web_pages(self) -> bool:
        """Whether there are files whose text has to be extracted."""
        return any(file.ending in (*HTML_ENDINGS, *ARCHIVE_ENDINGS) for file in self.files)

    def marks(self) -> Iterator[InputMark]:
        """Yields by what each file is known to have changed."""
        return (InputMark(file.name, file.size, file.modified) for file in self.files)

    def count(self) -> int | None:
        """How many documents there are, if that is known without reading them."""
        total = len(self.unreadable)
        for file in self.files:
            count = count_documents(file)
            if count is None:
                return None
            total += count
        return total

    def read(self) -> Iterator[Item]:
        """Yields every document, or the reason why there is none; a second document of the same id is rejected."""
        seen = SeenIds()
        yield from self.unreadable
        for file in self.files:
            for item in read_documents(file, self.fields):
                if isinstance(item, Rejection) or seen.add(item.id):
                    yield item
                else:
                    yield Rejection(item.id, "repeated_id: an earlier document has this id")


def _find(text: str, is_output: Callable[[Path], bool], commits: Commits) -> _Found:
    path = Path(text)
    if text == STANDARD_INPUT:
        return _find_on_standard_input()
    if is_url(text) and not os.path.lexists(path):
        place = RemotePlace(text, commits)
        if place.local_path is not None:
            return _find(place.local_path, is_output, commits)
        return _find_behind_url(place, is_output)
    if path.is_dir():
        return _checked(text, _sorted_in(walk_disk(_base(path)), _base(path), is_output))
    if not os.path.lexists(path) and glob.has_magic(text):
        return _checked(text, _sorted_in(glob_disk(text), _base(Path(glob_base(text))), is_output))
    if not path.exists():
        raise InputError(f"there is no file or folder {text!r}")
    return _find_file(text, entry_on_disk(str(path)))


def _find_on_standard_input() -> _Found:
    content = sys.stdin.buffer.read()
    found = _Found()
    found.files.append(
        InputFile(STANDARD_INPUT, STANDARD_INPUT_NAME, len(content), content_mark(content), content)
    )
    return found


def _find_behind_url(place: RemotePlace, is_output: Callable[[Path], bool]) -> _Found:
    base, entries = place.find()
    if base is None:
        return _find_file(place.url, next(entries))
    return _checked(place.url, _sorted_in(entries, base, is_output))


def _find_file(text: str, entry: Entry) -> _Found:
    if known_ending(entry.path) is None:
        raise InputError(f"{text} cannot be read; allowed: a folder, or a file ending in {', '.join(ENDINGS)}")
    if entry.problem is not None:
        raise InputError(f"{text} cannot be read: {entry.problem}")
    found = _Found()
    found.files.append(InputFile(entry.path, _readable(file_name(entry.path)), entry.size, entry.modified))
    return found


def _checked(text: str, found: _Found) -> _Found:
    if not len(found.files) and not found.unreadable:
        there = f", found {len(found.unknown)} others" if found.unknown else ""
        raise InputError(f"{text}: there is no file to read{there}; allowed: files ending in {', '.join(ENDINGS)}")
    return found


def _sorted_in(entries: Iterable[Entry], base: str, is_output: Callable[[Path], bool]) -> _Found:
    """Tells what can be read from what cannot; names are relative to a folder."""
    found = _Found()
    for entry in entries:
        name = _readable(entry.path.removeprefix(base).lstrip("/"))
        if is_output(Path(entry.path)):
            continue
        if not entry.is_folder and known_ending(entry.path) is None:
            found.unknown.append(name)
        elif entry.problem is not None:
            found.unreadable.append(Rejection(name, f"unreadable: {entry.problem}"))
        else:
            found.files.append(InputFile(entry.path, name, entry.size, entry.modified))
    return found


def _base(folder: Path) -> str:
    # Paths in the folder that one is in do not begin with it.
    return "" if folder == Path() else str(folder)


def _readable(name: str) -> str:
    """A name that can be written as UTF-8, whatever bytes it has on disk."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _with_distinct_names(found: Iterable[InputFile]) -> InputFiles:
    """Drops files that are named twice, and calls those by their whole path that would share a name."""
    once: dict[str, InputFile] = {}
    for file in found:
        once.setdefault(file.path if file.is_remote else str(Path(file.path).absolute()), file)
    counts = Counter(file.name for file in once.values())
    files, by_name = InputFiles(), dict[str, str]()
    for file in once.values():
        if counts[file.name] > 1:
            file = replace(file, name=_readable(file.path))
        other = by_name.setdefault(file.name, file.path)
        if other != file.path:
            raise InputError(f"{other} and {file.path} would both be called {file.name!r}: run them one by one")
        files.append(file)
    return files


def _check(files: InputFiles, fields: Fields) -> None:
    """Makes sure that files can be read at all, and have the ids that are asked for."""
    checked = 0
    for file in files:
        missing = [name for name in _LIBRARIES.get(file.ending, ()) if importlib.util.find_spec(name) is None]
        if missing:
            raise InputError(
                f'{file.name} needs a package that is not installed, {missing[0]}: pip install "wasit[web]"'
            )
        if checked < _FILES_CHECKED:
            checked += check_id_field(file, fields)
