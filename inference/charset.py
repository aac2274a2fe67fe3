"""Turns the bytes of a page into text, or says that they are none.

A byte order mark is not part of the text: offsets count from the first character after it.
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from charset_normalizer import from_bytes

from wasit.inference.page_rules import PageRules
from wasit.inference.reject import Reject

# Encodings of one byte a character in which Arabic pages are written.
_ARABIC_CHARSETS = ("cp1256", "iso8859_6", "mac_arabic", "cp720", "cp864")
# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([a-z0-9_:.\-]{1,40})", re.IGNORECASE)
_DECLARATION_BYTES = 1024
_SAMPLE = 50_000
_MOST_CONTROLS = 0.002
# The encodings share letters: as near as this to the best, the detector's own order decides.
_AS_GOOD = 0.03


def decode(data: bytes, declared: str | None) -> str:
    """Decodes a page: UTF-8, else what a mark, its declaration or its letters say.

    Args:
        data: The page as it was stored.
        declared: The encoding that came with it, if any; one that does not exist or does not fit is passed over.

    Raises:
        Reject: If no encoding gives text.
    """
    text = _try(data, "utf-8-sig")
    if text is None:
        text = _decode_marked(data)
    if text is None:
        return _decode_unmarked(data, declared)
    if _has_controls(text):
        raise Reject("undecodable", "the bytes are control characters and not text")
    return text


def marked_encoding(data: bytes) -> str | None:
    """The encoding that a byte order mark other than that of UTF-8 states; it drops the mark when it decodes."""
    return next((charset[:6] for mark, charset in _MARKS if data.startswith(mark)), None)


def _decode_marked(data: bytes) -> str | None:
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return _try(data[len(mark) :], charset)
    return None


def _decode_unmarked(data: bytes, declared: str | None) -> str:
    stated = [text for charset in _declarations(data, declared) if (text := _try(data, charset)) is not None]
    clean = [text for text in stated if not _has_controls(text)]
    least = PageRules.default().language.frequent_at_least
    for text in clean:
        if _arabic_share(text) >= least:
            return text
    # A wrong declaration is common: pages of windows-1256 that say ISO-8859-1.
    detected = _detect(data, least)
    if detected is not None:
        return detected
    if clean:
        return clean[0]
    raise Reject("undecodable", "the bytes are neither UTF-8 nor Arabic text in another encoding")


def _declarations(data: bytes, declared: str | None) -> Iterator[str]:
    if declared:
        yield declared
    found = _DECLARATION.search(data, 0, _DECLARATION_BYTES)
    if found:
        yield found[1].decode("ascii")


def _detect(data: bytes, least: float) -> str | None:
    ranked = [match.encoding for match in from_bytes(data[:_SAMPLE], cp_isolation=list(_ARABIC_CHARSETS))]
    ranked += [charset for charset in _ARABIC_CHARSETS if charset not in ranked]
    texts = {charset: text for charset in ranked if (text := _try(data, charset)) is not None}
    shares = {charset: _arabic_share(text) for charset, text in texts.items() if not _has_controls(text)}
    best = max(shares.values(), default=0.0)
    if best < least:
        return None
    return next(texts[charset] for charset, share in shares.items() if share >= best - _AS_GOOD)


def _try(data: bytes, charset: str) -> str | None:
    """The text, or None if the bytes do not fit, or there is no such encoding, or it is none of text."""
    try:
        return data.decode(charset)
    except (UnicodeError, LookupError, ValueError):
        return None


def _arabic_share(text: str) -> float:
    """Which share of what is not ASCII are the most frequent letters of Arabic."""
    counts = Counter(unicodedata.normalize("NFKC", text[:_SAMPLE]))
    beyond_ascii = sum(count for sign, count in counts.items() if not (sign.isascii() or sign.isspace()))
    frequent = sum(counts[letter] for letter in PageRules.default().language.frequent_letters)
    return frequent / beyond_ascii if beyond_ascii else 0.0


def _has_controls(text: str) -> bool:
    """Whether there are more control characters than a slip explains."""
    counts = Counter(text[:_SAMPLE])
    signs = [sign for sign in counts if unicodedata.category(sign) == "Cc" and not sign.isspace()]
    controls = sum(counts[sign] for sign in signs)
    return counts["\0"] > 0 or controls > _MOST_CONTROLS * counts.total()
