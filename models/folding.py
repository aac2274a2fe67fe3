"""Brings the many spellings of an Arabic word to one, and keeps where each letter came from."""

import itertools
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from wasit.models.config_file import Strict, load_yaml

# Control characters never come out of a text: in a folded text they say how its words hang together.
BREAK = "\x01"
WORD_START = "\x02"
WORD_END = "\x03"
_SPACE = "\x00"

_PLANE = 0x10000
_Signs = Annotated[tuple[str, ...], Field(max_length=100)]


class Spelling(Strict):
    """How words vary in writing: the content of ``configs/spelling.yaml``."""

    letters: dict[str, str]
    spaces: _Signs
    particles: _Signs
    article: str
    article_with_particles: _Signs
    adjective_endings: _Signs

    @staticmethod
    @cache
    def default() -> "Spelling":
        """The rules of the shipped file."""
        return load_yaml(files("wasit.configs") / "spelling.yaml", Spelling)


class FoldedText(NamedTuple):
    """A text as its folded words.

    Attributes:
        text: Every word between ``WORD_START`` and ``WORD_END``; spaces are gone, other signs are ``BREAK``.
        origins: For every character of ``text`` the character of the original that it came from, int64.
    """

    text: str
    origins: npt.NDArray[np.int64]


class _Table(NamedTuple):
    """What each character of the Basic Multilingual Plane folds to: a stretch of ``folded``.

    ``firsts`` has the first character of each stretch.
    """

    offsets: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.uint8]
    folded: npt.NDArray[np.uint16]
    firsts: npt.NDArray[np.uint16]


def fold(text: str) -> FoldedText:
    """Folds a text of any length and content in one pass.

    Diacritics, tatweel and invisible marks are skipped; letters are folded by Unicode compatibility, case and
    ``configs/spelling.yaml``. Characters outside the Basic Multilingual Plane and lone surrogates are breaks.
    """
    table = _table()
    # Whatever lies outside of the plane is taken for its last character, which is none.
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<i4")
    lengths = table.lengths.take(points, mode="clip")
    if lengths.max(initial=0) <= 1:
        origins = np.flatnonzero(lengths)
        return _mark_words(table.firsts.take(points[origins], mode="clip"), origins)
    origins = np.repeat(np.arange(len(points)), lengths)
    inner = np.arange(len(origins)) - (np.cumsum(lengths, dtype=np.int64) - lengths)[origins]
    return _mark_words(table.folded[table.offsets.take(points[origins], mode="clip") + inner], origins)


def fold_letters(text: str) -> str:
    """The folded letters of a text alone, without a sign of where its words begin and end."""
    return fold(text).text.translate(dict.fromkeys(map(ord, (BREAK, WORD_START, WORD_END))))


@lru_cache(maxsize=4096)
def is_written(character: str) -> bool:
    """Whether anything is left of a character when it is folded."""
    return fold_letters(character) != ""


@lru_cache(maxsize=65536)
def fold_form(form: str) -> str:
    """The folded words of a form, without the signs that stand before or after them."""
    return fold(form).text.strip(BREAK)


@lru_cache(maxsize=65536)
def without_article(form: str) -> str | None:
    """The folded words of a form, the first without its article; None if the form has no article.

    Whether it has one is seen in the form as it is written: a first alef with a hamza is no article's.
    """
    article = Spelling.default().article
    letters = itertools.islice(filter(is_written, form), len(article))
    if "".join(letters) != article:
        return None
    return WORD_START + fold_form(form)[len(WORD_START + article) :]


def _mark_words(characters: npt.NDArray[np.uint16], origins: npt.NDArray[np.int64]) -> FoldedText:
    in_word = characters > ord(WORD_END)
    is_start, is_end = in_word.copy(), in_word.copy()
    is_start[1:] &= ~in_word[:-1]
    is_end[:-1] &= ~in_word[1:]
    starts, ends = np.flatnonzero(is_start), np.flatnonzero(is_end)
    # Where each character goes: behind the signs of the words before it, and without the spaces.
    widths = (characters != ord(_SPACE)).view(np.int8) + is_start.view(np.int8) + is_end.view(np.int8)
    lasts = np.cumsum(widths, dtype=np.int64) - 1
    marked = np.repeat(characters, widths)
    marked[lasts[starts] - widths[starts] + 1] = ord(WORD_START)
    marked[lasts[ends]] = ord(WORD_END)
    return FoldedText(marked.astype("<u2", copy=False).tobytes().decode("utf-16-le"), np.repeat(origins, widths))


@cache
def _table() -> _Table:
    spelling = Spelling.default()
    own = {ord(letter): value for letter, value in spelling.letters.items()}
    own |= {ord(sign): _SPACE for sign in spelling.spaces}
    folded = [own[point] if point in own else _fold_character(chr(point), own) for point in range(_PLANE)]
    lengths = np.array([len(value) for value in folded], dtype=np.uint8)
    flat = np.frombuffer("".join(folded).encode("utf-16-le"), dtype="<u2")
    offsets = (np.cumsum(lengths, dtype=np.int32) - lengths).astype(np.int32)
    return _Table(offsets, lengths, flat, flat.take(offsets, mode="clip"))


def _fold_character(character: str, own: dict[int, str]) -> str:
    if unicodedata.category(character) in ("Cs", "Co", "Cn"):
        return BREAK
    parts = unicodedata.normalize("NFKD", character)
    if parts != character and parts[0] == " " and unicodedata.category(character) == "Lo":
        # The presentation forms of lone diacritics decompose to a space and the diacritic.
        return ""
    parts = unicodedata.normalize("NFKD", parts.casefold())
    return "".join(own.get(ord(part)) or _fold_part(part, own) for part in parts)


def _fold_part(part: str, own: dict[int, str]) -> str:
    category = unicodedata.category(part)
    if ord(part) >= _PLANE:
        return BREAK
    if part.isspace() or part == "\u200b":
        return _SPACE
    if ord(part) in own or category in ("Mn", "Me", "Cf"):
        return ""
    if category == "Nd":
        return str(unicodedata.digit(part))
    return part if category[0] in "LNM" else BREAK
