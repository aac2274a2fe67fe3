"""The report as a reader meets it: opened in a browser, read in both languages, filtered and checked."""

import csv
import io
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_container import BINS, HOSTILE_SOURCE, Reported, made_up_articles, report_container

from wasit.inference.report_html import report_html

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # milliseconds: a busy machine draws slowly
FIGURES = ("topics-over-time", "mediators", "one-over-time", "one-by-source")
KENYA = 0
PRESSER = 1
RIGHT_TO_LEFT = "rtl"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")


class Reader:
    """A page that is open, with what the browser complained of and what it asked for."""

    def __init__(
        self, browser: "playwright.Browser", address: str, width: int = 1280, theme: str = "light"
    ) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="en", color_scheme=theme, accept_downloads=True
        )
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.wait_for_drawing(0)

    def drawings(self) -> int:
        return int(self.page.evaluate("Number(document.documentElement.dataset.drawn ?? 0)"))

    def wait_for_drawing(self, before: int) -> None:
        # The counter only grows. An expression cannot be waited for: the page's policy forbids to evaluate it.
        self.page.wait_for_selector(f'html[data-drawn]:not([data-drawn="{before}"])', state="attached")

    def choose(self, field: str, label: str) -> None:
        before = self.drawings()
        self.page.locator(f"#filters [name={field}]").select_option(label=label)
        self.wait_for_drawing(before)

    def set_minimum_score(self, step: int) -> None:
        before = self.drawings()
        self.page.locator("#filters [name=score]").fill(str(step))
        self.wait_for_drawing(before)

    def press(self, button: str) -> None:
        before = self.drawings()
        self.page.locator(button).click()
        self.wait_for_drawing(before)

    def click_mark(self, figure: str, number: int) -> None:
        """Clicks a mark of a chart, as they were drawn; negative numbers count from the last."""
        self.page.locator(f"#{figure} svg .mark-rect.role-mark path").nth(number).click()
        self.page.wait_for_selector("dialog[open]")

    def table(self, figure: str) -> list[list[str]]:
        """The table of a figure, with its heads."""
        details = self.page.locator(f"#{figure} details")
        if details.get_attribute("open") is None:
            details.locator("summary").click()
        details.locator("table").wait_for()
        read = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        rows: list[list[str]] = details.locator("tr").evaluate_all(read)
        return rows

    def text(self, place: str) -> str:
        return self.page.locator(place).inner_text()

    def downloaded(self, figure: str, button: str) -> bytes:
        with self.page.expect_download() as download:
            self.page.locator(f"#{figure} .actions button", has_text=button).click()
        return Path(download.value.path()).read_bytes()


@pytest.fixture(scope="module")
def articles() -> list[Reported]:
    return made_up_articles()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_html(report_container()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def opened(browser: "playwright.Browser", address: str) -> Reader:
    return Reader(browser, address)


@pytest.fixture
def reader(opened: Reader) -> Iterator[Reader]:
    yield opened
    if opened.page.locator("dialog[open]").count():
        opened.page.locator("#close").click()
    if opened.page.evaluate("document.documentElement.lang") == "ar":
        opened.press("#language")
    opened.press("#reset")
    assert opened.complaints == []


def named(articles: list[Reported], mediator: int) -> list[Reported]:
    return [one for one in articles if any(found.mediator == mediator for found in one.named)]


def test_all_charts_are_drawn_without_a_complaint_or_a_request(reader: Reader, address: str) -> None:
    for figure in FIGURES:
        assert reader.page.locator(f"#{figure} svg .mark-rect.role-mark path").count() > 2, figure
        assert "under 0.5" in reader.text(f"#{figure} .low-share")
    assert [url for url in reader.requests if url != address and not url.startswith("data:")] == []


def test_the_overview_tells_counts_and_bounds(reader: Reader, articles: list[Reported]) -> None:
    facts = reader.text("#facts")
    for fact in (str(len(articles)), str(len(articles) + 7), "tiny-model", "1 undated", "January 1, 2024"):
        assert fact in facts
    assert f"All {len(articles)} articles can be opened here." in reader.text("#bounds")
    assert "no names for them were found where the report was made: \u2068tuvalu\u2069." in reader.text("#bounds")


def test_paper_shows_what_is_filtered(browser: "playwright.Browser", address: str) -> None:
    page = Reader(browser, address).page
    page.locator("#filters summary").click()
    assert not page.locator("#filters select[name=from]").is_visible()
    page.emulate_media(media="print")
    assert page.locator("#filters select[name=from]").is_visible()
    assert not page.locator("#reset").is_visible()


def test_the_language_is_switched_everywhere(reader: Reader) -> None:
    reader.press("#language")
    assert reader.page.evaluate("document.documentElement.dir") == RIGHT_TO_LEFT
    assert reader.text("#topics-over-time h3") == "الموضوع عبر الزمن"
    chart = reader.page.locator("#mediators svg").text_content()
    assert "كينيا" in chart
    assert "Kenya" not in chart
    assert "كينيا" in reader.page.locator("#filters [name=mediator]").inner_text()


def test_the_numbers_of_a_chart_are_those_of_the_articles(reader: Reader, articles: list[Reported]) -> None:
    head, *rows = reader.table("mediators")
    (kenya,) = (row for row in rows if row[0] == "Kenya")
    parts = [found.part[0] for one in named(articles, KENYA) for found in one.named if found.mediator == KENYA]
    assert head[1:4] == ["Carrier", "Presser", "Bystander"]
    assert kenya[1:5] == [*(str(parts.count(part)) for part in range(3)), str(len(parts))]


def test_filters_work_on_all_charts(reader: Reader, articles: list[Reported]) -> None:
    reader.choose("mediator", "Kenya")
    count = len(named(articles, KENYA))
    assert reader.text("#result") == f"{count} of {len(articles)} articles"
    assert [row[0] for row in reader.table("mediators")[1:]] == ["Kenya"]
    assert reader.text("#one-over-time h3") == "Kenya: Part played over time"
    reader.choose("from", "Mar 2024")
    late = [one for one in named(articles, KENYA) if one.period >= "2024-03"]
    assert reader.text("#result") == f"{len(late)} of {len(articles)} articles"
    assert [row[0] for row in reader.table("topics-over-time")[1:]] == ["Mar 2024", "Apr 2024", "undated"]
    reader.choose("source", "Lake Post")
    lake = [one for one in late if one.source == "Lake Post"]
    assert reader.text("#result") == f"{len(lake)} of {len(articles)} articles"


def test_the_minimum_score_leaves_only_surer_answers(reader: Reader, articles: list[Reported]) -> None:
    for step, least in enumerate(BINS):
        reader.set_minimum_score(step)
        left = sum(one.topic[1] >= least for one in articles)
        assert reader.text("#result") == f"{left} of {len(articles)} articles"
        (talks,) = (row for row in zip(*reader.table("topics-over-time"), strict=True) if row[0] == "Talks")
        sure = sum(one.topic[0] == 0 and one.topic[1] >= least for one in articles)
        assert sum(map(int, talks[1:])) == sure


def test_filters_that_leave_nothing_say_so(reader: Reader) -> None:
    reader.choose("topic", "Water")
    reader.choose("source", HOSTILE_SOURCE)
    assert reader.text("#result").startswith("0 of ")
    assert reader.text("#mediators .notes") == "No article is left by these filters."


def test_two_clicks_lead_from_a_number_to_the_evidence_in_the_text(
    reader: Reader, articles: list[Reported]
) -> None:
    rows = [row[0] for row in reader.table("mediators")[1:]]
    reader.click_mark("mediators", rows.index("Kenya") * 3 + PRESSER)
    expected = {
        one.title: next(found for found in one.named if found.mediator == KENYA)
        for one in articles
        if any(found.mediator == KENYA and found.part[0] == PRESSER for found in one.named)
    }
    dialog = reader.page.locator("dialog")
    assert reader.text("#articles-note") == f"{len(expected)} articles."
    assert {item.strip() for item in dialog.locator("li h3").all_inner_texts()} == expected.keys()
    for item in dialog.locator("li").all():
        found = expected[item.locator("h3").inner_text()]
        assert item.locator("blockquote").text_content() == found.evidence
        assert item.locator("mark").text_content() == found.mention
        assert f"Presser {math.floor(found.part[1] * 100 + 1e-6) / 100:.2f}" in item.inner_text()
    with_text = dialog.locator("li", has=reader.page.locator("button")).first
    evidence = expected[with_text.locator("h3").inner_text()].evidence
    with_text.locator("button").click()
    assert with_text.locator(".text mark").text_content() == evidence
    assert "الخاتمة." in with_text.locator(".text").inner_text()


def test_everything_can_be_done_with_the_keyboard(reader: Reader) -> None:
    keyboard = reader.page.keyboard
    reader.page.locator("#one-by-source summary").focus()
    keyboard.press("Enter")
    number = reader.page.locator("#one-by-source td button").first
    number.wait_for()
    number.focus()
    name = number.get_attribute("aria-label")
    keyboard.press("Enter")
    reader.page.wait_for_selector("dialog[open]")
    assert name.startswith(reader.page.locator("#articles-heading").text_content())
    assert reader.page.evaluate("document.activeElement.id") == "articles-heading"
    keyboard.press("Escape")
    assert reader.page.locator("dialog[open]").count() == 0
    assert reader.page.evaluate("document.activeElement.getAttribute('aria-label')") == name


def test_hostile_titles_sources_and_evidence_are_texts(reader: Reader) -> None:
    reader.choose("source", HOSTILE_SOURCE)
    reader.click_mark("topics-over-time", -1)
    item = reader.page.locator("dialog li")
    assert item.locator("h3").text_content().startswith("<script>window.broken = 1</script><img src=x")
    assert "\u2400" in item.locator("h3").text_content()
    assert HOSTILE_SOURCE in item.text_content()
    assert item.locator("blockquote").text_content() == "سكت <b>مسقط</b> وحدها."
    assert item.locator("b, img, script").count() == 0
    item.locator("button").click()
    assert reader.page.evaluate("window.broken") is None


def test_each_chart_can_be_taken_away(reader: Reader) -> None:
    for figure in ("topics-over-time", "mediators"):
        rows = list(csv.reader(io.StringIO(reader.downloaded(figure, "CSV").decode("utf-8-sig"))))
        assert len(rows) > 5
        assert len({len(row) for row in rows}) == 1
    assert sum(int(row[3]) for row in rows[1:]) == int(reader.text("#mediators .low-share").split(" ")[2])
    picture = reader.downloaded("mediators", "SVG").decode("utf-8")
    assert picture.startswith("<svg")
    assert "Mediators × Part played" in picture
    assert reader.downloaded("mediators", "PNG").startswith(b"\x89PNG")


def test_a_phone_in_the_dark_shows_the_same_report(browser: "playwright.Browser", address: str) -> None:
    reader = Reader(browser, address, width=390, theme="dark")
    assert reader.page.evaluate("document.documentElement.scrollWidth") == 390
    background = "getComputedStyle(document.body).backgroundColor"
    dark = reader.page.evaluate(background)
    chart = reader.page.locator("#mediators svg").evaluate("svg => svg.outerHTML")
    reader.press("#theme")
    assert reader.page.evaluate(background) != dark
    assert reader.page.locator("#mediators svg").evaluate("svg => svg.outerHTML") != chart
    reader.press("#theme")
    # Paper is light.
    reader.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert reader.page.evaluate("document.documentElement.dataset.theme") == "light"
    assert reader.complaints == []
