import codecs
import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.inference.pages import Reject, decode

TEXT = (
    # cp720 has no Arabic comma: the text has none.
    "الوسطاء يعودون إلى المدينة\n"
    "عاد الوسطاء إلى المدينة مساء الأحد بعد انقطاع دام شهرا. وقالوا إنهم يحملون مقترحا جديدا من ثلاث صفحات. "
    "ولم يرد أي من الطرفين على المقترح حتى الآن. لكن دبلوماسيا وصف الأجواء بأنها هادئة.\n"
)


def _reason(data: bytes, declared: str | None = None) -> str:
    with pytest.raises(Reject) as caught:
        decode(data, declared)
    return caught.value.reason


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_utf8_comes_without_its_mark(mark: bytes) -> None:
    assert decode(mark + TEXT.encode(), None) == TEXT


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_marked_encodings_come_without_their_mark(charset: str) -> None:
    assert decode(("\ufeff" + TEXT).encode(charset), None) == TEXT


@pytest.mark.parametrize("charset", ["cp1256", "iso8859_6", "cp720"])
def test_encoding_is_detected(charset: str) -> None:
    assert decode(TEXT.encode(charset), None) == TEXT


@pytest.mark.parametrize("charset", ["cp1256", "iso8859_6", "cp720", "mac_arabic"])
def test_declared_encoding_is_used(charset: str) -> None:
    assert decode(TEXT.encode(charset), charset) == TEXT


@pytest.mark.parametrize(
    "declared", ["iso-8859-1", "no-such-charset", "utf-8", "base64", "rot13", "x" * 5000, "a\0b", ""]
)
def test_wrong_declaration_is_passed_over(declared: str) -> None:
    assert decode(TEXT.encode("cp1256"), declared) == TEXT


def test_declaration_within_the_page_is_used() -> None:
    page = f'<meta http-equiv="Content-Type" content="text/html; charset=MacArabic">\n{TEXT}'
    assert decode(page.encode("mac_arabic"), None) == page


def test_utf8_wins_over_a_declaration() -> None:
    assert decode(TEXT.encode(), "windows-1256") == TEXT


def test_newlines_are_left_alone() -> None:
    text = TEXT.replace("\n", "\r\n") + "\r"
    assert decode(text.encode(), None) == text
    assert decode(text.encode("cp1256"), None) == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + zlib.compress(TEXT.encode()),
        gzip.compress(TEXT.encode() * 9),
        b"\0" * 500,
        bytes(range(256)) * 4,
        codecs.BOM_UTF16_LE + b"\0\xd8\0",
        TEXT.encode("cp1256") + b"\0\1\2" * 20,
    ],
    ids=["png", "gzip", "zeros", "all bytes", "broken utf-16", "arabic with controls"],
)
@pytest.mark.parametrize("declared", [None, "windows-1256", "latin-1"])
def test_bytes_that_are_no_text_are_rejected(data: bytes, declared: str | None) -> None:
    assert _reason(data, declared).startswith("undecodable: ")


def test_random_bytes_are_rejected() -> None:
    generator = random.Random(7)
    for length in (20, 200, 2000, 20_000):
        for declared in (None, "windows-1256"):
            assert _reason(b"\xff" + generator.randbytes(length), declared).startswith("undecodable: ")


@given(st.binary(max_size=300), st.sampled_from([None, "windows-1256", "utf-8", "nonsense"]))
def test_any_bytes_give_text_or_a_reason(data: bytes, declared: str | None) -> None:
    try:
        text = decode(data, declared)
    except Reject as reject:
        assert reject.reason.startswith("undecodable: ")
    else:
        assert "\0" not in text


def test_long_page_is_decoded_whole() -> None:
    text = TEXT * (2_000_000 // len(TEXT))
    assert decode(text.encode("cp1256"), None) == text
