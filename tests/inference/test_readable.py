"""What a person sees: every answer, the evidence with its mention, Arabic as it was written."""

import io
import re

import pytest
from rich.console import Console

from wasit.inference.classifier import Classified, Classifier, Settings
from wasit.inference.documents import Document
from wasit.inference.readable import show

ISOLATES = re.compile("[\u2066-\u2069]")


def shown(result: Classified, classifier: Classifier, width: int = 0) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width or 80, force_terminal=bool(width), no_color=True, highlight=False)
    show(result.records, result.rejections, classifier.taxonomy, console)
    return stream.getvalue()


@pytest.fixture(scope="module")
def result(classifier: Classifier, pages: dict[str, str]) -> Classified:
    documents = [Document(name, text) for name, text in pages.items()]
    return classifier.classify(documents, Settings(keep_text=True))


def test_every_answer_is_shown(result: Classified, classifier: Classifier) -> None:
    text = shown(result, classifier)
    labels = {label.name: label for task in classifier.taxonomy.tasks for label in task.labels}
    for record in result.records:
        assert record["title"] in text
        assert f"{labels[record['topic']].en} {record['topic_score']:.2f}" in text
        assert labels[record["topic"]].ar in text
    for found in result.records[0]["mediators"]:
        role = f"{labels[found['role']].en} {found['role_score']:.2f}"
        assert any(role in line and f" {found['mentions']} " in line for line in text.splitlines())
    assert "Qatar" in text
    assert "2024-05-03" in text
    assert "وكالات" in text
    assert re.search("rejected: .*english.txt.*not_arabic", text)


def test_the_mention_is_marked_in_its_sentence(
    result: Classified, classifier: Classifier, pages: dict[str, str]
) -> None:
    text, page = shown(result, classifier), pages["doha.txt"]
    for found in result.records[0]["mediators"]:
        evidence = found["evidence"]
        start, end = evidence["mention_start"], evidence["mention_end"]
        marked = page[evidence["start"] : start] + f"*{page[start:end]}*" + page[end : evidence["end"]]
        assert marked in text


@pytest.mark.parametrize("width", [0, 50, 120])
def test_arabic_is_isolated_and_stands_last(result: Classified, classifier: Classifier, width: int) -> None:
    for line in re.sub("\x1b\\[[0-9;]*m", "", shown(result, classifier, width)).splitlines():
        depth = 0
        for sign in line:
            depth += {"\u2067": 1, "\u2068": 1, "\u2069": -1}.get(sign, 0)
            assert 0 <= depth <= 1
            if "\u0600" <= sign <= "\u06ff":
                assert depth == 1
        assert depth == 0


def test_columns_are_aligned(result: Classified, classifier: Classifier) -> None:
    lines = shown(result, classifier).splitlines()
    header = next(line for line in lines if "Mentions" in line)
    column = header.index("Mentions")
    rows = [line for line in lines if line.startswith(("   Qatar", "   Egypt"))]
    assert len(rows) == 2
    assert all(row[column].isdigit() and row[column - 1] == " " for row in rows)


def test_lines_are_broken_for_a_terminal_only(result: Classified, classifier: Classifier) -> None:
    words = ISOLATES.sub("", shown(result, classifier)).split()
    narrow = re.sub("\x1b\\[[0-9;]*m", "", shown(result, classifier, 50))
    assert ISOLATES.sub("", narrow).split() == words
    assert len(narrow.splitlines()) > len(shown(result, classifier).splitlines())


def test_a_label_under_the_minimum_is_not_named(classifier: Classifier, pages: dict[str, str]) -> None:
    settings = Settings(min_score=1.0, keep_text=True)
    result = classifier.classify([Document("a", pages["doha.txt"])], settings)
    text = shown(result, classifier)
    assert f"Topic: – {result.records[0]['topic_score']:.2f}" in text


def test_an_article_without_a_title_is_known_by_its_first_words(
    classifier: Classifier, pages: dict[str, str]
) -> None:
    settings = Settings(split=False, keep_text=True)
    text = shown(classifier.classify([Document("a", pages["doha.txt"])], settings), classifier)
    assert " ".join(pages["doha.txt"].split()[:12]) + " …" in text


def test_a_page_cannot_control_the_terminal(classifier: Classifier, pages: dict[str, str]) -> None:
    page = "\x1b[2J" + pages["doha.txt"].replace("القطري", "القطري\x1b]0;x\x07")
    result = classifier.classify([Document("a\x1b[31m", page)], Settings(keep_text=True))
    assert "\x1b" not in shown(result, classifier)
