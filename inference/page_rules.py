"""The rules by which a page becomes articles: the content of ``configs/pages.yaml``, typed and checked."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from wasit.models.config_file import Problem, Problems, Strict, load_yaml

Phrase = Annotated[str, Field(min_length=1, max_length=60)]
Phrases = Annotated[tuple[Phrase, ...], Field(max_length=400)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=200)]
_MONTHS = range(1, 13)


class Folding(Strict):
    """What is taken for the same when texts are compared.

    Attributes:
        drop: Characters that are left out.
        same: A letter and those that are read as it, each one character.
    """

    drop: str
    same: dict[str, str]

    @field_validator("same")
    @classmethod
    def _one_character_each(cls, same: dict[str, str]) -> dict[str, str]:
        wrong = [
            Problem((letter,), "is not one letter", letter, "one character") for letter in same if len(letter) != 1
        ]
        if wrong:
            raise Problems(wrong)
        return same


class LanguageRules(Strict):
    """Which letters a page of Arabic is made of; shares are of all its letters."""

    arabic_at_least: Share
    foreign_letters: str
    foreign_below: Share
    own_letters: str
    own_at_least: Share
    frequent_letters: str
    frequent_at_least: Share


class LineRules(Strict):
    """Lines of one kind that are dropped.

    Attributes:
        name: What they are.
        closing: They stand after an article.
        whole: The whole line, but for digits and signs.
        opening: Its first words.
        words: The only words that it is made of.
    """

    name: str
    closing: bool = False
    whole: Phrases = ()
    opening: Phrases = ()
    words: Phrases = ()


class BreadcrumbRules(Strict):
    """A path of section names."""

    home: Phrases
    separators: Annotated[str, Field(min_length=1, max_length=40)]
    longest_piece_words: Count


class DateRules(Strict):
    """How a page says when it was published."""

    labels: Phrases
    other_labels: Phrases
    months: dict[int, Phrases]
    words: Phrases

    @field_validator("months")
    @classmethod
    def _twelve(cls, months: dict[int, Phrases]) -> dict[int, Phrases]:
        if set(months) != set(_MONTHS):
            raise Problems([Problem((), "does not list the twelve months", sorted(months), "the keys 1 to 12")])
        return months


class SourceRules(Strict):
    """How a page says where an article comes from."""

    labels: Phrases
    longest_words: Count
    longest_words_before_stop: Count


class CaptionRules(Strict):
    """The text under a picture."""

    opening: Phrases
    labels: Phrases
    sentences: Phrases
    longest_words: Count
    fewest_words_before_dash: Count


class TagRules(Strict):
    """Lists of keywords."""

    labels: Phrases
    longest_words: Count


class BylineRules(Strict):
    """Who wrote it."""

    labels: Phrases
    bare_labels: Phrases
    longest_words: Count
    places: Phrases


class ReadAlsoRules(Strict):
    """What points to another article.

    Attributes:
        forms: Its spellings.
        appending: How a raw line begins that rather begins a further article than points to one.
    """

    forms: Phrases
    appending: Phrases


class TextRules(Strict):
    """How a sentence differs from a headline, and what holds two texts together."""

    stops: Annotated[str, Field(min_length=1)]
    headline_words: Count
    further_headline_words: Count
    continuations: Phrases
    conjunction: Phrase
    not_conjunctions: Phrases
    sentences: Phrases
    common_words: Phrases
    prefixes: Phrases
    suffixes: Phrases


class FurtherArticleRules(Strict):
    """The weights of the signs that the paragraphs after a "read also" are a further article."""

    appending_form: float
    other_form: float
    list_form: float
    headline_below: float
    closed: float
    closed_by_ad: float
    nothing_above: float
    dated: float
    bare_date: float
    repeated: float
    several_headlines: float
    continuation: float
    headline_words: float
    headline_words_expected: Share
    title_words: float


class PageRules(Strict):
    """All that is known about pages: the content of ``configs/pages.yaml``."""

    fold: Folding
    language: LanguageRules
    ads: Phrases
    closing_ads: Phrases
    lines: tuple[LineRules, ...]
    opening_words: Count
    sections: Phrases
    sections_on_top: Phrases
    breadcrumb: BreadcrumbRules
    dates: DateRules
    source: SourceRules
    agencies: Phrases
    closing_credits: Phrases
    captions: CaptionRules
    tags: TagRules
    bylines: BylineRules
    read_also: ReadAlsoRules
    related_lists: Phrases
    text: TextRules
    further_article: FurtherArticleRules

    @model_validator(mode="after")
    def _phrases_that_can_match(self) -> "PageRules":
        dropped = set(self.fold.drop)
        wrong = [
            Problem(location, "has no letter or digit left to compare", phrase, "at least one letter or digit")
            for location, phrase in _phrases(self.model_dump(exclude={"fold", "language", "ads", "closing_ads"}))
            if not any(character.isalnum() and character not in dropped for character in phrase)
        ]
        if wrong:
            raise Problems(wrong)
        return self

    @staticmethod
    @cache
    def default() -> "PageRules":
        """The rules of the shipped file."""
        return load_yaml(files("wasit.configs") / "pages.yaml", PageRules)


def _phrases(values: Any, location: tuple[int | str, ...] = ()) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Every entry of every list, with where it stands."""
    children: Iterable[tuple[int | str, Any]] = ()
    if isinstance(values, dict):
        children = values.items()
    elif isinstance(values, tuple):
        children = enumerate(values)
    for key, value in children:
        if isinstance(value, str) and isinstance(values, tuple):
            yield (*location, key), value
        else:
            yield from _phrases(value, (*location, key))
