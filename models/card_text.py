"""Other people's text in a card: shown as it is, and never read as Markdown, HTML or mathematics."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

CARD_FILE = "README.md"
"""The card in the folder of a model, which the Hugging Face Hub shows."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# They join letters or give a sign its direction; all other invisible characters could hide or reorder text.
_HARMLESS = "\u200c\u200d\u200e\u200f\u061c"
# Signs that mark something wherever they stand, and those that do so only before, between or after others: an
# underscore between letters, brackets around an interval and a dash before a number are left as they are.
_MARKUP = re.compile(
    r"[\\`*<|~$]|&(?=[#\w])|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])|"
    r"^[>\[]|^#(?=#*(?:\s|$))|^[+-](?=\s|$)|^-(?=[-\s]*$)"
)
_NUMBERED = re.compile(r"^([0-9]+)([.)])(?=\s|$)")
_BACKTICKS = re.compile("`+")
_SHORTEST_FENCE = 3


def one_line(text: str) -> str:
    """One line without characters that hide or reorder text, or that UTF-8 cannot hold."""
    return _visible(" ".join(text.split()))


def _visible(text: str) -> str:
    return "".join(one if one.isprintable() or one in _HARMLESS else _REPLACEMENT for one in text)


def escaped(text: str) -> Markup:
    """One line that Markdown shows as it is, wherever it stands.

    Signs that could mark something become character references: unlike a backslash before them they mean nothing
    to any reader of Markdown, tables and mathematics included.
    """
    line = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", one_line(text))
    return Markup(_NUMBERED.sub(lambda found: f"{found[1]}&#{ord(found[2])};", line))


def shown(value: object) -> object:
    """Escapes whatever a template outputs, unless it is Markdown of our own."""
    return escaped(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def fenced(text: str, language: str) -> Markup:
    """A block of code that no line of the text can end."""
    lines = [_visible(line) for line in text.splitlines()]
    longest = max((len(run) for line in lines for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return Markup("\n".join([fence + language, *lines, fence]))


def card_template(file: str) -> Template:
    """A template of ``wasit.configs`` in which other people's text is shown as it is.

    Args:
        file: Its name.
    """
    environment = Environment(
        finalize=shown, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["fenced"] = fenced
    return environment.from_string((files("wasit.configs") / file).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class CardTable:
    """A table.

    Attributes:
        title: What it shows.
        header: Names of the columns.
        rows: Cells; text that is not :class:`Markup` is shown as it is.
        names: How many of the first columns hold words; all others hold numbers.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int

    @property
    def markdown(self) -> Markup:
        """The table without its title."""
        ruler = [Markup("---" if index < self.names else "---:") for index in range(len(self.header))]
        return Markup("\n".join(map(_row, (self.header, ruler, *self.rows))))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(str(shown(cell)) for cell in cells)} |"
