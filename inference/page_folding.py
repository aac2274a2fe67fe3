"""Brings the spellings of a page's text to one, so that rules and pages can be compared."""

import re
import unicodedata
from collections.abc import Iterable

from wasit.inference.page_rules import Folding

_WORD = re.compile(r"[^\W\d_]+")
_LINE_ENDS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_SPACES = "\t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DIGITS = "".join(chr(zero + digit) for digit in range(10) for zero in (0x660, 0x6F0))


def find_words(folded: str) -> list[str]:
    """The words of a folded text in lower case, without digits and signs."""
    return _WORD.findall(folded.lower())


def key_of(folded: str) -> str:
    """The words of a folded text alone, in lower case: what lines are compared by."""
    return " ".join(find_words(folded))


class Folder:
    """Folds text so that every character is dropped or stays one character: offsets can be found again."""

    def __init__(self, rules: Folding) -> None:
        """Takes the rules; spaces and digits are folded by Unicode."""
        same = {variant: letter for letter, variants in rules.same.items() for variant in variants}
        same |= dict.fromkeys(_SPACES, " ")
        same |= {digit: str(unicodedata.digit(digit)) for digit in _DIGITS}
        self._same = tuple(same.items())
        self._drop = frozenset(rules.drop)
        invisible = "".join(sign for sign in rules.drop if unicodedata.category(sign) == "Cf")
        #: What stands around a line and is not part of it.
        self.margin = " \n" + _LINE_ENDS + _SPACES + invisible

    def fold(self, text: str) -> str:
        """The folded text; newlines are kept."""
        # A chain of replacements runs at the speed of memory, str.translate ten times slower.
        for sign in self._drop:
            text = text.replace(sign, "")
        for variant, letter in self._same:
            text = text.replace(variant, letter)
        return text

    def key(self, text: str) -> str:
        """The words of a text alone: folded, in lower case, without digits and signs."""
        return key_of(self.fold(text))

    def keys(self, phrases: Iterable[str]) -> frozenset[str]:
        """The keys of phrases."""
        return frozenset(map(self.key, phrases))

    def openings(self, phrases: Iterable[str]) -> tuple[str, ...]:
        """The keys of phrases, for ``startswith`` on a key with a space behind it."""
        return tuple(f"{self.key(phrase)} " for phrase in phrases)

    def words(self, phrases: Iterable[str]) -> frozenset[str]:
        """All words of the phrases."""
        return frozenset(word for phrase in phrases for word in self.key(phrase).split())

    def alternatives(self, phrases: Iterable[str]) -> str:
        """A regular expression for any of the phrases in folded text, the longest first."""
        longest_first = sorted(map(self.key, phrases), key=len, reverse=True)
        return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first)

    def visible(self, raw: str) -> str:
        """A raw text without what folding drops, its letters as they are."""
        return "".join(character for character in raw if character not in self._drop)

    def raw_offset(self, raw: str, folded_offset: int) -> int:
        """Where in a raw text the character stands that has this offset in the folded one."""
        kept = -1
        for offset, character in enumerate(raw):
            kept += character not in self._drop
            if kept == folded_offset:
                return offset
        return len(raw)

    @staticmethod
    def newlines_only(text: str) -> str:
        """The text of the same length with every sign that ends a line made a newline."""
        for line_end in _LINE_ENDS:
            text = text.replace(line_end, "\n")
        return text
