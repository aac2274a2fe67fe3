"""Takes the text of the article out of the HTML of a web page, with the libraries of the extra ``web``.

The text begins with the title, and with the day of publication where the page's head states it; each paragraph is
a line. Navigation, comments and lists of related articles are left out as far as the library knows them.
"""

import logging
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING

from wasit.inference.charset import decode
from wasit.inference.documents import Document, WebPage, check_length
from wasit.inference.page_rules import PageRules
from wasit.inference.reject import Reject
from wasit.models.remote_files import reason_of

if TYPE_CHECKING:
    from lxml.etree import _Element
    from lxml.html import HtmlElement

LONGEST_PAGE = 10_000_000
"""Bytes that a page has at most."""

# A page that is UTF-8 but for a character cut in two here and there is read as a browser does.
_MOST_BROKEN = 0.01
_LINES = frozenset({"body", "p", "head", "list", "item", "quote", "table", "row", "cell", "lb", "code"})
_SPACES = re.compile(r"\s+")
_TITLE_AMONG_LINES = 3
# Of the head these state the day of publication; others state when the file was changed or runs out.
_OTHER_DATES = re.compile(r"modif|updat|expir|revis", re.IGNORECASE)


def extract(page: WebPage) -> Document:
    """Takes the text out of a page.

    Raises:
        Reject: If the bytes are no text, or there is no text of an article among them.
    """
    from trafilatura import bare_extraction, load_html

    _quiet()
    html = _decode(page)
    if not html.strip():
        raise Reject("empty", "there is nothing in the page")
    try:
        tree = load_html(html)
        body = None if tree is None else getattr(bare_extraction(tree, include_comments=False), "body", None)
        lines = [] if body is None else list(_lines_of(body))
        if lines:
            _add_head(tree, lines)
    except Exception as error:
        # Whatever a page on the web may be, it must not end a run over millions.
        raise Reject("bad_html", f"it cannot be read: {type(error).__name__}, {reason_of(error)}") from error
    if not lines:
        raise Reject("empty", "there is no text of an article in the page")
    text = "\n".join(lines)
    check_length(text)
    return Document(page.id, text, extracted=True)


@cache
def _quiet() -> None:
    # What the libraries have to say of a page is said by its rejection.
    for name in ("trafilatura", "htmldate"):
        logging.getLogger(name).addHandler(logging.NullHandler())


def _decode(page: WebPage) -> str:
    try:
        return decode(page.data, page.charset)
    except Reject:
        text = page.data.decode("utf-8", "replace")
        if "\0" in text or text.count("\ufffd") > _MOST_BROKEN * len(text):
            raise
        return text


def _lines_of(body: "_Element") -> Iterator[str]:
    """Yields the paragraphs, headings, items of lists and cells of tables, without blanks around them."""
    from lxml.etree import iterwalk

    pieces: list[str] = []
    for event, element in iterwalk(body, events=("start", "end")):
        text = element.text if event == "start" else element.tail
        if element.tag in _LINES:
            pieces.append("\n")
        pieces.append(_SPACES.sub(" ", text or ""))
    return (line.strip() for line in "".join(pieces).split("\n") if line.strip())


def _add_head(tree: "HtmlElement", lines: list[str]) -> None:
    """Adds the title, unless a line at the top is it, and below it the day of publication, as pages state it."""
    from htmldate import find_date
    from trafilatura import extract_metadata

    head = tree.find("head")
    if head is None:
        return
    # The head by itself, since elsewhere stand titles and dates of other articles.
    title = " ".join((extract_metadata(_page_of(head), extensive=False).title or "").split())
    if title and title not in lines[:_TITLE_AMONG_LINES]:
        lines.insert(0, title)
    for element in head.xpath("./title|./link|./meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if element.tag != "meta" or not name or _OTHER_DATES.search(name):
            head.remove(element)
    date = find_date(_page_of(head), original_date=True, extensive_search=False)
    if date:
        place = lines.index(title) + 1 if title else 0
        lines.insert(place, f"{PageRules.default().dates.labels[0]}: {date}")


def _page_of(head: "HtmlElement") -> "HtmlElement":
    from lxml.html import Element

    page = Element("html")
    page.append(deepcopy(head))
    return page
