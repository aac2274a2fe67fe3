"""Texts without labels, read from files of any size one after another."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasit.models.errors import InputError
from wasit.train.data_files import DataFile, find_files
from wasit.train.row_files import ENDINGS, read_file

_ENDINGS = (".txt", *ENDINGS)
# Halves of a character, which only JSON can hold and no tokenizer takes.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class PlainTexts:
    """The texts of some files, in their order; read anew by every iteration, none of them kept.

    Attributes:
        paths: ``.txt``, of which each line is a text, or files of rows that annotated articles may come from;
            behind URLs also folders and patterns.
        text_field: Column of the text, in rows.
    """

    paths: tuple[str | Path, ...]
    text_field: str = "text"

    def __iter__(self) -> Iterator[str]:
        """The texts that hold more than blanks.

        Raises:
            InputError: If a file cannot be read, has no such column, holds something else there, or has no text.
        """
        for path in self.paths:
            for file in find_files(path, _ENDINGS):
                yield from self._texts(file)

    def _texts(self, file: DataFile) -> Iterator[str]:
        found = False
        for text in _lines(file) if file.ending == ".txt" else self._cells(file):
            if text.strip():
                found = True
                yield _LONE_SURROGATE.sub("\ufffd", text)
        if not found:
            raise InputError(f"{file.name}: holds no text")

    def _cells(self, file: DataFile) -> Iterator[str]:
        for where, row in read_file(file):
            yield self._cell(where, row)

    def _cell(self, where: str, row: dict[str, Any]) -> str:
        if self.text_field not in row:
            known = ", ".join(map(repr, row))
            raise InputError(f"{where}: has no field {self.text_field!r}; the fields are {known}")
        value = row[self.text_field]
        if value is None:
            return ""
        if not isinstance(value, str):
            raise InputError(f"{where}: field {self.text_field!r} holds {value!r}; allowed: a text")
        return value


def _lines(file: DataFile) -> Iterator[str]:
    with file.opened() as stream:
        try:
            yield from io.TextIOWrapper(stream, "utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{file.name}: is not in UTF-8: {error.reason} at byte {error.start}") from error
