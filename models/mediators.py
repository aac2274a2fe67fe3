"""Who can mediate, and the words that name them."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from wasit.models.config_file import Location, Problem, Problems, Strict
from wasit.models.folding import Spelling, fold_form, fold_letters, without_article
from wasit.models.naming import Line, Name, repeated

# Bounds that no honest list comes near: with them a stranger's file costs seconds at most. The length of a form
# bounds how far the automaton may have to look back, and so keeps it linear.
MOST_MEDIATORS = 5_000
MOST_FORMS = 1_000
MOST_FORMS_TOGETHER = 20_000
MOST_CHARACTERS_TOGETHER = 200_000
LONGEST_FORM = 100
# Of each mention, all marked forms of its letters are looked at.
MOST_MARKED_FORMS_OF_A_WORD = 10


def _check_form(form: str) -> str:
    if len(form) > LONGEST_FORM:
        allowed = f"up to {LONGEST_FORM} characters"
        raise Problems([Problem((), f"is {len(form)} characters long", form, allowed)])
    if not fold_letters(form):
        raise Problems([Problem((), "has nothing to look for", form, "a word with letters or digits")])
    return form


def _check_marked_form(form: str) -> str:
    if not any(unicodedata.category(character) == "Mn" for character in form):
        raise Problems([Problem((), "has no diacritic to go by", form, "a form with diacritics")])
    return form


_Form = Annotated[str, AfterValidator(_check_form)]
_MarkedForm = Annotated[_Form, AfterValidator(_check_marked_form)]
Forms = Annotated[tuple[_Form, ...], Field(max_length=MOST_FORMS)]


class Mediator(Strict):
    """A state or body that can mediate, and how texts name it.

    Attributes:
        id: How it stands in the output.
        ar: Its Arabic name.
        en: Its English name.
        forms: Words that name it, the most usual first; particles and the article before them need not be listed.
        capital: The form that names its capital; states have one, organisations have none.
        people: Words that name those who speak for it, as ``forms`` otherwise.
        adjectives: Relational adjectives in the masculine singular; their inflections need not be listed.
        marked_forms: Words that name it only where they are written with at least these diacritics.
        exceptions: Longer words in which a form names something else.
    """

    id: Name
    ar: Line
    en: Line
    forms: Annotated[Forms, Field(min_length=1)]
    capital: Line | None = None
    people: Forms = ()
    adjectives: Forms = ()
    marked_forms: Annotated[tuple[_MarkedForm, ...], Field(max_length=MOST_FORMS)] = ()
    exceptions: Forms = ()

    @model_validator(mode="after")
    def _check_capital(self) -> "Mediator":
        known = (*self.forms, *self.marked_forms)
        if self.capital is not None and self.capital not in known:
            wrong = "is no form of the mediator"
            raise Problems([Problem(("capital",), wrong, self.capital, f"one of {', '.join(known)}")])
        return self

    @cached_property
    def all_forms(self) -> tuple[str, ...]:
        """The forms, the people and every inflection of the adjectives."""
        return tuple(dict.fromkeys(form for _, form in self.located_forms()))

    def located_forms(self) -> Iterator[tuple[Location, str]]:
        """The same forms, each with the key and index that it comes from."""
        for index, form in enumerate(self.forms):
            yield ("forms", index), form
        for index, person in enumerate(self.people):
            yield ("people", index), person
        for index, adjective in enumerate(self.adjectives):
            for ending in Spelling.default().adjective_endings:
                yield ("adjectives", index), adjective + ending


class MediatorsFile(Strict):
    """What a user adds to a taxonomy: the content of ``--mediators FILE``.

    Attributes:
        mediators: As in a taxonomy.
        exceptions: Words that name no mediator, whichever form stands in them.
    """

    mediators: Annotated[tuple[Mediator, ...], Field(max_length=MOST_MEDIATORS)]
    exceptions: Forms = ()


def mediator_problems(mediators: Sequence[Mediator], exceptions: Sequence[str]) -> list[Problem]:
    """Finds what is wrong with mediators together: shared ids and forms, and exceptions that are forms."""
    too_many = _size_problems(mediators, exceptions)
    return too_many or [
        *repeated("mediators", (mediator.id for mediator in mediators), "id"),
        *_shared_forms(mediators),
        *_shared_marked_forms(mediators),
        *_contradictions(mediators, exceptions),
    ]


def _size_problems(mediators: Sequence[Mediator], exceptions: Sequence[str]) -> list[Problem]:
    endings = len(Spelling.default().adjective_endings)
    forms, characters = len(exceptions), sum(map(len, exceptions))
    for mediator in mediators:
        for weight, words in (
            (1, (*mediator.forms, *mediator.people, *mediator.marked_forms, *mediator.exceptions)),
            (endings, mediator.adjectives),
        ):
            forms += weight * len(words)
            characters += weight * sum(map(len, words))
    if forms <= MOST_FORMS_TOGETHER and characters <= MOST_CHARACTERS_TOGETHER:
        return []
    wrong = "have too many forms together, adjectives counted with their endings"
    found = f"{forms} forms of {characters} characters"
    allowed = f"up to {MOST_FORMS_TOGETHER} forms of {MOST_CHARACTERS_TOGETHER} characters"
    return [Problem(("mediators",), f"{wrong}: {found}", len(mediators), allowed)]


def _shared_forms(mediators: Sequence[Mediator]) -> Iterator[Problem]:
    """Forms that two mediators claim, be it that one has the article and the other has not."""
    owners: dict[str, tuple[str, str]] = {}
    problems: dict[Location, Problem] = {}
    for index, mediator in enumerate(mediators):
        for location, form in mediator.located_forms():
            key = without_article(form) or fold_form(form)
            owner, known = owners.setdefault(key, (mediator.id, form))
            if owner != mediator.id:
                place = ("mediators", index, *location)
                wrong = f"names {owner} already (as {known!r})"
                # An adjective clashes in every inflection: once is enough to say.
                problems.setdefault(place, Problem(place, wrong, form, "a form of one mediator only"))
    yield from problems.values()


def _shared_marked_forms(mediators: Sequence[Mediator]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    words: Counter[str] = Counter()
    for index, mediator in enumerate(mediators):
        for position, form in enumerate(mediator.marked_forms):
            word = without_article(form) or fold_form(form)
            words[word] += 1
            if words[word] > MOST_MARKED_FORMS_OF_A_WORD:
                location = ("mediators", index, "marked_forms", position)
                allowed = f"up to {MOST_MARKED_FORMS_OF_A_WORD} of the same letters"
                yield Problem(location, "is one marked form too many", form, allowed)
            owner = owners.setdefault(unicodedata.normalize("NFC", form), mediator.id)
            if owner != mediator.id:
                location = ("mediators", index, "marked_forms", position)
                yield Problem(location, f"names {owner} already", form, "a form of one mediator only")


def _contradictions(mediators: Sequence[Mediator], exceptions: Sequence[str]) -> Iterator[Problem]:
    """Exceptions that are forms: nothing could say which of the two is meant."""
    owners = {fold_form(form): mediator.id for mediator in mediators for form in mediator.all_forms}
    located: list[tuple[Location, str]] = [(("exceptions", index), form) for index, form in enumerate(exceptions)]
    for index, mediator in enumerate(mediators):
        for position, form in enumerate(mediator.exceptions):
            located.append((("mediators", index, "exceptions", position), form))
    for location, form in located:
        owner = owners.get(fold_form(form))
        if owner is not None:
            yield Problem(location, f"is a form of {owner} as well", form, "words that are no form")
