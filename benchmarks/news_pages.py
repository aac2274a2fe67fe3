"""Makes pages that cost what pages of Arabic news cost: their lengths, words, names, headlines and furniture.

Lengths are lognormal as those of real news are: median 277 WordPiece tokens, mean about 405, 24 % over 512. The
same seed gives the same pages, and a page is the same whatever the number of pages.
"""

import math
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from wasit.models.taxonomy import Taxonomy

MEDIAN_TOKENS = 277
SIGMA = 0.87
"""Standard deviation of the logarithm of the length."""

TOKENS_PER_WORD = 1.31
"""WordPiece tokens of a word of Arabic news, with a vocabulary of 30,000 pieces that was learnt from such news."""

SHORTEST_TOKENS = 30

_SENTENCES_PER_PARAGRAPH = (1, 3)
_LINK_SHARE = 0.2
_AFFIX_SHARE = 0.3
_FIRST_DAY = date(2018, 1, 1)
_DAYS = 2_500


@dataclass(frozen=True)
class NewsPage:
    """A page with one article.

    Attributes:
        id: The same for the same number, whatever the seed.
        text: The page, furniture included.
    """

    id: str
    text: str


def news_pages(count: int, seed: int = 0, longest_words: int | None = None, first: int = 0) -> Iterator[NewsPage]:
    """Makes pages.

    Args:
        count: How many.
        seed: Another one gives other pages.
        longest_words: Longer articles end here, with a sentence; without it they are as long as in the news.
        first: Number of the first page.
    """
    for number in range(first, first + count):
        yield NewsPage(f"page-{number:07}", _Writer(random.Random(f"{seed}:{number}")).page(longest_words))


class _Writer:
    """Writes one page."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._words = _words()

    def page(self, longest_words: int | None) -> str:
        tokens = max(SHORTEST_TOKENS, self._chance.lognormvariate(math.log(MEDIAN_TOKENS), SIGMA))
        words = round(tokens / TOKENS_PER_WORD)
        headline = self._sentence("headlines")
        body = self._paragraphs(min(words, longest_words or words) - len(headline.split()))
        return "\n".join([headline, *self._top(), *body, *self._bottom()]) + "\n"

    def _paragraphs(self, words: int) -> Iterator[str]:
        paragraph = [self._sentence("leads")]
        left = words - len(paragraph[0].split())
        size = 1
        while True:
            sentence = self._sentence("sentences")
            length = len(sentence.split())
            # As many articles end a little early as a little late.
            if self._chance.random() * length > left:
                break
            if len(paragraph) == size:
                yield " ".join(paragraph)
                if self._chance.random() < _LINK_SHARE:
                    yield self._furniture("read_also")
                paragraph, size = [], self._chance.randint(*_SENTENCES_PER_PARAGRAPH)
            paragraph.append(sentence)
            left -= length
        yield " ".join(paragraph)

    def _top(self) -> Iterator[str]:
        day = _FIRST_DAY + timedelta(days=self._chance.randrange(_DAYS))
        if self._chance.random() < 0.8:
            yield self._furniture("date", date=day.isoformat())
        if self._chance.random() < 0.3:
            yield self._furniture("share")

    def _bottom(self) -> Iterator[str]:
        for kind, share in (("source", 0.6), ("tags", 0.4), ("rating", 0.2)):
            if self._chance.random() < share:
                yield self._furniture(kind)

    def _sentence(self, kind: str) -> str:
        return self._filled(self._chance.choice(self._words[kind]))

    def _furniture(self, kind: str, **given: str) -> str:
        return self._filled(self._words["furniture"][kind], **given)

    def _filled(self, template: str, **given: str) -> str:
        pieces = []
        for literal, slot, _, _ in string.Formatter().parse(template):
            pieces.append(literal)
            if slot is not None:
                pieces.append(given[slot] if slot in given else self._slot(slot))
        return "".join(pieces)

    def _slot(self, name: str) -> str:
        made: dict[str, Callable[[], str]] = {
            "number": self._number,
            "name": self._name,
            "derived": self._derived,
            "mediator": lambda: self._chance.choice(_mediator_names()),
        }
        return made[name]() if name in made else str(self._chance.choice(self._words[name]))

    def _number(self) -> str:
        return str(self._chance.randint(2, self._chance.choice((9, 90, 900))))

    def _name(self) -> str:
        return "".join(self._chance.choices(self._words["syllables"], k=self._chance.randint(2, 3)))

    def _derived(self) -> str:
        root = self._chance.choice(self._words["roots"])
        pattern: str = self._chance.choice(self._words["patterns"])
        word = pattern.translate({ord(str(place)): letter for place, letter in enumerate(root, start=1)})
        before = self._chance.choice(self._words["prefixes"]) if self._chance.random() < _AFFIX_SHARE else ""
        behind = self._chance.choice(self._words["suffixes"]) if self._chance.random() < _AFFIX_SHARE else ""
        return f"{before}{word}{behind}"


@cache
def _words() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("news_words.yaml").read_text("utf-8"))
    return content


@cache
def _mediator_names() -> tuple[str, ...]:
    """The names that come first in the taxonomy, which are the common ones."""
    return tuple(form for mediator in Taxonomy.default().mediators for form in mediator.forms[:4])
