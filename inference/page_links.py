"""Decides what follows a "read also": links to other articles, or a further article itself.

Both look alike. A link is a headline between two paragraphs of the article that it interrupts::

    paragraph / read also / headline / paragraph that goes on

and an appended article is a headline with paragraphs of its own::

    paragraph / read also / headline / first paragraph of the other article / ...

Without paragraphs after the headline it is a link. With them, signs are weighed (the rules' ``further_article``):

* the article above was over: its source, tags, rating came between its last paragraph and the marker;
* a date, source, byline or dateline stands under the headline, or it comes twice: only articles begin so;
* the first paragraph goes on with what was said ("and he added", "for his part"): no article begins so;
* the first paragraphs say again what the headline says. Words that the article above has too count less: a link
  leads to a related article, so shared words prove little, but a name that is new on the page does;
* the same paragraphs say again what the title above said, in words that the headline between does not have.

Whatever is decided, a paragraph is never dropped: it stays with the article above or belongs to the new one.
"""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from wasit.inference.page_draft import Draft
from wasit.inference.page_folding import Folder, key_of
from wasit.inference.page_line import Kind, Line
from wasit.inference.page_prose import Prose
from wasit.inference.page_rules import PageRules

_WORD = re.compile(r"\w{3,}")
_LONGEST_READ = 400
_FIRST_ABOVE = 3
_LAST_ABOVE = 3
_PARAGRAPHS_READ = 3
_KNOWN_WORD = 0.3
_RESTATED = 0.5
_SHORTEST_STEM = 3
_PASSED = frozenset({
    Kind.FURNITURE, Kind.AD, Kind.CLOSING_AD, Kind.SECTION, Kind.SECTION_ON_TOP, Kind.CAPTION, Kind.OTHER_DATE
})  # fmt: skip
# Over the first paragraph of an article; no paragraph of the one above comes after them.
_HEADERS = frozenset({Kind.BYLINE, Kind.DATELINE, Kind.DATE, Kind.SOURCE})


@dataclass(frozen=True, eq=False)
class _Affixes:
    """What a word may begin and end with, the longest first; told apart by identity, so cheap as a key."""

    prefixes: Sequence[str]
    suffixes: Sequence[str]


class Link(NamedTuple):
    """What a marker turned out to be.

    Attributes:
        end: The index of the line to go on with.
        begins_article: A further article begins there.
        text: Text on the marker's own line that comes before that: a headline, or a paragraph to keep.
    """

    end: int
    begins_article: bool = False
    text: Line | None = None


class _Block(NamedTuple):
    """What stands between a marker and the first paragraph after it."""

    headlines: list[int]
    paragraph: int | None
    end: int
    dated: bool
    bare_date: bool
    repeated: bool


class LinkReader:
    """Reads what follows a marker, looking ahead a few lines and never back."""

    def __init__(self, rules: PageRules, folder: Folder, prose: Prose) -> None:
        """Folds the words that comparing leaves out."""
        self._weights = rules.further_article
        self._prose = prose
        self._common = folder.keys(rules.text.common_words)
        self._affixes = _Affixes(
            sorted(folder.keys(rules.text.prefixes), key=len, reverse=True),
            sorted(folder.keys(rules.text.suffixes), key=len, reverse=True),
        )

    def read_also(self, lines: Sequence[Line], index: int, draft: Draft, has_stops: bool) -> Link:
        """Reads a "read also".

        Args:
            lines: The page.
            index: The line of the marker.
            draft: The article above.
            has_stops: The paragraphs of this page end in full stops, so a line without one is a headline.
        """
        marker = lines[index]
        beside = self._beside(marker)
        if beside is not None and not self._prose.is_link(beside):
            return Link(index + 1, text=beside)
        block = self._block(lines, index + 1, beside, has_stops)
        headline = beside or (lines[block.headlines[0]] if block.headlines else None)
        if block.paragraph is None:
            return self._links_only(index, beside, block, has_stops)
        form = self._weights.appending_form if marker.appending else self._weights.other_form
        score = form + (0.0 if beside else self._weights.headline_below)
        score += self._score(lines, block, headline, draft)
        if score > 0:
            return Link(index + 1, begins_article=True, text=beside)
        return self._link_within(lines, index, beside, block, has_stops)

    def related_list(self, lines: Sequence[Line], index: int, draft: Draft, has_stops: bool) -> Link:
        """Reads a list of links to its end; arguments as of ``read_also``."""
        end = index + 1
        while True:
            block = self._block(lines, end, None, has_stops, is_list=True)
            if block.paragraph is None or not block.headlines:
                return Link(block.end if block.paragraph is None else block.paragraph)
            headline = lines[block.headlines[-1]]
            score = self._weights.list_form + self._weights.headline_below
            score += self._score(lines, block._replace(headlines=block.headlines[-1:]), headline, draft)
            follows = block.paragraph + 1
            alone = follows >= len(lines) or self._prose.is_headline(lines[follows])
            if alone and self._restates(lines, block.paragraph, headline):
                # One paragraph that says what the headline said is the teaser of a link.
                end = follows
            elif score > 0:
                return Link(block.headlines[-1], begins_article=True)
            else:
                return Link(block.paragraph)

    def _beside(self, marker: Line) -> Line | None:
        if not marker.rest:
            return None
        return Line(Kind.TEXT, marker.rest_start, marker.end, marker.rest)

    def _block(
        self, lines: Sequence[Line], start: int, beside: Line | None, has_stops: bool, is_list: bool = False
    ) -> _Block:
        headlines: list[int] = []
        keys = {key_of(beside.folded)} if beside else set()
        dated = bare_date = repeated = bullets = False
        index = start
        for index in range(start, len(lines)):
            line = lines[index]
            if line.kind is Kind.TEXT:
                bullets = line.bullet and (bullets or not keys)
                if not self._prose.is_headline(
                    line, has_stops, is_first=not keys, is_item=is_list or not keys or bullets
                ):
                    begins = self._prose.opens_with_place(line.folded)
                    return _Block(headlines, index, index, dated or begins, bare_date, repeated)
                key = key_of(line.folded)
                repeated |= key in keys
                if key not in keys:
                    headlines.append(index)
                keys.add(key)
            elif line.kind in _HEADERS:
                dated = True
            elif line.kind is Kind.BARE_DATE:
                bare_date = True
            elif line.kind not in _PASSED:
                return _Block(headlines, None, index, dated, bare_date, repeated)
        return _Block(headlines, None, len(lines), dated, bare_date, repeated)

    def _links_only(self, index: int, beside: Line | None, block: _Block, has_stops: bool) -> Link:
        if has_stops or not block.headlines:
            return Link(block.headlines[-1] + 1 if block.headlines else index + 1)
        # Without full stops a short paragraph looks like a headline: only the first is surely a link.
        return Link(index + 1 if beside else block.headlines[0] + 1)

    def _link_within(
        self, lines: Sequence[Line], index: int, beside: Line | None, block: _Block, has_stops: bool
    ) -> Link:
        if beside or not block.headlines or block.paragraph is None:
            return Link(index + 1)
        if not has_stops:
            return Link(block.headlines[0] + 1)
        last = block.headlines[-1]
        if len(block.headlines) > 1 and self._restates(lines, block.paragraph, lines[last]):
            # A heading within the article above, just after the links.
            return Link(last)
        return Link(last + 1)

    def _score(self, lines: Sequence[Line], block: _Block, headline: Line | None, draft: Draft) -> float:
        weights = self._weights
        first = block.paragraph or 0
        signs = (
            (weights.nothing_above, not draft.has_body),
            (weights.closed_by_ad, draft.closed_by is Kind.CLOSING_AD),
            (weights.closed, draft.closed_by not in (None, Kind.CLOSING_AD)),
            (weights.dated, block.dated),
            (weights.bare_date, block.bare_date),
            (weights.repeated, block.repeated),
            (weights.several_headlines, len(block.headlines) > 1),
            (weights.continuation, self._prose.continues(lines[first].folded)),
        )
        score = sum(weight for weight, holds in signs if holds)
        below = self._stems(line for line in lines[first : first + _PARAGRAPHS_READ] if line.kind is Kind.TEXT)
        between = self._stems([headline] if headline else [])
        if draft.title:
            score += weights.title_words * _restated(self._stems([draft.title]), below, between)
        if headline is None:
            return score
        above = self._stems([*draft.lines[:_FIRST_ABOVE], *draft.lines[_FIRST_ABOVE:][-_LAST_ABOVE:]])
        return score + weights.headline_words * (
            _restated(between, below, above) - weights.headline_words_expected
        )

    def _restates(self, lines: Sequence[Line], paragraph: int, headline: Line) -> bool:
        return (
            _restated(self._stems([headline]), self._stems(lines[paragraph : paragraph + 1]), set()) >= _RESTATED
        )

    def _stems(self, lines: Iterable[Line]) -> set[str]:
        text = "\n".join([line.folded[:_LONGEST_READ] for line in lines])
        return {_stem(word, self._affixes) for word in set(_WORD.findall(text)) - self._common}


def _restated(own: Set[str], below: Set[str], above: Set[str]) -> float:
    """Which share of a headline's words comes again below; those known from above count less."""
    weights = {stem: _KNOWN_WORD if stem in above else 1.0 for stem in own}
    again = sum(weight for stem, weight in weights.items() if stem in below)
    return again / sum(weights.values()) if weights else 0.0


# A word is stemmed once for the many pages that have it.
@lru_cache(maxsize=100_000)
def _stem(word: str, affixes: _Affixes) -> str:
    """The word without one prefix and one suffix, as long as enough of it stays."""
    longest = len(word) - _SHORTEST_STEM
    prefix = next((one for one in affixes.prefixes if len(one) <= longest and word.startswith(one)), "")
    longest -= len(prefix)
    suffix = next((one for one in affixes.suffixes if len(one) <= longest and word.endswith(one)), "")
    return word[len(prefix) : len(word) - len(suffix)]
