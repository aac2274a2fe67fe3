"""Finds the mediators that a text names, in one pass over the text however many forms there are."""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import ahocorasick_rs

from wasit.models.folding import WORD_START, Spelling, fold, fold_form, is_written, without_article
from wasit.models.mediators import Mediator
from wasit.models.taxonomy import Taxonomy


class Mention(NamedTuple):
    """A mediator named in a text.

    Attributes:
        mediator: The mediator's id.
        start: Where its first word starts, particles and article included, in characters.
        end: Where its last word ends, diacritics included.
    """

    mediator: str
    start: int
    end: int


class _Reading(NamedTuple):
    """What a folded pattern stands for.

    Attributes:
        form_length: Folded letters of the form without what is joined before it: the longer form is meant.
        mediator: Its id, or None for an exception.
        marked: Forms that are meant only where their diacritics stand, each with its mediator.
    """

    form_length: int
    mediator: str | None
    marked: tuple[tuple[str, str], ...] = ()


class MentionFinder:
    """Finds the mentions of a taxonomy's mediators.

    A form matches whole words: with particles and the article joined before it, with any diacritics, tatweel
    and spelling of its letters, and with any white space between its words. Of overlapping matches the first
    wins, of those that start together the longest; an exception of the taxonomy takes part and is dropped.

    Attributes:
        mediators: The ids of those that can be found.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Builds the automaton.

        Args:
            taxonomy: Its mediators and exceptions are what is looked for.
        """
        self._taxonomy = taxonomy
        self.mediators = tuple(mediator.id for mediator in taxonomy.mediators)
        readings = _readings(taxonomy)
        self._readings = list(readings.values())
        self._automaton = ahocorasick_rs.AhoCorasick(
            list(readings), matchkind=ahocorasick_rs.MatchKind.LeftmostLongest, store_patterns=False
        )

    def __reduce__(self) -> tuple[type["MentionFinder"], tuple[Taxonomy]]:
        """Travels to a worker process as its taxonomy: building anew is quick."""
        return MentionFinder, (self._taxonomy,)

    def find(self, text: str) -> list[Mention]:
        """Lists the mentions in text order; they are whole words and never overlap."""
        folded, origins = fold(text)
        mentions = []
        for pattern, start, end in self._automaton.find_matches_as_indexes(folded):
            # The first and last characters of a match are the signs around its words: both stem from a letter.
            first, last = int(origins[start]), int(origins[end - 1])
            stop = _end_of_word(text, last + 1)
            mediator = _mediator(self._readings[pattern], text[first:stop])
            if mediator is not None:
                mentions.append(Mention(mediator, first, stop))
        return mentions


def _end_of_word(text: str, end: int) -> int:
    while end < len(text) and unicodedata.category(text[end]) in ("Mn", "Lm") and not is_written(text[end]):
        end += 1
    return end


def _mediator(reading: _Reading, written: str) -> str | None:
    for form, mediator in reading.marked:
        if _has_marks(written, form):
            return mediator
    return reading.mediator


def _has_marks(written: str, form: str) -> bool:
    """Tells whether the end of what is written carries at least the diacritics of the form, letter by letter."""
    letters = list(_marked_letters(written))
    wanted = list(_marked_letters(form))
    return all(marks <= there for marks, there in zip(reversed(wanted), reversed(letters), strict=False))


def _marked_letters(text: str) -> Iterator[set[str]]:
    marks: set[str] | None = None
    for character in unicodedata.normalize("NFKD", text):
        if unicodedata.category(character) == "Mn":
            if marks is not None:
                marks.add(character)
        elif is_written(character):
            if marks is not None:
                yield marks
            marks = set()
    if marks is not None:
        yield marks


def _readings(taxonomy: Taxonomy) -> dict[str, _Reading]:
    """Every way to write every form, folded."""
    readings: dict[str, _Reading] = {}
    for exception in taxonomy.all_exceptions:
        _add(readings, exception, None)
    for mediator in taxonomy.mediators:
        for form in mediator.all_forms:
            _add(readings, form, mediator)
    for mediator in taxonomy.mediators:
        for form in mediator.marked_forms:
            _add_marked(readings, form, mediator)
    return readings


def _add(readings: dict[str, _Reading], form: str, mediator: Mediator | None) -> None:
    reading = _Reading(len(fold_form(form)), mediator.id if mediator else None)
    for pattern, _ in spellings(form):
        known = readings.get(pattern)
        if known is None or known.form_length < reading.form_length:
            readings[pattern] = reading


def _add_marked(readings: dict[str, _Reading], form: str, mediator: Mediator) -> None:
    for pattern, _ in spellings(form):
        known = readings.get(pattern, _Reading(0, None))
        readings[pattern] = known._replace(marked=(*known.marked, (form, mediator.id)))


def spellings(form: str) -> Iterator[tuple[str, str]]:
    """Every way to write a form with what may be joined before it.

    Yields:
        The folded words, and what is joined: particles, the article, both or nothing. An article that is a part of
        the form counts as joined only where a particle stands before it.
    """
    spelling = Spelling.default()
    stem = fold_form(form).removeprefix(WORD_START)
    base = without_article(form)
    bare = stem if base is None else base.removeprefix(WORD_START)
    yield WORD_START + stem, ""
    if base is None:
        yield WORD_START + spelling.article + stem, spelling.article
    for particle in spelling.particles:
        yield WORD_START + particle + stem, particle
    for joined in spelling.article_with_particles:
        # Three equal letters are written as two: with ل, اللجنة becomes للجنة.
        doubled = joined[-2:] == 2 * bare[0]
        yield WORD_START + (joined[:-1] if doubled else joined) + bare, joined
