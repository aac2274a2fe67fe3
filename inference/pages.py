"""Turns a scraped page into its articles, without the furniture around them.

A page is read line by line. Most lines say by themselves what they are (``page_lines``); what is decided here
needs their neighbours: the headline, values on the next line, lists of tags. ``page_links`` tells links from
articles.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from wasit.inference.charset import decode
from wasit.inference.page_draft import Draft
from wasit.inference.page_folding import Folder
from wasit.inference.page_line import Kind, Line
from wasit.inference.page_lines import LineReader
from wasit.inference.page_links import LinkReader
from wasit.inference.page_prose import Prose
from wasit.inference.page_rules import LanguageRules, PageRules
from wasit.inference.reject import Reject
from wasit.models.article import Article

__all__ = ["PageSplitter", "Reject", "decode"]

_PLANE = 0x10000
_CLOSING = frozenset({Kind.CLOSING, Kind.CLOSING_AD, Kind.SOURCE, Kind.TAGS, Kind.DATE, Kind.OTHER_DATE})
_FEWEST_WORDS = 4
_HEAD_LINES = 6
_PARAGRAPH_WORDS = 10
_HAS_STOPS = 0.6


class PageSplitter:
    """Splits pages by rules. It keeps nothing from one page to the next."""

    def __init__(self, rules: PageRules) -> None:
        """Compiles the rules."""
        self._rules = rules
        folder = Folder(rules.fold)
        self._prose = Prose(rules, folder)
        self._reader = LineReader(rules, folder, self._prose)
        self._links = LinkReader(rules, folder, self._prose)
        self._letters = _letter_classes(rules.language)

    @staticmethod
    @cache
    def default() -> "PageSplitter":
        """Splits by the shipped rules."""
        return PageSplitter(PageRules.default())

    def split(self, document: str) -> list[Article]:
        """Gives the articles of a page in the order in which they stand there, at least one.

        Args:
            document: The text of the page. Offsets of the articles are in its characters, whatever its newlines.

        Raises:
            Reject: If the page is empty, not Arabic, or has nothing but furniture.
        """
        lines = list(self._reader.read(document))
        if not lines:
            raise Reject("empty", "there is no text")
        self._check_language(document)
        drafts = [draft for draft in self._drafts(document, lines) if draft.lines]
        kept = [line for draft in drafts for line in draft.lines]
        if len(kept) < len(lines) and not any(line.words >= _FEWEST_WORDS for line in kept):
            raise Reject("furniture_only", f"none of the {len(lines)} lines is a sentence of an article")
        return [draft.article(document) for draft in drafts]

    def _check_language(self, document: str) -> None:
        rules = self._rules.language
        points = np.frombuffer(document.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        counts = np.bincount(self._letters[np.minimum(points, _PLANE - 1)], minlength=5)
        other, arabic, foreign, own = (int(count) for count in counts[1:])
        script = arabic + foreign + own
        letters = script + other
        if not letters:
            raise Reject("not_arabic", "there are no letters")
        if script < rules.arabic_at_least * letters:
            needed = f"at least {100 * rules.arabic_at_least:.0f} % are needed"
            raise Reject("not_arabic", f"{100 * script / letters:.0f} % of the letters are Arabic, {needed}")
        if foreign >= rules.foreign_below * script and own < rules.own_at_least * script:
            found = f"{100 * foreign / script:.0f} % of the letters are of another language in Arabic script"
            raise Reject("not_arabic", f"{found}, under {100 * rules.foreign_below:.0f} % are allowed")

    def _drafts(self, document: str, lines: Sequence[Line]) -> list[Draft]:
        drafts = [Draft()]
        has_stops = self._has_stops(lines)
        last_text = max((index for index, line in enumerate(lines) if line.kind is Kind.TEXT), default=-1)
        index = 0
        while index < len(lines):
            draft, kind = drafts[-1], lines[index].kind
            if kind is Kind.READ_ALSO or kind is Kind.RELATED:
                read = self._links.read_also if kind is Kind.READ_ALSO else self._links.related_list
                link = read(lines, index, draft, has_stops)
                if kind is Kind.RELATED:
                    draft.close(kind)
                if link.begins_article:
                    drafts.append(Draft())
                if link.text is not None:
                    drafts[-1].keep(link.text, self._prose)
                index = link.end
            else:
                index = self._read(document, lines, index, draft, index > last_text)
        return drafts

    def _read(self, document: str, lines: Sequence[Line], index: int, draft: Draft, is_over: bool) -> int:
        """Takes one line into the draft, with those that belong to it; gives the index of the next."""
        line = lines[index]
        following = lines[index + 1] if index + 1 < len(lines) else None
        if line.kind in _CLOSING:
            draft.close(line.kind)
        if line.kind is Kind.TEXT or (not draft.lines and self._is_odd_title(lines, index)):
            draft.keep(line, self._prose)
        elif line.kind is Kind.DATE or line.kind is Kind.OTHER_DATE:
            return index + self._read_date(line, following, draft)
        elif line.kind is Kind.SOURCE:
            return index + self._read_source(document, line, following, draft)
        elif line.kind is Kind.TAGS:
            return self._skip_tags(lines, index)
        elif line.kind is Kind.BYLINE or line.kind is Kind.DATELINE:
            self._read_byline(document, line, draft)
        elif line.kind is Kind.BARE_DATE and not draft.has_body:
            draft.date = draft.date or line.date
        elif line.kind in (Kind.BARE_DATE, Kind.SECTION_ON_TOP) and not is_over and draft.lines:
            # Between paragraphs it is a heading, of a chronology for one.
            draft.keep(line, self._prose)
        return index + 1

    def _has_stops(self, lines: Sequence[Line]) -> bool:
        """Whether paragraphs end as sentences do here, so that a short line without a stop is a headline."""
        long = [line for line in lines if line.kind is Kind.TEXT and line.words >= _PARAGRAPH_WORDS]
        ended = sum(line.words for line in long if self._prose.ends_sentence(line.folded))
        return bool(long) and ended >= _HAS_STOPS * sum(line.words for line in long)

    def _is_odd_title(self, lines: Sequence[Line], index: int) -> bool:
        """Whether the first line is a headline that looks like a dateline, or like a caption by its last word."""
        line = lines[index]
        if line.kind is not Kind.CAPTION or line.words < _FEWEST_WORDS or line.rest:
            return line.kind is Kind.DATELINE
        below = next(
            (other for other in lines[index + 1 : index + 1 + _HEAD_LINES] if other.kind is Kind.TEXT), None
        )
        return below is not None and not self._prose.is_headline(below)

    def _read_date(self, line: Line, following: Line | None, draft: Draft) -> int:
        """Gives how many lines state the date: its value may stand under its label."""
        below = not line.rest and following is not None and following.kind is Kind.BARE_DATE
        if line.kind is Kind.DATE:
            draft.date = draft.date or (following.date if below and following else line.date)
        return 2 if below else 1

    def _read_source(self, document: str, line: Line, following: Line | None, draft: Draft) -> int:
        """Gives how many lines state the source: its value may stand under its label."""
        if line.rest:
            draft.source = draft.source or self._reader.value(document, line)
            return 1
        if following is None or not self._reader.names_source(following, ":" in document[line.start : line.end]):
            return 1
        draft.source = draft.source or document[following.start : following.end]
        return 2

    def _read_byline(self, document: str, line: Line, draft: Draft) -> None:
        value = self._reader.value(document, line) if line.rest else document[line.start : line.end]
        draft.byline = draft.byline or value
        if draft.lines:
            draft.keep(line, self._prose)

    def _skip_tags(self, lines: Sequence[Line], index: int) -> int:
        longest = self._rules.tags.longest_words - bool(lines[index].rest)
        index += 1
        while index < len(lines) and self._reader.is_tag(lines[index], longest):
            index += 1
        return index


def _letter_classes(rules: LanguageRules) -> npt.NDArray[np.uint8]:
    """For each character: 0 no letter, 1 of another script, 2 Arabic, 3 of another language, 4 only of Arabic."""
    classes = np.zeros(_PLANE, dtype=np.uint8)
    for point in range(_PLANE):
        if chr(point).isalpha():
            classes[point] = 1
    for first, last in ((0x620, 0x6D5), (0x6EE, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFEFC)):
        classes[first : last + 1] *= 2
    for value, letters in ((3, rules.foreign_letters), (4, rules.own_letters)):
        classes[[ord(letter) for letter in letters]] = value
    return classes
