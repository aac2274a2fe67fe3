"""The page of a report as a file: what it holds, what it allows itself, and that its sentences are all there."""

import base64
import hashlib
import html
import re
from importlib import resources

import pytest
from report_container import report_container

from wasit.inference.report_html import REPORT_MARK, report_html

PAGE_FOLDER = resources.files("wasit.inference") / "report_page"


@pytest.fixture(scope="module")
def container() -> bytes:
    return report_container()


@pytest.fixture(scope="module")
def page(container: bytes) -> str:
    return report_html(container)


def texts(language: str) -> dict[str, str]:
    """The page's sentences in a language, by key."""
    script = (PAGE_FOLDER / "texts.js").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^  {language}: \{{\n(.*?)^  \}},", script, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r'^    (\w+): "(.*)",$', block, re.MULTILINE))


def elements(page: str, name: str) -> list[str]:
    return re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)


def test_the_container_is_in_the_page_byte_for_byte(page: str, container: bytes) -> None:
    (data,) = re.findall(r'<script type="application/octet-stream" id="report-data">(.*?)</script>', page)
    assert base64.b64decode(data) == container


def test_a_report_can_be_told_from_other_pages(page: str) -> None:
    assert page.startswith("<!doctype html>")
    assert REPORT_MARK in page[:300]


def test_the_page_runs_its_own_scripts_alone_and_asks_no_network(page: str) -> None:
    (escaped,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', page)
    policy = dict(part.strip().split(" ", 1) for part in html.unescape(escaped).split(";"))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in escaped
    for directive, name in (("script-src", "script"), ("style-src", "style")):
        hashes = [
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in elements(page, name)
        ]
        assert policy[directive].split(" ") == hashes
    assert len(elements(page, "script")) == 2
    outside = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert set(re.findall(r'(?:src|href)="(.*?)"', outside)) == {"data:,", "#main"}


def test_the_page_is_small_enough_to_be_sent(page: str, container: bytes) -> None:
    assert len(page.encode("utf-8")) - len(container) * 4 / 3 < 1_200_000


def test_every_sentence_is_there_in_both_languages_and_used() -> None:
    arabic, english = texts("ar"), texts("en")
    assert arabic.keys() == english.keys()
    for key, sentence in english.items():
        assert sorted(re.findall(r"\{\w+\}", arabic[key])) == sorted(re.findall(r"\{\w+\}", sentence)), key
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in PAGE_FOLDER.iterdir()
        if path.name.endswith((".js", ".jinja")) and path.name != "texts.js"
    )
    asked = {*re.findall(r'\bsay\("(\w+)"', sources), *re.findall(r'data-text="(\w+)"', sources)}
    assert asked <= english.keys()
    units = {"day", "week", "month", "quarter", "year"}
    assert {key for key in english if key not in units and f'"{key}"' not in sources} == set()


def test_no_script_writes_html() -> None:
    scripts = [path for path in PAGE_FOLDER.iterdir() if path.name.endswith(".js")]
    assert len(scripts) > 5
    for path in scripts:
        written = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text("utf-8")
        )
        assert written == [], path.name
