"""Tells for each line of a page what it is: text, or which kind of furniture."""

import enum
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from wasit.inference.page_dates import DateReader
from wasit.inference.page_rules import PageRules, Phrases

_WORD = re.compile(r"[^\W\d_]+")
_LINE_ENDS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_SPACES = "\t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DIGITS = "".join(chr(zero + digit) for digit in range(10) for zero in (0x660, 0x6F0))
# Signs before and after the words of a line that say nothing about what it is: bullets, arrows, brackets.
_EDGES = " •·●○▪■□◄►▶◀←→*#-–—_=~|»«›‹<>:()[]{}"
_SENTENCE_ENDS = (".", "!", "؟", "?", ":", "…", "\"", "”", "»")
_STOP_SIGNS = (".", "،", "؛", "؟", "!", "?")
_CLOSERS = " \"'”’»)]"
# Longer lines are paragraphs, but for lists of tags; furniture at their end is looked for in their last part only.
_LONGEST_FURNITURE = 200
_TAIL = 200
_CREDIT_TAIL = 60
_SHORTEST_CREDIT = 2
_SEPARATOR = r"(?P<separator>\s*(?::|：|\||[-–—]|»|،|\.{2,}|…)[\s:.…\-–—|»«>*]*|\s*$)"
_LIST_SEPARATOR = re.compile(r"[،,;؛|#\-–_/]")
_DATELINE = re.compile(r"([^(،\d]{2,25}?)(?:(?:،[^(]{2,30})?\s?\(|\s[-–—]{1,2}\s)")
_NO_NAME = re.compile(r"[\d:؟?!\"«]")
_TIME = re.compile(r"\d\s?:\s?\d\d")
_DIGIT = re.compile(r"\d")


class Kind(enum.Enum):
    """What a line is."""

    TEXT = enum.auto()
    FURNITURE = enum.auto()
    CLOSING = enum.auto()
    AD = enum.auto()
    CLOSING_AD = enum.auto()
    SECTION = enum.auto()
    SECTION_ON_TOP = enum.auto()
    CAPTION = enum.auto()
    DATE = enum.auto()
    OTHER_DATE = enum.auto()
    BARE_DATE = enum.auto()
    SOURCE = enum.auto()
    TAGS = enum.auto()
    BYLINE = enum.auto()
    DATELINE = enum.auto()
    READ_ALSO = enum.auto()
    RELATED = enum.auto()


_TAG_KINDS = frozenset({Kind.TEXT, Kind.SECTION, Kind.SECTION_ON_TOP, Kind.CAPTION})


class Line(NamedTuple):
    """One line of a page, or a part of one.

    Attributes:
        kind: What it is.
        start: Where it begins in the document, in characters, without the space around it.
        end: Where it ends.
        folded: Its folded text, without bullets.
        rest_start: For a labelled line, where its value begins in the document; ``end`` if it has none.
        rest: The folded value.
        date: The day that it states.
        appending: It is a "read also" that rather begins a further article.
    """

    kind: Kind
    start: int
    end: int
    folded: str
    rest_start: int = 0
    rest: str = ""
    date: str | None = None
    appending: bool = False

    @property
    def words(self) -> int:
        """How many words it has, about."""
        return self.folded.count(" ") + 1


@dataclass(frozen=True, slots=True)
class _Labels:
    pattern: re.Pattern[str]
    first_words: frozenset[str]


class LineReader:
    """Cuts a page into lines and classifies each by itself, in one pass."""

    def __init__(self, rules: PageRules) -> None:
        """Folds the rules as pages are folded, and compiles them."""
        self._rules = rules
        same = {variant: letter for letter, variants in rules.fold.same.items() for variant in variants}
        same |= dict.fromkeys(_SPACES, " ")
        same |= {digit: str(unicodedata.digit(digit)) for digit in _DIGITS}
        self._same = tuple(same.items())
        self._drop = frozenset(rules.fold.drop)
        invisible = "".join(sign for sign in rules.fold.drop if unicodedata.category(sign) == "Cf")
        self._margin = " \n" + _LINE_ENDS + _SPACES + invisible
        months = {self.key(name): number for number, names in rules.dates.months.items() for name in names}
        self.dates = DateReader(months, map(self.key, rules.dates.words))
        self._compile()

    def _compile(self) -> None:
        rules = self._rules
        kinds = {
            Kind.TAGS: rules.tags.labels,
            Kind.OTHER_DATE: rules.dates.other_labels,
            Kind.DATE: rules.dates.labels,
            Kind.SOURCE: rules.source.labels,
            Kind.CAPTION: rules.captions.labels,
            Kind.BYLINE: (*rules.bylines.labels, *rules.bylines.bare_labels),
            Kind.READ_ALSO: rules.read_also.forms,
            Kind.RELATED: rules.related_lists,
        }
        self._labels = self._label_pattern(kinds)
        inner = {kind: kinds[kind] for kind in (Kind.SOURCE, Kind.DATE, Kind.READ_ALSO)}
        names = "|".join(rf"(?P<{kind.name}>{self._any(phrases)})" for kind, phrases in inner.items())
        self._tail = re.compile(rf"(?<=[.!?؟»\"”…)])\s+(?:{names})\s?(?::|\.\.|…)[\s:.…]*(?P<rest>\S.*)$")
        credit = self._any(rules.closing_credits)
        self._credit = re.compile(rf"(?<=[^\s(\[])\s*[(\[]\s?(?:{credit})\s?[)\]]\s?\.?\s*$")
        self._whole = {
            self.key(phrase): Kind.CLOSING if line.closing else Kind.FURNITURE
            for line in rules.lines
            for phrase in line.whole
        }
        self._whole |= {self.key(phrase): Kind.SECTION_ON_TOP for phrase in rules.sections_on_top}
        self._whole |= {self.key(phrase): Kind.SECTION for phrase in rules.sections}
        self._whole |= {self.key(phrase): Kind.CLOSING for phrase in rules.closing_credits}
        self._openings = tuple(
            (
                tuple(self.key(phrase) + " " for phrase in line.opening),
                Kind.CLOSING if line.closing else Kind.FURNITURE,
            )
            for line in rules.lines
            if line.opening
        )
        self._line_words = tuple(self._word_set(line.words) for line in rules.lines if line.words)
        self._agency_words = self._word_set((*rules.agencies, *rules.closing_credits))
        self._caption_openings = tuple(self.key(phrase) + " " for phrase in rules.captions.opening)
        self._sentences = tuple(self.key(phrase) + " " for phrase in rules.text.sentences)
        self._continuations = tuple(self.key(phrase) + " " for phrase in rules.text.continuations)
        self._conjunction = self.fold(rules.text.conjunction)
        self._not_conjunctions = tuple(map(self.fold, rules.text.not_conjunctions))
        self._crumbs = frozenset(map(self.key, (*rules.sections, *rules.sections_on_top)))
        self._homes = frozenset(map(self.key, rules.breadcrumb.home))
        self._crumb_separator = re.compile(f"[{re.escape(rules.breadcrumb.separators)}]")
        self._places = frozenset(map(self.key, rules.bylines.places))
        self._bare_bylines = frozenset(map(self.key, rules.bylines.bare_labels))
        self._ad = re.compile("|".join(re.escape(token) for token in rules.ads), re.IGNORECASE)
        self._closing_ads = frozenset(token.lower() for token in rules.closing_ads)

    def fold(self, text: str) -> str:
        """Brings the spellings of a text to one: every character is dropped or stays one character."""
        for sign in self._drop:
            text = text.replace(sign, "")
        for variant, letter in self._same:
            text = text.replace(variant, letter)
        return text

    def key(self, text: str) -> str:
        """The words of a text alone: folded, in lower case, without digits and signs."""
        return " ".join(_WORD.findall(self.fold(text).lower()))

    def read(self, document: str) -> Iterator[Line]:
        """Gives the lines that are not blank, in order. Any newline ends a line."""
        for line_end in _LINE_ENDS:
            document = document.replace(line_end, "\n")
        has_ads = "[" in document and self._ad.search(document) is not None
        position = 0
        # Folding keeps newlines, so both have the same lines.
        for raw, folded in zip(document.split("\n"), self.fold(document).split("\n"), strict=True):
            if folded and not folded.isspace():
                if has_ads and self._ad.search(raw):
                    yield from self._around_ads(raw, position)
                else:
                    yield from self._lines(raw, folded, position)
            position += len(raw) + 1

    def is_title(self, line: Line) -> bool:
        """Whether the first line of an article is its headline, not its first paragraph."""
        text = self._rules.text
        if line.words > text.headline_words or self.stops(line.folded):
            return False
        return line.words <= text.further_headline_words or not self.opens_with_place(line.folded)

    def is_headline(self, line: Line, has_stops: bool = True, is_first: bool = True) -> bool:
        """Whether a line can be a headline somewhere within a page.

        Args:
            line: A line of text.
            has_stops: Paragraphs of this page end in full stops. If not, only the shorter lines are headlines.
            is_first: No headline stands right above it. If one does, only what cannot be a sentence is another.
        """
        text = self._rules.text
        if not is_first and (line.words > text.further_headline_words or line.folded.endswith(_SENTENCE_ENDS)):
            return False
        longest = text.headline_words if has_stops else text.headline_words // 2
        return line.words <= longest and self.is_title(line) and not self.opens_sentence(line.folded)

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
        return found is not None and self.key(found[1]) in self._places

    def names_source(self, line: Line, was_announced: bool) -> bool:
        """Whether the line under a label names a source: an agency, or after a colon any few words."""
        words = _WORD.findall(line.folded.lower())
        if line.kind not in (Kind.TEXT, Kind.CAPTION) or not words or self.stops(line.folded):
            return False
        few = was_announced and len(words) <= self._rules.source.longest_words_before_stop
        return few or self._agency_words.issuperset(words)

    def is_tag(self, line: Line, longest_words: int) -> bool:
        """Whether a line under a label is a keyword or a list of them."""
        if line.kind not in _TAG_KINDS or self.stops(line.folded):
            return False
        pieces = [piece for piece in _LIST_SEPARATOR.split(line.folded) if piece.strip()]
        return all(piece.count(" ") <= longest_words for piece in pieces) and (
            len(pieces) > 2 or line.words <= longest_words
        )

    @staticmethod
    def after_last_dash(folded: str) -> str:
        """What stands after the last sign that sets off the name of a site."""
        return _last_dash(folded)[2]

    @staticmethod
    def _opens(folded: str, openings: tuple[str, ...]) -> bool:
        return f"{' '.join(_WORD.findall(folded[:_CREDIT_TAIL].lower()))} ".startswith(openings)

    def value(self, document: str, line: Line) -> str | None:
        """The value of a labelled line as it stands in the document."""
        return document[line.rest_start : line.end].strip(self._margin + ".|") or None

    def _around_ads(self, raw: str, position: int) -> Iterator[Line]:
        before = 0
        for ad in self._ad.finditer(raw):
            piece = raw[before : ad.start()]
            yield from self._lines(piece, self.fold(piece), position + before)
            kind = Kind.CLOSING_AD if ad.group().lower() in self._closing_ads else Kind.AD
            yield Line(kind, position + ad.start(), position + ad.end(), "")
            before = ad.end()
        yield from self._lines(raw[before:], self.fold(raw[before:]), position + before)

    def _lines(self, raw: str, folded: str, position: int) -> Iterator[Line]:
        """Classifies a line; what is furniture at the end of a paragraph becomes a line of its own."""
        start = position + len(raw) - len(raw.lstrip(self._margin))
        end = position + len(raw.rstrip(self._margin))
        if start >= end:
            return
        raw, folded = raw[start - position : end - position], folded.strip(" ")
        line = self._classify(raw, folded, start, end)
        if line.kind is not Kind.TEXT:
            yield line
            return
        cut = self._furniture_at_end(folded)
        if cut is None:
            yield line
            return
        middle = self._raw_offset(raw, cut)
        yield from self._lines(raw[:middle], folded[:cut], start)
        yield from self._lines(raw[middle:], folded[cut:], start + middle)

    def _furniture_at_end(self, folded: str) -> int | None:
        if folded.endswith((")", "]", ").", "].")):
            credit = self._credit.search(folded, max(0, len(folded) - _CREDIT_TAIL))
            if credit:
                return credit.start()
        after = max(0, len(folded) - _TAIL)
        if ":" not in folded[after:] and "…" not in folded[after:] and ".." not in folded[after:]:
            return None
        tail = self._tail.search(folded, after)
        if tail is None or not self._is_furniture_value(self._kind_of(tail), tail["rest"]):
            return None
        return tail.start()

    @staticmethod
    def _kind_of(match: re.Match[str]) -> Kind:
        return next(Kind[name] for name, value in match.groupdict().items() if value is not None and name.isupper())

    def _is_furniture_value(self, kind: Kind, rest: str) -> bool:
        words = rest.count(" ") + 1
        if kind is Kind.DATE:
            return self.dates.only(rest)
        if kind is Kind.SOURCE:
            return words <= self._rules.source.longest_words and not self.stops(rest)
        return words <= self._rules.text.headline_words and not self.stops(rest)

    def stops(self, folded: str) -> bool:
        """Whether a text ends as a sentence does and a headline does not."""
        text = folded.rstrip(_CLOSERS)
        return text.endswith(tuple(self._rules.text.stops)) and not text.endswith("..")

    def _raw_offset(self, raw: str, folded_offset: int) -> int:
        """Where in the raw text the n-th character that folding keeps stands."""
        kept = -1
        for offset, character in enumerate(raw):
            kept += character not in self._drop
            if kept == folded_offset:
                return offset
        return len(raw)

    def _classify(self, raw: str, folded: str, start: int, end: int) -> Line:
        bare = folded.strip(_EDGES)
        first = _WORD.match(bare)
        if first and first.group().lower() in self._labels.first_words:
            line = self._labelled(raw, folded, bare, start, end)
            if line is not None:
                return line
        kind, date = Kind.TEXT, None
        if len(bare) <= _LONGEST_FURNITURE:
            kind = self._unlabelled(folded, bare)
            date = self.dates.read(bare) if kind is Kind.BARE_DATE else None
        return Line(kind, start, end, bare, end, "", date)

    def _labelled(self, raw: str, folded: str, bare: str, start: int, end: int) -> Line | None:
        match = self._labels.pattern.match(bare)
        if match is None:
            return None
        kind = self._kind_of(match)
        rest = bare[match.end() :]
        if not self._is_label(kind, bare, rest, match["separator"]):
            return None
        skipped = len(folded) - len(folded.lstrip(_EDGES)) + match.end()
        rest_start = start + self._raw_offset(raw, skipped) if rest else end
        date = self.dates.read(rest) if kind is Kind.DATE else None
        appending = kind is Kind.READ_ALSO and self._appends(raw)
        return Line(kind, start, end, bare, rest_start, rest, date, appending)

    def _appends(self, raw: str) -> bool:
        visible = "".join(character for character in raw[:_CREDIT_TAIL] if character not in self._drop)
        return visible.lstrip(_EDGES).startswith(self._rules.read_also.appending)

    def _is_label(self, kind: Kind, bare: str, rest: str, separator: str | None) -> bool:
        """Whether the words at the beginning of a line label it, or a sentence only begins with them."""
        rules, words, separated = self._rules, rest.count(" ") + 1, separator is not None
        if kind in (Kind.DATE, Kind.OTHER_DATE):
            short = separated and words <= rules.opening_words and not self.stops(rest)
            return not rest or short or self.dates.only(rest)
        if kind is Kind.SOURCE:
            longest = rules.source.longest_words_before_stop if self.stops(rest) else rules.source.longest_words
            return separated and words <= longest
        if kind is Kind.TAGS:
            return not rest or rest.startswith("#") or (separated and self.is_tag_list(rest))
        if kind is Kind.BYLINE:
            first_word = bare.split(" ", 1)[0].lower()
            known = separated or first_word in self._bare_bylines
            return bool(rest) and known and words <= rules.bylines.longest_words and not self.stops(rest)
        if kind is Kind.CAPTION:
            named = bool(rest) and separator is not None and ":" in separator
            return named and words <= rules.captions.longest_words and not self.stops(rest)
        if kind is Kind.READ_ALSO and separated:
            return True
        return not rest or (words <= rules.text.headline_words and not self.stops(rest))

    def is_tag_list(self, folded: str) -> bool:
        """Whether a text is a list of keywords and not a sentence."""
        pieces = [piece for piece in _LIST_SEPARATOR.split(folded) if piece.strip()]
        words = sum(len(piece.split()) for piece in pieces)
        return words <= self._rules.tags.longest_words * len(pieces) or not self.stops(folded)

    def _unlabelled(self, folded: str, bare: str) -> Kind:
        words = _WORD.findall(bare.lower())
        if not words:
            return Kind.BARE_DATE if _DIGIT.search(bare) and self.dates.read(bare) else Kind.FURNITURE
        key = " ".join(words)
        kind = self._whole.get(key)
        # A full stop, a quotation mark: the rest of a sentence that was broken into lines.
        is_rest = folded.endswith(_STOP_SIGNS) or '"' in bare
        if kind in (Kind.SECTION, Kind.SECTION_ON_TOP):
            return Kind.TEXT if is_rest or _DIGIT.search(bare) else kind
        if kind is not None:
            return kind
        if len(words) <= self._rules.opening_words and not self.stops(bare):
            for openings, kind in self._openings:
                if f"{key} ".startswith(openings):
                    return kind
            if not is_rest and any(known.issuperset(words) for known in self._line_words):
                return Kind.FURNITURE
        if self._is_credit(words) and (not is_rest or folded.startswith("(")):
            return Kind.CAPTION
        if self._crumb_separator.search(folded) and self._is_breadcrumb(folded):
            return Kind.SECTION
        if self._is_caption(folded, key, words):
            return Kind.CAPTION
        if _DIGIT.search(bare) and self.dates.only(bare) and (_TIME.search(bare) or self.dates.read(bare)):
            return Kind.BARE_DATE
        if len(words) <= self._rules.bylines.longest_words and self._is_dateline(bare):
            return Kind.DATELINE
        return Kind.TEXT

    def _is_breadcrumb(self, folded: str) -> bool:
        pieces = [self.key(piece) for piece in self._crumb_separator.split(folded)]
        pieces = [piece for piece in pieces if piece]
        if len(pieces) < 2 or self.stops(folded):
            return False
        longest = self._rules.breadcrumb.longest_piece_words
        short = all(piece.count(" ") < longest for piece in pieces[:-1])
        return short and (pieces[0] in self._homes or self._crumbs.issuperset(pieces))

    def _is_caption(self, folded: str, key: str, words: list[str]) -> bool:
        if len(words) > self._rules.captions.longest_words or self.opens_sentence(key):
            return False
        text = folded.rstrip()
        opens = f"{key} ".startswith(self._caption_openings)
        if opens and not folded.endswith("."):
            return True
        before, bracket, credit = text.rpartition("(")
        if not bracket or not text.endswith(")"):
            before, _, credit = _last_dash(text)
            if len(before.split()) <= self._rules.bylines.longest_words:
                return False
        # A full stop before the credit ends a sentence of the article.
        return self._is_credit(_WORD.findall(credit.lower())) and not self.stops(before.rstrip())

    def _is_credit(self, words: list[str]) -> bool:
        """Whether words name agencies and nothing else."""
        return sum(map(len, words)) >= _SHORTEST_CREDIT and self._agency_words.issuperset(words)

    def _is_dateline(self, bare: str) -> bool:
        place, dash, name = _first_dash(bare)
        named = bool(dash) and bool(name.strip()) and not _NO_NAME.search(name) and not self.stops(name)
        return named and self.key(place) in self._places

    def _label_pattern(self, kinds: dict[Kind, Phrases]) -> _Labels:
        names = "|".join(rf"(?P<{kind.name}>{self._any(phrases)})" for kind, phrases in kinds.items())
        first = {self.key(phrase).split(" ")[0] for phrases in kinds.values() for phrase in phrases}
        pattern = re.compile(rf"(?:{names})(?!\w)(?:{_SEPARATOR}|\s*)", re.IGNORECASE)
        return _Labels(pattern, frozenset(first))

    def _any(self, phrases: Iterable[str]) -> str:
        longest_first = sorted(map(self.key, phrases), key=len, reverse=True)
        return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first)

    def _word_set(self, phrases: Iterable[str]) -> frozenset[str]:
        return frozenset(word for phrase in phrases for word in self.key(phrase).split())


def _last_dash(text: str) -> tuple[str, str, str]:
    return max((text.rpartition(dash) for dash in (" - ", " – ", " — ", "|")), key=lambda parts: len(parts[0]))


def _first_dash(text: str) -> tuple[str, str, str]:
    return min((text.partition(dash) for dash in (" - ", " – ", " — ", " / ")), key=lambda parts: len(parts[0]))
