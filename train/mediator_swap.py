"""Puts other mediators in the place of those that an article names.

What a mediator does in an article does not depend on who it is. Articles in which Oman does what Qatar did show
whether a model goes by what is told or by whom it is told of, and training on them teaches it to do the first.
Lu et al. 2020, "Gender Bias in Neural Natural Language Processing"; Garg et al. 2019, "Counterfactual Fairness in
Text Classification through Robustness".
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from wasit.models.folding import Spelling, fold_form, without_article
from wasit.models.mediators import Mediator
from wasit.models.mentions import Mention, MentionFinder, spellings
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle

Kind = Literal["name", "capital", "person", "adjective"]

_TRIES = 8


class _Word(NamedTuple):
    """What a mention is made of.

    Attributes:
        kind: Which of the mediator's words it is.
        joined: Particles and article before it.
        ending: What follows the adjective.
    """

    kind: Kind
    joined: str
    ending: str = ""


class Swap(NamedTuple):
    """An article with other mediators.

    Attributes:
        article: With the new text, and the labels of each mediator at the one that stands in its place.
        replaced: For each mediator that the text named, who stands in its place.
    """

    article: AnnotatedArticle
    replaced: dict[str, str]


class MediatorSwapper:
    """Swaps the mediators of articles, states for states and organisations for organisations.

    A name takes the place of a name, a capital that of a capital, one who speaks for a mediator that of another,
    and an adjective keeps its ending; particles and articles stay. Where the other mediator has no such word, its
    name stands.

    Args:
        taxonomy: The mediators that are found, and that are put in their places.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Lists the ways to write every mediator."""
        self._finder = MentionFinder(taxonomy)
        self._mediators = {mediator.id: mediator for mediator in taxonomy.mediators}
        self._words = {mediator.id: _words(mediator) for mediator in taxonomy.mediators}

    def __call__(self, article: AnnotatedArticle, seed: int = 0) -> Swap | None:
        """Swaps all mediators that the text of an article names.

        Args:
            article: Its labels go along with their mediators.
            seed: Together with the text it says who stands in whose place.

        Returns:
            The new article; None if it names no mediator, or if no choice leaves as many others of the same kind
            whose mentions are found again, one by one.
        """
        mentions = self._finder.find(article.text)
        named = tuple(dict.fromkeys(mention.mediator for mention in mentions))
        if not named:
            return None
        # Gold may label a mediator that the finder misses: nobody else can have its id.
        taken = {*named, *article.mediators}
        generator = random.Random(f"{seed}:{article.text}")
        for _ in range(_TRIES):
            replaced = self._draw(named, taken, generator)
            if replaced is None:
                return None
            text = self._rewritten(article.text, mentions, replaced, generator)
            found = [mention.mediator for mention in self._finder.find(text)]
            if found == [replaced[mention.mediator] for mention in mentions]:
                labels = {replaced.get(name, name): own for name, own in article.mediators.items()}
                return Swap(replace(article, text=text, mediators=labels), replaced)
        return None

    def _draw(self, named: Sequence[str], taken: set[str], generator: random.Random) -> dict[str, str] | None:
        replaced: dict[str, str] = {}
        for name in named:
            is_state = self._mediators[name].capital is not None
            others = [
                other.id
                for other in self._mediators.values()
                if other.id not in taken
                and other.id not in replaced.values()
                and (other.capital is not None) == is_state
            ]
            if not others:
                return None
            replaced[name] = generator.choice(others)
        return replaced

    def _rewritten(
        self, text: str, mentions: Sequence[Mention], replaced: Mapping[str, str], generator: random.Random
    ) -> str:
        pieces: list[str] = []
        position = 0
        # A person is the same one wherever the text names it.
        people: dict[str, str] = {}
        for mention in mentions:
            written = text[mention.start : mention.end]
            other = self._mediators[replaced[mention.mediator]]
            word = _known_to(other, self._words[mention.mediator][fold_form(written)])
            if word.kind == "person":
                form = people.setdefault(fold_form(written), generator.choice(other.people))
            else:
                form = _form(other, word)
            pieces += (text[position : mention.start], _joined(word, form))
            position = mention.end
        return "".join((*pieces, text[position:]))


def _words(mediator: Mediator) -> dict[str, _Word]:
    """What each way to write a mediator is made of."""
    words: dict[str, _Word] = {}

    def add(form: str, kind: Kind, ending: str = "") -> None:
        for pattern, joined in spellings(form):
            words.setdefault(pattern, _Word(kind, joined, ending))

    for form in (*mediator.forms, *mediator.marked_forms):
        add(form, "capital" if form == mediator.capital and form != mediator.forms[0] else "name")
    for person in mediator.people:
        add(person, "person")
    for adjective in mediator.adjectives:
        for ending in Spelling.default().adjective_endings:
            add(adjective + ending, "adjective", ending)
    return words


def _known_to(other: Mediator, word: _Word) -> _Word:
    """The same word, or a name where the other mediator has no word of this kind."""
    there = {"capital": other.capital, "person": other.people, "adjective": other.adjectives}
    return word if there.get(word.kind) else word._replace(kind="name")


def _form(other: Mediator, word: _Word) -> str:
    if word.kind == "adjective":
        return other.adjectives[0] + word.ending
    return other.capital if word.kind == "capital" and other.capital else other.forms[0]


def _joined(word: _Word, form: str) -> str:
    """Writes particles and article before a form; only an adjective takes the article over."""
    article = Spelling.default().article
    particles, has_article = _apart(word.joined)
    if without_article(form) is not None:
        form, is_definite = form.removeprefix(article), True
    else:
        is_definite = has_article and word.kind == "adjective"
    if not is_definite:
        return particles + form
    if not particles.endswith(article[-1]):
        return particles + article + form
    # Behind ل the article loses its alef, and before a further ل the other letter too.
    return particles + form if form.startswith(article[-1]) else particles + article[-1] + form


def _apart(joined: str) -> tuple[str, bool]:
    """Particles, and whether the article stands behind them."""
    spelling = Spelling.default()
    if joined == spelling.article:
        return "", True
    if joined not in spelling.article_with_particles:
        return joined, False
    if joined.endswith(spelling.article):
        return joined.removesuffix(spelling.article), True
    return joined.removesuffix(spelling.article[-1]), True
