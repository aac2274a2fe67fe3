"""An article while its page is being read."""

from dataclasses import dataclass, field

from wasit.inference.page_folding import key_of
from wasit.inference.page_line import Kind, Line
from wasit.inference.page_prose import Prose, last_dash
from wasit.models.article import Article

# A headline may come with the name of the site behind it: as many words at most.
_SITE_WORDS = 5
_LONGEST_HEADLINE = 200


@dataclass(slots=True)
class Draft:
    """What is known of an article so far.

    Attributes:
        lines: Its text, in reading order.
        title: The one of its lines that is the headline.
        title_key: The words of the headline.
        has_body: It has a paragraph, not headlines only.
        closed_by: What has come since its last paragraph that stands after an article, if anything.
    """

    lines: list[Line] = field(default_factory=list)
    title: Line | None = None
    title_key: str = ""
    date: str | None = None
    source: str | None = None
    byline: str | None = None
    has_body: bool = False
    closed_by: Kind | None = None

    def keep(self, line: Line, prose: Prose) -> None:
        """Takes a line of text, unless it repeats the headline."""
        if not self.lines:
            if prose.is_title(line):
                self.title, self.title_key = line, key_of(line.folded)
            else:
                self._add_body()
            self.lines.append(line)
            return
        if self.title and len(line.folded) <= _LONGEST_HEADLINE and self._repeats(line):
            return
        if not prose.is_headline(line):
            self._add_body()
        self.lines.append(line)

    def close(self, kind: Kind) -> None:
        """Notes that something follows which stands after an article; a placeholder says least."""
        if self.has_body and (self.closed_by is None or kind is not Kind.CLOSING_AD):
            self.closed_by = kind

    def article(self, document: str) -> Article:
        """The finished article, cut out of its document."""
        spans = tuple((line.start, line.end) for line in self.lines)
        return Article(
            text="\n".join(document[start:end] for start, end in spans),
            spans=spans,
            title=document[self.title.start : self.title.end] if self.title else None,
            date=self.date,
            source=self.source,
            byline=self.byline,
        )

    def _add_body(self) -> None:
        self.has_body, self.closed_by = True, None

    def _repeats(self, line: Line) -> bool:
        """Whether a line is the headline again; of two copies the one without the site's name is kept."""
        key = key_of(line.folded)
        if key == self.title_key:
            return True
        if len(self.lines) > 1 or self.has_body:
            return False
        if _adds_site(line, key, self.title_key):
            return True
        if self.title and _adds_site(self.title, self.title_key, key):
            self.lines, self.title, self.title_key = [line], line, key
            return True
        return False


def _adds_site(longer: Line, longer_key: str, shorter_key: str) -> bool:
    """Whether a line is a headline, a sign and a name."""
    if not longer_key.startswith(f"{shorter_key} ") or " " not in shorter_key:
        return False
    site = last_dash(longer.folded)[2]
    return key_of(site) == longer_key[len(shorter_key) + 1 :] and site.count(" ") < _SITE_WORDS
