"""Web pages keep every sentence of the article and lose what stands around it."""

import pickle

import pytest

from wasit.inference.documents import LONGEST_DOCUMENT, WebPage
from wasit.inference.pages import PageSplitter
from wasit.inference.reject import Reject
from wasit.inference.web_pages import extract

TITLE = "وفد الوساطة يعود إلى مدينة الميناء بمسودة جديدة"
SENTENCES = (
    "وصل وفد الوساطة إلى مدينة الميناء مساء السبت حاملا مسودة اتفاق من تسعة بنود.",
    "وقال المتحدث باسم الوفد إن الطرفين تسلما نسخة من المسودة، وإن الرد متوقع خلال أسبوع.",
    "وأضاف: «لن نغادر قبل أن نسمع جوابا واضحا».",
    "في المقابل، شكك زعيم المعارضة في جدوى الجولة الجديدة.",
    "لا جديد حتى الآن.",
    "ويرى مراقبون أن سلطنة عمان ستواصل اتصالاتها مع الجانبين مهما كانت النتيجة.",
)
NAVIGATION = '<nav><ul><li><a href="/">الرئيسية</a></li><li><a href="/e">اقتصاد</a></li></ul></nav>'
AROUND = (
    '<div class="related"><h3>مقالات ذات صلة</h3><ul><li><a href="/1">ارتفاع أسعار القمح</a></li></ul></div>'
    '<div id="comments" class="comments"><div class="comment"><p>شكرا لكم على هذا الخبر المهم جدا.</p></div></div>'
    "<footer><p>جميع الحقوق محفوظة 2019</p></footer>"
)
PARAGRAPHS = "\n".join(f"<p>{one}</p>" for one in SENTENCES)
ARTICLE = f'<article><h1>{TITLE}</h1><div class="content">{PARAGRAPHS}</div></article>'


def html(main: str, head: str = "") -> str:
    start = (
        f'<!DOCTYPE html><html lang="ar" dir="rtl"><head>{head}<title>{TITLE} - صحيفة الساحل</title></head><body>'
    )
    return f"{start}{NAVIGATION}{main}{AROUND}</body></html>"


def lines(page: str, head: str = "") -> list[str]:
    return extract(WebPage("p", html(page, head).encode())).text.split("\n")


def reason(data: bytes) -> str:
    with pytest.raises(Reject) as caught:
        extract(WebPage("p", data))
    return caught.value.identifier


@pytest.mark.parametrize(
    "main",
    [
        ARTICLE,
        f'<div class="post"><h2>{TITLE}</h2><div class="entry">{"<br><br>".join(SENTENCES)}</div></div>',
        "<div id=main>" + "".join(f"<div>{one}</div>" for one in (TITLE, *SENTENCES)) + "</div>",
        f"<table><tr><td></td><td>{TITLE}{''.join(f'<p align=x>{one}' for one in SENTENCES)}</td></tr></table>",
        f"<div class=article-body><h1>{TITLE}<p>" + "<p>".join(f"<b><i>{one}</b></i>" for one in SENTENCES),
        "<article>"
        + "".join(f'<p dir="rtl"><span>{one[:9]}</span>{one[9:]}</p>' for one in SENTENCES)
        + "</article>",
        f"<main><h1>{TITLE}</h1>{PARAGRAPHS}</main>".replace("«", "&laquo;").replace("م", "&#1605;"),
    ],
    ids=["article", "line breaks", "plain blocks", "table", "broken markup", "spans, no headline", "entities"],
)
def test_an_article_is_a_title_and_one_line_a_paragraph(main: str) -> None:
    assert lines(main) == [TITLE, *SENTENCES]


def test_sentences_in_lists_and_quotes_are_kept_in_order() -> None:
    first, second, quote, third, short, last = SENTENCES
    main = (
        f"<article><h1>{TITLE}</h1><p>{first}</p><p>{second}</p><blockquote><p>{quote}</p></blockquote>"
        f"<p>{third}</p><ul><li>{short}</li><li>{last}</li></ul></article>"
    )
    assert lines(main) == [TITLE, *SENTENCES]


def test_the_document_says_that_its_text_was_extracted() -> None:
    page = pickle.loads(pickle.dumps(WebPage("http://a/1", html(ARTICLE).encode())))
    document = extract(page)
    assert (document.id, document.extracted) == ("http://a/1", True)


@pytest.mark.parametrize(
    ("charset", "meta", "declared"),
    [
        ("utf-8", '<meta charset="utf-8">', None),
        ("cp1256", '<meta charset="windows-1256">', None),
        ("cp1256", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1256">', None),
        ("cp1256", "", "cp1256"),
        ("cp1256", '<meta charset="iso-8859-1">', None),
        ("utf-16", "", None),
    ],
)
def test_encodings(charset: str, meta: str, declared: str | None) -> None:
    page = WebPage("p", html(ARTICLE, meta).encode(charset), declared)
    assert extract(page).text.split("\n") == [TITLE, *SENTENCES]


def test_an_xml_declaration_does_no_harm() -> None:
    data = ('<?xml version="1.0" encoding="windows-1256"?>' + html(ARTICLE)).encode("cp1256")
    assert SENTENCES[0] in extract(WebPage("p", data)).text


def test_a_character_that_is_cut_in_two_costs_no_page() -> None:
    data = html(ARTICLE).encode().replace("لا جديد".encode(), "لا جدي".encode() + b"\xd8")
    assert SENTENCES[0] in extract(WebPage("p", data)).text


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="2024-05-03T10:00:00Z">',
        '<meta property="article:modified_time" content="2024-06-01"><meta name="date" content="2024-05-03">',
        '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2024-05-03"}</script>',
    ],
)
def test_the_day_of_publication_comes_from_the_head(head: str) -> None:
    text = "\n".join(lines(ARTICLE, head))
    (article,) = PageSplitter.default().split(text)
    assert (article.title, article.date) == (TITLE, "2024-05-03")
    assert article.text == "\n".join((TITLE, *SENTENCES))


@pytest.mark.parametrize(
    "head",
    [
        "",
        '<meta property="article:modified_time" content="2024-06-01">',
        '<meta http-equiv="last-modified" content="Tue, 03 May 2022 10:00:00 GMT">',
        '<link href="/style.css?v=20200202">',
    ],
)
def test_no_other_day_is_taken_for_it(head: str) -> None:
    assert lines(ARTICLE + "<time datetime='2018-01-01'>قبل عام</time>", head) == [TITLE, *SENTENCES]


@pytest.mark.parametrize(
    ("data", "identifier"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<html><body><script>x</script></body></html>", "empty"),
        (b"\x81\x00\x01\x02\x03\xff\xfe", "undecodable"),
        (f"<html><body><p>{'نص ' * (LONGEST_DOCUMENT // 3 + 2)}</p></body></html>".encode(), "too_long"),
    ],
    ids=["nothing", "blank", "script only", "no text", "too long"],
)
def test_what_gives_no_text_is_rejected(data: bytes, identifier: str) -> None:
    assert reason(data) == identifier


def test_whatever_the_library_raises_is_a_rejection(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("trafilatura.bare_extraction", fail)
    assert reason(html(ARTICLE).encode()) == "bad_html"


def test_pages_nested_without_end_do_not_end_the_run() -> None:
    data = ("<html><body>" + "<div>" * 5000 + f"<p>{SENTENCES[0]}</p>").encode()
    try:
        assert SENTENCES[0] in extract(WebPage("p", data)).text
    except Reject as reject:
        assert reject.identifier in ("empty", "bad_html")


def test_nothing_is_said_beside_the_rejection(capfd: pytest.CaptureFixture[str]) -> None:
    reason(b"<html><body></body></html>")
    assert capfd.readouterr() == ("", "")
