"""Reads the web pages of an archive as crawlers write them (WARC), with the libraries of the extra ``web``."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import IO, TYPE_CHECKING

from wasit.inference.documents import Rejection, WebPage, listed, without_surrogates
from wasit.inference.http_bodies import decode_body
from wasit.inference.input_files import InputFile
from wasit.inference.reject import Reject
from wasit.inference.web_pages import LONGEST_PAGE
from wasit.models.remote_files import reason_of

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

_HTML = ("text/html", "application/xhtml+xml")
# What tells of the crawl itself, and is nothing that was crawled.
_ABOUT_CRAWL = ("warcinfo", "request", "metadata", "continuation")
_GZIP = b"\x1f\x8b\x08"
_RECORD = b"WARC/1."
_BLOCK = 1 << 20


def read_archive(file: InputFile) -> Iterator[WebPage | Rejection]:
    """Reads one archive.

    Yields:
        Each page that a server gave as HTML, by its address, or the reason why it cannot be read. Images,
        redirects and the like are no documents: one rejection at the end counts them. After a damaged place
        reading goes on with the next whole record.
    """
    others: Counter[str] = Counter()
    number, is_damaged = 0, False
    with closing(file.open()) as stream:
        for record in _records(stream, _GZIP if file.ending.endswith(".gz") else _RECORD):
            if isinstance(record, Reject):
                # What broke off within a record was told with the record.
                if not is_damaged:
                    yield Rejection(file.name, record.reason)
                is_damaged = True
                continue
            number += 1
            name = _address(record) or file.row_name(number)
            try:
                found = _read(name, record)
            except Reject as reject:
                is_damaged = reject.identifier == "unreadable"
                yield Rejection(name, reject.reason)
                continue
            is_damaged = False
            if isinstance(found, str):
                others[found] += 1
            elif found is not None:
                yield found
    if others:
        counts = listed([f"{count} {kind}" for kind, count in others.most_common()])
        yield Rejection(file.name, f"no_web_pages: {others.total()} records hold no web page: {counts}")


def _records(stream: IO[bytes], beginning: bytes) -> Iterator["WarcRecord | Reject"]:
    """Yields the records, each to be read before the next, or why there is a gap; all begin alike."""
    from fastwarc.warc import ArchiveIterator

    position: int | None = 0
    while position is not None:
        try:
            for record in ArchiveIterator(stream, parse_http=False):
                position = record.stream_pos
                yield record
            return
        except OSError as error:
            yield Reject("unreadable", f"from byte {position:,} on: {reason_of(error)}")
        position = _go_to(stream, beginning, position + 1)


def _go_to(stream: IO[bytes], wanted: bytes, position: int) -> int | None:
    """Goes to where something stands in a file, at a place or behind it; says where that is."""
    before = b""
    stream.seek(position)
    while block := stream.read(_BLOCK):
        found = (before + block).find(wanted)
        if found >= 0:
            return stream.seek(position - len(before) + found)
        position += len(block)
        before = (before + block)[1 - len(wanted) :]
    return None


def _address(record: "WarcRecord") -> str | None:
    # Some crawlers put it into angle brackets.
    return without_surrogates((record.headers.get("WARC-Target-URI") or "").strip("<> ")) or None


def _read(name: str, record: "WarcRecord") -> WebPage | str | None:
    """Gives the page of a record, or else what was crawled instead, or None if nothing was crawled."""
    size = record.content_length
    if "Content-Length" not in record.headers:
        raise Reject("unreadable", "the record breaks off in its headers")
    try:
        kind = _kind(record)
        if kind is None:
            return WebPage(name, _body(record), record.http_charset)
        consumed = size - record.content_length + record.consume()
    except OSError as error:
        raise Reject("unreadable", reason_of(error)) from error
    if consumed < size:
        raise Reject("unreadable", f"the record breaks off after {consumed:,} of {size:,} bytes")
    return kind or None


def _kind(record: "WarcRecord") -> str | None:
    """What a record holds; None for a web page, nothing for what tells of the crawl.

    Raises:
        Reject: If it is a web page that tells of an error.
    """
    kind = str(record.record_type)
    if kind in _ABOUT_CRAWL:
        return ""
    if kind != "response":
        return f"of type {kind}"
    record.parse_http()
    headers = record.http_headers if record.is_http else None
    if headers is None or headers.status_code is None:
        return "without an answer in HTTP"
    status = headers.status_code
    content = (record.http_content_type or "without a content type").lower()
    if 300 <= status < 400:
        return "redirects"
    if content not in _HTML:
        return content
    if status != 200:
        raise Reject("http_status", str(status))
    return None


def _body(record: "WarcRecord") -> bytes:
    size = record.content_length
    if size > LONGEST_PAGE:
        raise Reject("too_long", f"found {size:,} bytes, at most {LONGEST_PAGE:,} are allowed")
    cut = record.headers.get("WARC-Truncated")
    if cut is not None:
        raise Reject("truncated", f"the crawler did not store all of it ({cut})")
    data = record.reader.read() if record.reader else b""
    if len(data) < size:
        raise Reject("unreadable", f"the record breaks off after {len(data):,} of {size:,} bytes")
    headers = record.http_headers.to_dict() if record.http_headers else {}
    stated = {name.lower(): value for name, value in headers.items()}
    return decode_body(data, stated.get("transfer-encoding", ""), stated.get("content-encoding", ""), LONGEST_PAGE)
