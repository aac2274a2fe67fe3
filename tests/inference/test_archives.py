"""Archives of crawlers: every web page comes out, and everything else is counted."""

import gzip
import zlib
from pathlib import Path

import brotli
import pytest

from wasit.inference.archives import read_archive
from wasit.inference.documents import Rejection, WebPage
from wasit.inference.input_files import InputFile
from wasit.inference.web_pages import LONGEST_PAGE

HTML = "<html><body><p>عاد الوفد إلى المدينة مساء الأحد.</p></body></html>".encode() * 9


def record(
    kind: str, address: str | None, block: bytes, content: str = "application/http", more: str = ""
) -> bytes:
    target = f"WARC-Target-URI: {address}\r\n" if address else ""
    head = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:1>\r\n{target}{more}"
    head += f"WARC-Date: 2024-05-03T10:00:00Z\r\nContent-Type: {content}\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def answer(body: bytes = HTML, status: str = "200 OK", content: str = "text/html", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {content}\r\n{more}\r\n".encode() + body


def page(address: str | None, **options: str) -> bytes:
    return record("response", address, answer(**options))  # type: ignore[arg-type]


def read(path: Path) -> list[WebPage | Rejection]:
    return list(read_archive(InputFile(str(path), path.name, path.stat().st_size)))


def archive(folder: Path, records: list[bytes], name: str = "a.warc.gz") -> Path:
    path = folder / name
    path.write_bytes(b"".join(map(gzip.compress, records) if name.endswith(".gz") else records))
    return path


def chunked(body: bytes) -> bytes:
    pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_pages_come_by_address_with_their_charset(tmp_path: Path, name: str) -> None:
    records = [
        record("warcinfo", None, b"software: x\r\n", "application/warc-fields"),
        record("request", "http://a/1", b"GET / HTTP/1.1\r\n\r\n"),
        page("http://a/1", content="text/html; charset=windows-1256"),
        page("<http://a/مقال>", content="application/xhtml+xml"),
        page(None),
        record("metadata", "http://a/1", b"fetchTimeMs: 1\r\n", "application/warc-fields"),
    ]
    assert read(archive(tmp_path, records, name)) == [
        WebPage("http://a/1", HTML, "windows-1256"),
        WebPage("http://a/مقال", HTML, None),
        WebPage(f"{name}:5", HTML, None),
    ]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunked(HTML), "Transfer-Encoding: chunked\r\n"),
        (gzip.compress(HTML), "Content-Encoding: gzip\r\n"),
        (zlib.compress(HTML), "content-encoding: deflate\r\n"),
        (zlib.compress(HTML)[2:-4], "Content-Encoding: deflate\r\n"),
        (brotli.compress(HTML), "Content-Encoding: br\r\n"),
        (chunked(gzip.compress(HTML)), "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"),
        (HTML, "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"),
    ],
    ids=["chunked", "gzip", "deflate", "bare deflate", "br", "chunked gzip", "stored decoded"],
)
def test_bodies_are_decoded(tmp_path: Path, body: bytes, headers: str) -> None:
    path = archive(tmp_path, [record("response", "http://a/1", answer(body, more=headers))])
    assert read(path) == [WebPage("http://a/1", HTML, None)]


@pytest.mark.parametrize(
    ("body", "headers", "identifier"),
    [
        (chunked(HTML)[:-200], "Transfer-Encoding: chunked\r\n", "bad_body"),
        (gzip.compress(HTML)[:-30], "Content-Encoding: gzip\r\n", "bad_body"),
        (zlib.compress(HTML)[:-30], "Content-Encoding: deflate\r\n", "bad_body"),
        (brotli.compress(HTML)[:-5], "Content-Encoding: br\r\n", "bad_body"),
        (b"\x01\x02", "Content-Encoding: unheard-of\r\n", "bad_body"),
        (gzip.compress(bytes(LONGEST_PAGE + 1)), "Content-Encoding: gzip\r\n", "too_long"),
        (brotli.compress(bytes(LONGEST_PAGE + 1), quality=1), "Content-Encoding: br\r\n", "too_long"),
        (bytes(LONGEST_PAGE + 1), "", "too_long"),
    ],
)
def test_a_damaged_or_endless_body_is_rejected_alone(
    tmp_path: Path, body: bytes, headers: str, identifier: str
) -> None:
    path = archive(tmp_path, [record("response", "http://a/1", answer(body, more=headers)), page("http://a/2")])
    rejection, following = read(path)
    assert isinstance(rejection, Rejection)
    assert (rejection.id, rejection.reason.partition(":")[0]) == ("http://a/1", identifier)
    assert following == WebPage("http://a/2", HTML, None)


def test_what_is_no_web_page_is_counted_once_an_archive(tmp_path: Path) -> None:
    records = [
        page("http://a/1.jpg", content="image/jpeg"),
        page("http://a/2.jpg", content="image/jpeg", status="404 Not Found"),
        page("http://a/old", status="301 Moved Permanently"),
        record("revisit", "http://a/1", b"HTTP/1.1 200 OK\r\n\r\n"),
        record("response", "dns:a", b"20240503\n", "text/dns"),
        page("http://a/gone", status="404 Not Found"),
        page("http://a/busy", status="503 Service Unavailable"),
    ]
    counts = "2 image/jpeg, 1 redirects, 1 of type revisit, 1 without an answer in HTTP"
    assert read(archive(tmp_path, records)) == [
        Rejection("http://a/gone", "http_status: 404"),
        Rejection("http://a/busy", "http_status: 503"),
        Rejection("a.warc.gz", f"no_web_pages: 5 records hold no web page: {counts}"),
    ]


def test_a_page_that_the_crawler_cut_off_is_rejected(tmp_path: Path) -> None:
    path = archive(tmp_path, [record("response", "http://a/1", answer(), more="WARC-Truncated: length\r\n")])
    assert read(path) == [Rejection("http://a/1", "truncated: the crawler did not store all of it (length)")]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
@pytest.mark.parametrize("kind", ["page", "image"])
def test_a_truncated_archive_says_so_after_what_it_holds(tmp_path: Path, name: str, kind: str) -> None:
    last = page("http://a/9", content="text/html" if kind == "page" else "image/jpeg")
    whole = archive(tmp_path, [page("http://a/1"), last], name)
    whole.write_bytes(whole.read_bytes()[:-60])
    first, rejection = read(whole)
    assert first == WebPage("http://a/1", HTML, None)
    assert isinstance(rejection, Rejection)
    assert rejection.reason.startswith("unreadable: the record breaks off")


@pytest.mark.parametrize("damage", [slice(0, 10), slice(40, 60), slice(-8, -4)])
def test_reading_goes_on_behind_a_damaged_member(tmp_path: Path, damage: slice) -> None:
    members = [bytearray(gzip.compress(page(f"http://a/{number}"))) for number in range(5)]
    members[2][damage] = bytes(len(members[2][damage]))
    (tmp_path / "a.warc.gz").write_bytes(b"".join(members))
    items = read(tmp_path / "a.warc.gz")
    assert [item.id for item in items if isinstance(item, WebPage)] == [
        f"http://a/{number}" for number in (0, 1, 3, 4)
    ]
    rejections = [item for item in items if isinstance(item, Rejection)]
    assert len(rejections) == 1
    assert rejections[0].reason.startswith("unreadable: ")


def test_reading_goes_on_behind_garbage(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(page("http://a/1") + b"garbage\r\n" * 9 + page("http://a/2"))
    first, rejection, last = read(path)
    assert (first.id, rejection.id, last.id) == ("http://a/1", "a.warc", "http://a/2")
    assert isinstance(rejection, Rejection)


@pytest.mark.parametrize("content", [b"no archive at all", gzip.compress(b"no archive"), b"\x1f\x8b\x08"])
def test_what_is_no_archive_is_rejected_under_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.warc.gz").write_bytes(content)
    (rejection,) = read(tmp_path / "a.warc.gz")
    assert isinstance(rejection, Rejection)
    assert rejection.id == "a.warc.gz"
