"""Tells for each line of a page what it is: text, or which kind of furniture."""

import re
from collections.abc import Iterator

from wasit.inference.page_dates import DateReader
from wasit.inference.page_folding import Folder, find_words, key_of
from wasit.inference.page_line import Kind, Line
from wasit.inference.page_prose import Prose, first_dash, last_dash
from wasit.inference.page_rules import PageRules

_FIRST_WORD = re.compile(r"[^\W\d_]+")
# Signs before and after the words of a line that say nothing about what it is: bullets, arrows, brackets.
_EDGES = " •·●○▪■□◄►▶◀←→*#-–—_=~|»«›‹<>:()[]{}"
_BULLETS = ("•", "·", "●", "○", "▪", "■", "□", "◄", "►", "▶", "◀", "←", "→", "*", "-", "–", "—")
_STOP_SIGNS = (".", "،", "؛", "؟", "!", "?")
# Longer lines are paragraphs, but for lists of tags; furniture at their end is looked for in their last part.
_LONGEST_FURNITURE = 200
_TAIL = 200
_CREDIT_TAIL = 60
_SHORTEST_CREDIT = 2
_MOST_CUTS = 3
_SEPARATOR = r"(?P<separator>\s*(?::|：|\||[-–—]|»|،|\.{2,}|…)[\s:.…\-–—|»«>*]*|\s*$)"
_LIST_SEPARATOR = re.compile(r"[،,;؛|#\-–_/]")
_NO_NAME = re.compile(r"[\d:؟?!\"«]")
_TIME = re.compile(r"\d\s?:\s?\d\d")
_DIGIT = re.compile(r"\d")
_TAG_KINDS = frozenset({Kind.TEXT, Kind.SECTION, Kind.SECTION_ON_TOP, Kind.CAPTION})


class LineReader:
    """Cuts a page into lines and classifies each by itself, in one pass."""

    def __init__(self, rules: PageRules, folder: Folder, prose: Prose) -> None:
        """Folds the rules as pages are folded, and compiles them."""
        self._rules = rules
        self._folder = folder
        self._prose = prose
        months = {folder.key(name): number for number, names in rules.dates.months.items() for name in names}
        self._dates = DateReader(months, map(folder.key, rules.dates.words))
        self._compile_labels(rules)
        self._compile_lines(rules)

    def _compile_labels(self, rules: PageRules) -> None:
        any_of = self._folder.alternatives
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
        names = "|".join(rf"(?P<{kind.name}>{any_of(phrases)})" for kind, phrases in kinds.items())
        self._label = re.compile(rf"(?:{names})(?!\w)(?:{_SEPARATOR}|\s*)", re.IGNORECASE)
        self._label_words = frozenset(
            self._folder.key(phrase).split(" ")[0] for phrases in kinds.values() for phrase in phrases
        )
        inner = {kind: kinds[kind] for kind in (Kind.SOURCE, Kind.DATE, Kind.READ_ALSO)}
        names = "|".join(rf"(?P<{kind.name}>{any_of(phrases)})" for kind, phrases in inner.items())
        self._tail = re.compile(rf"(?<=[.!?؟»\"”…)])\s+(?:{names})\s?(?::|\.\.|…)[\s:.…]*(?P<rest>\S.*)$")
        credit = any_of(rules.closing_credits)
        self._credit = re.compile(rf"(?<=[^\s(\[])\s*[(\[]\s?(?:{credit})\s?[)\]]\s?\.?\s*$")
        self._ad = re.compile("|".join(re.escape(token) for token in rules.ads), re.IGNORECASE)
        self._closing_ads = frozenset(token.lower() for token in rules.closing_ads)
        self._crumb_separator = re.compile(f"[{re.escape(rules.breadcrumb.separators)}]")

    def _compile_lines(self, rules: PageRules) -> None:
        folder = self._folder
        kinds = {line.name: Kind.CLOSING if line.closing else Kind.FURNITURE for line in rules.lines}
        self._whole = {key: kinds[line.name] for line in rules.lines for key in folder.keys(line.whole)}
        self._whole |= dict.fromkeys(folder.keys(rules.sections_on_top), Kind.SECTION_ON_TOP)
        self._whole |= dict.fromkeys(folder.keys(rules.sections), Kind.SECTION)
        self._whole |= dict.fromkeys(folder.keys(rules.closing_credits), Kind.CLOSING)
        self._openings = tuple(
            (folder.openings(line.opening), kinds[line.name]) for line in rules.lines if line.opening
        )
        self._line_words = tuple(folder.words(line.words) for line in rules.lines if line.words)
        self._agency_words = folder.words((*rules.agencies, *rules.closing_credits))
        self._caption_openings = folder.openings(rules.captions.opening)
        self._caption_sentences = folder.openings(rules.captions.sentences)
        self._crumbs = folder.keys((*rules.sections, *rules.sections_on_top))
        self._homes = folder.keys(rules.breadcrumb.home)
        self._places = folder.keys(rules.bylines.places)
        self._bare_bylines = folder.keys(rules.bylines.bare_labels)

    def read(self, document: str) -> Iterator[Line]:
        """Gives the lines that are not blank, in order. Any newline ends a line."""
        document = self._folder.newlines_only(document)
        has_ads = "[" in document and self._ad.search(document) is not None
        position = 0
        # Folding keeps newlines, so both have the same lines.
        for raw, folded in zip(document.split("\n"), self._folder.fold(document).split("\n"), strict=True):
            if folded and not folded.isspace():
                if has_ads and self._ad.search(raw):
                    yield from self._around_ads(raw, position)
                else:
                    yield from self._lines(raw, folded, position)
            position += len(raw) + 1

    def names_source(self, line: Line, was_announced: bool) -> bool:
        """Whether the line under a label names a source: an agency, or after a colon any few words."""
        words = find_words(line.folded)
        if line.kind not in (Kind.TEXT, Kind.CAPTION) or not words or self._prose.stops(line.folded):
            return False
        few = was_announced and len(words) <= self._rules.source.longest_words_before_stop
        return few or self._agency_words.issuperset(words)

    def is_tag(self, line: Line, longest_words: int) -> bool:
        """Whether a line under a label is a keyword or a list of them."""
        if line.kind not in _TAG_KINDS or self._prose.stops(line.folded):
            return False
        pieces = [piece for piece in _LIST_SEPARATOR.split(line.folded) if piece.strip()]
        return all(piece.count(" ") <= longest_words for piece in pieces) and (
            len(pieces) > 2 or line.words <= longest_words
        )

    def value(self, document: str, line: Line) -> str | None:
        """The value of a labelled line as it stands in the document."""
        return document[line.rest_start : line.end].strip(self._folder.margin + ".|") or None

    def _around_ads(self, raw: str, position: int) -> Iterator[Line]:
        before = 0
        for ad in self._ad.finditer(raw):
            piece = raw[before : ad.start()]
            yield from self._lines(piece, self._folder.fold(piece), position + before)
            kind = Kind.CLOSING_AD if ad.group().lower() in self._closing_ads else Kind.AD
            yield Line(kind, position + ad.start(), position + ad.end(), "")
            before = ad.end()
        yield from self._lines(raw[before:], self._folder.fold(raw[before:]), position + before)

    def _lines(self, raw: str, folded: str, position: int, cuts: int = _MOST_CUTS) -> Iterator[Line]:
        """Classifies a line; what is furniture at the end of a paragraph becomes a line of its own."""
        start = position + len(raw) - len(raw.lstrip(self._folder.margin))
        end = position + len(raw.rstrip(self._folder.margin))
        if start >= end:
            return
        raw, folded = raw[start - position : end - position], folded.strip(" ")
        line = self._classify(raw, folded, start, end)
        if line.kind is not Kind.TEXT:
            yield line
            return
        cut = self._furniture_at_end(folded) if cuts else None
        if cut is None:
            yield line
            return
        middle = self._folder.raw_offset(raw, cut)
        yield from self._lines(raw[:middle], folded[:cut], start, cuts - 1)
        yield from self._lines(raw[middle:], folded[cut:], start + middle, 0)

    def _furniture_at_end(self, folded: str) -> int | None:
        if folded.endswith((")", "]", ").", "].")):
            credit = self._credit.search(folded, max(0, len(folded) - _CREDIT_TAIL))
            if credit:
                return credit.start()
        after = max(0, len(folded) - _TAIL)
        if ":" not in folded[after:] and "…" not in folded[after:] and ".." not in folded[after:]:
            return None
        tail = self._tail.search(folded, after)
        while tail is not None and not self._is_furniture_value(self._kind_of(tail), tail["rest"]):
            tail = self._tail.search(folded, tail.start() + 1)
        return None if tail is None else tail.start()

    @staticmethod
    def _kind_of(match: re.Match[str]) -> Kind:
        return next(Kind[name] for name, value in match.groupdict().items() if value and name.isupper())

    def _is_furniture_value(self, kind: Kind, rest: str) -> bool:
        words = rest.count(" ") + 1
        if kind is Kind.DATE:
            return self._dates.only(rest)
        longest = self._rules.source.longest_words if kind is Kind.SOURCE else self._rules.text.headline_words
        return words <= longest and not self._prose.has_stop(rest)

    def _classify(self, raw: str, folded: str, start: int, end: int) -> Line:
        bare = folded.strip(_EDGES)
        first = _FIRST_WORD.match(bare)
        if first and first.group().lower() in self._label_words:
            line = self._labelled(raw, folded, bare, start, end)
            if line is not None:
                return line
        kind, date = Kind.TEXT, None
        if len(bare) <= _LONGEST_FURNITURE:
            kind = self._unlabelled(folded, bare)
            date = self._dates.read(bare) if kind is Kind.BARE_DATE else None
        return Line(kind, start, end, bare, end, "", date, bullet=folded.startswith(_BULLETS))

    def _labelled(self, raw: str, folded: str, bare: str, start: int, end: int) -> Line | None:
        match = self._label.match(bare)
        if match is None:
            return None
        kind = self._kind_of(match)
        rest = bare[match.end() :]
        if not self._is_label(kind, bare, rest, match["separator"]):
            return None
        skipped = len(folded) - len(folded.lstrip(_EDGES)) + match.end()
        rest_start = start + self._folder.raw_offset(raw, skipped) if rest else end
        date = self._dates.read(rest) if kind is Kind.DATE else None
        appending = kind is Kind.READ_ALSO and self._appends(raw)
        return Line(kind, start, end, bare, rest_start, rest, date, appending)

    def _appends(self, raw: str) -> bool:
        return self._folder.visible(raw[:_CREDIT_TAIL]).lstrip(_EDGES).startswith(self._rules.read_also.appending)

    def _is_label(self, kind: Kind, bare: str, rest: str, separator: str | None) -> bool:
        """Whether the words at the beginning of a line label it, or a sentence only begins with them."""
        rules, words, separated = self._rules, rest.count(" ") + 1, separator is not None
        if kind in (Kind.DATE, Kind.OTHER_DATE):
            short = separated and words <= rules.opening_words and not self._prose.stops(rest)
            return not rest or short or self._dates.only(rest)
        if kind is Kind.SOURCE:
            longest = (
                rules.source.longest_words_before_stop if self._prose.stops(rest) else rules.source.longest_words
            )
            return separated and words <= longest
        if kind is Kind.TAGS:
            return not rest or rest.startswith("#") or (separated and self._is_tag_list(rest))
        if kind is Kind.BYLINE:
            first_word = bare.split(" ", 1)[0].lower()
            known = separated or first_word in self._bare_bylines
            return bool(rest) and known and words <= rules.bylines.longest_words and not self._prose.stops(rest)
        if kind is Kind.CAPTION:
            named = bool(rest) and separator is not None and ":" in separator
            return named and words <= rules.captions.longest_words and not self._prose.stops(rest)
        if kind is Kind.READ_ALSO and separated:
            return True
        return not rest or (words <= rules.text.headline_words and not self._prose.stops(rest))

    def _is_tag_list(self, folded: str) -> bool:
        """Whether a text is a list of keywords and not a sentence."""
        pieces = [piece for piece in _LIST_SEPARATOR.split(folded) if piece.strip()]
        words = sum(len(piece.split()) for piece in pieces)
        return words <= self._rules.tags.longest_words * len(pieces) or not self._prose.stops(folded)

    def _unlabelled(self, folded: str, bare: str) -> Kind:
        if folded.endswith(".") and bare.count(" ") >= self._rules.opening_words:
            return Kind.TEXT
        words = find_words(bare)
        if not words:
            return Kind.BARE_DATE if _DIGIT.search(bare) and self._dates.read(bare) else Kind.FURNITURE
        key = " ".join(words)
        kind = self._whole.get(key)
        # A full stop, a quotation mark: the rest of a sentence that was broken into lines.
        is_rest = folded.endswith(_STOP_SIGNS) or '"' in bare
        if kind in (Kind.SECTION, Kind.SECTION_ON_TOP):
            return Kind.TEXT if is_rest or _DIGIT.search(bare) else kind
        if kind is not None and (len(words) > 1 or not is_rest or folded.startswith("(")):
            return kind
        if len(words) <= self._rules.opening_words and not self._prose.stops(bare):
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
        if _DIGIT.search(bare) and self._dates.only(bare) and (_TIME.search(bare) or self._dates.read(bare)):
            return Kind.BARE_DATE
        if len(words) <= self._rules.bylines.longest_words and self._is_dateline(bare):
            return Kind.DATELINE
        return Kind.TEXT

    def _is_breadcrumb(self, folded: str) -> bool:
        pieces = [key_of(piece) for piece in self._crumb_separator.split(folded)]
        pieces = [piece for piece in pieces if piece]
        if len(pieces) < 2 or ". " in folded or self._prose.stops(folded):
            return False
        longest = self._rules.breadcrumb.longest_piece_words
        short = all(piece.count(" ") < longest for piece in pieces[:-1])
        return short and (pieces[0] in self._homes or self._crumbs.issuperset(pieces))

    def _is_caption(self, folded: str, key: str, words: list[str]) -> bool:
        if len(words) > self._rules.captions.longest_words or folded.endswith("."):
            return False
        if f"{key} ".startswith(self._caption_openings):
            return not self._prose.opens_sentence(key)
        if folded.endswith(")"):
            before, _, credit = folded.rpartition("(")
        else:
            before, _, credit = last_dash(folded)
            if len(before.split()) < self._rules.captions.fewest_words_before_dash:
                return False
        # A full stop before the credit ends a sentence of the article.
        if not self._is_credit(find_words(credit)) or self._prose.stops(before.rstrip()):
            return False
        return not f"{key} ".startswith(self._caption_sentences) and not self._prose.opens_sentence(key)

    def _is_credit(self, words: list[str]) -> bool:
        """Whether words name agencies and nothing else."""
        return self._agency_words.issuperset(words) and sum(map(len, words)) >= _SHORTEST_CREDIT

    def _is_dateline(self, bare: str) -> bool:
        place, dash, name = first_dash(bare)
        named = bool(dash) and bool(name.strip()) and not _NO_NAME.search(name) and not self._prose.stops(name)
        return named and key_of(place) in self._places
