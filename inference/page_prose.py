"""Tells sentences from headlines by how they begin and end."""

import re

from wasit.inference.page_folding import Folder, key_of
from wasit.inference.page_line import Line
from wasit.inference.page_rules import PageRules

_CLOSERS = " \"'”’»)]"
_SENTENCE_ENDS = (".", "!", "؟", "?", ":", "…")
_QUOTES = ('"', "”", "»")
_OPENING = 60
# Not after an initial, nor in a row of dots.
_INNER_STOP = re.compile(r"\w{3}\.\s")
_DATELINE = re.compile(r"([^(،\d]{2,25}?)(?:(?:،[^(]{2,30})?\s?\(|\s[-–—]{1,2}\s)")


class Prose:
    """Judges folded text by the rules' ``text``."""

    def __init__(self, rules: PageRules, folder: Folder) -> None:
        """Folds the rules."""
        self._rules = rules.text
        self._stops = tuple(rules.text.stops)
        self._sentences = folder.openings(rules.text.sentences)
        self._continuations = folder.openings(rules.text.continuations)
        self._conjunction = folder.fold(rules.text.conjunction)
        self._not_conjunctions = tuple(map(folder.fold, rules.text.not_conjunctions))
        self._places = folder.keys(rules.bylines.places)

    def stops(self, folded: str) -> bool:
        """Whether a text ends as a paragraph does and a headline does not."""
        text = folded.rstrip(_CLOSERS)
        return text.endswith(self._stops) and not text.endswith("..")

    def has_stop(self, folded: str) -> bool:
        """Whether a sentence ends within a text or at its end: more than a headline."""
        return self.stops(folded) or _INNER_STOP.search(folded) is not None

    @staticmethod
    def ends_sentence(folded: str) -> bool:
        """Whether a text ends as a sentence does; a headline may end so too."""
        return folded.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS)

    def is_title(self, line: Line) -> bool:
        """Whether the first line of an article is its headline, not its first paragraph."""
        if line.words > self._rules.headline_words or self.stops(line.folded):
            return False
        return line.words <= self._rules.further_headline_words or not self.opens_with_place(line.folded)

    def is_headline(
        self, line: Line, has_stops: bool = True, is_first: bool = True, is_item: bool = False
    ) -> bool:
        """Whether a line can be a headline somewhere within a page.

        Args:
            line: A line of text.
            has_stops: Paragraphs of this page end in full stops. If not, fewer of the short lines are headlines.
            is_first: No headline stands right above it. If one does, only what cannot be a sentence is another.
            is_item: It stands where a headline is expected: in a list of them, or under a marker.
        """
        folded = line.folded
        longest = self._rules.headline_words if has_stops else self._rules.headline_words // 2
        if line.words > longest or not self.is_title(line) or _INNER_STOP.search(folded):
            return False
        if self._opens(folded, self._continuations):
            return False
        if is_item and has_stops:
            return True
        if not is_first and (line.words > self._rules.further_headline_words or self._may_end_sentence(folded)):
            return False
        return not self._opens(folded, self._sentences) and (has_stops or not self.continues(folded))

    def is_link(self, line: Line) -> bool:
        """Whether what stands beside a marker is a headline, which may even have a full stop."""
        short = line.words <= self._rules.further_headline_words and not _INNER_STOP.search(line.folded)
        return short or self.is_headline(line, is_item=True)

    def continues(self, folded: str) -> bool:
        """Whether a paragraph goes on with a report instead of beginning one."""
        if folded.startswith(self._conjunction) and not folded.startswith(self._not_conjunctions):
            return True
        return self._opens(folded, self._continuations)

    def opens_sentence(self, folded: str) -> bool:
        """Whether a text begins as a report does: neither a headline nor a caption."""
        return self.continues(folded) or self._opens(folded, self._sentences)

    def opens_with_place(self, folded: str) -> bool:
        """Whether a paragraph begins with a dateline: a place, then a bracket or a dash."""
        found = _DATELINE.match(folded)
        return found is not None and key_of(found[1]) in self._places

    def _may_end_sentence(self, folded: str) -> bool:
        return self.ends_sentence(folded) or folded.endswith(_QUOTES)

    @staticmethod
    def _opens(folded: str, openings: tuple[str, ...]) -> bool:
        return f"{key_of(folded[:_OPENING])} ".startswith(openings)


def last_dash(text: str) -> tuple[str, str, str]:
    """Splits at the last sign that sets off a name: what is before it, the sign, what is after it."""
    return max((text.rpartition(dash) for dash in (" - ", " – ", " — ", "|")), key=lambda parts: len(parts[0]))


def first_dash(text: str) -> tuple[str, str, str]:
    """Splits at the first sign that sets off a name: what is before it, the sign, what is after it."""
    return min((text.partition(dash) for dash in (" - ", " – ", " — ", " / ")), key=lambda parts: len(parts[0]))
