from html.parser import HTMLParser

from wasit.models.evidence import Evidence
from wasit.models.prediction import Answer
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.answers import AnswerTable, ScoredAnswer
from wasit.train.error_page import error_page, text_lines

TAXONOMY = Taxonomy.default()
STANCE = TAXONOMY.task("stance")
FAVOURABLE, NEUTRAL, CRITICAL = STANCE.label_names
HOSTILE = "عنوان <script>alert('x')</script>\nأشادت قطر & \"غيرها\" بالاتفاق. <b>انتهى</b>\n\nسطر أخير"
EVIDENCE = Evidence(HOSTILE.index("أشادت"), HOSTILE.index(" <b>"), HOSTILE.index("قطر"), HOSTILE.index("قطر") + 3)


def wrong(article: int, certainty: float, evidence: Evidence | None = None) -> ScoredAnswer:
    scores = {FAVOURABLE: 0.0, NEUTRAL: 1 - certainty, CRITICAL: certainty}
    return ScoredAnswer(STANCE, article, "qatar", (NEUTRAL,), Answer((CRITICAL,), scores), evidence)


def page(*answers: ScoredAnswer, limit: int = 100, text: str = HOSTILE) -> str:
    articles = [AnnotatedArticle(f"a<b>.jsonl: line {number}", text, {}, {}, {}) for number in range(9)]
    return error_page("runs/<mine>", {"stance": AnswerTable(STANCE, answers)}, articles, TAXONOMY, limit)


class Elements(HTMLParser):
    """Collects what a browser would see: elements by name with class and text."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.names: set[str] = set()
        self.marked: list[tuple[str, str]] = []
        self.paragraphs: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.open.append((tag, dict(attrs)))
        if tag == "p":
            self.paragraphs.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1][0] == "mark":
            self.marked.append((str(self.open[-1][1]["class"]), data))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass


def test_hostile_text_is_shown_as_text() -> None:
    elements = Elements(page(wrong(0, 0.9, EVIDENCE)))
    assert not {"script", "b", "mine"} & elements.names
    for shown in ("<script>alert('x')</script>", "<b>انتهى</b>", "runs/<mine>", "a<b>.jsonl: line 0", '& "غيرها"'):
        assert shown in elements.text


def test_evidence_and_mention_are_marked_in_the_text() -> None:
    elements = Elements(page(wrong(0, 0.9, EVIDENCE)))
    alone, *in_text = elements.marked
    assert alone == ("mention", "قطر")
    assert in_text == [("evidence", "أشادت "), ("mention", "قطر"), ("evidence", ' & "غيرها" بالاتفاق.')]
    assert elements.text.count('أشادت قطر & "غيرها" بالاتفاق.') == 2


def test_no_character_of_a_text_is_lost_but_empty_lines() -> None:
    lines = list(text_lines(HOSTILE, wrong(0, 0.9, EVIDENCE)))
    assert ["".join(piece.text for piece in line) for line in lines] == [
        part for part in HOSTILE.split("\n") if part
    ]


def test_each_line_goes_the_way_of_its_letters_and_the_first_is_the_title() -> None:
    lines = [attributes for attributes in Elements(page(wrong(0, 0.9))).paragraphs if "dir" in attributes]
    assert [attributes["dir"] for attributes in lines] == ["auto"] * 3
    assert [attributes.get("class") for attributes in lines] == ["title", None, None]


def test_the_most_certain_errors_come_first_and_mediators_not_found_last() -> None:
    right = ScoredAnswer(STANCE, 4, "qatar", (CRITICAL,), wrong(4, 0.99).given)
    missed = ScoredAnswer(STANCE, 2, "qatar", (NEUTRAL,), None)
    text = Elements(page(missed, wrong(0, 0.6), right, wrong(1, 0.8))).text
    places = [text.index(f"line {number}") for number in (1, 0, 2)]
    assert places == sorted(places)
    assert "line 4" not in text
    assert "3 of 4 answers are wrong" in text
    assert "the mediator was not found" in text


def test_no_more_errors_are_shown_than_wanted() -> None:
    text = Elements(page(wrong(0, 0.6), wrong(1, 0.8), limit=1)).text
    assert "2 of 2 answers are wrong; 1 of them are shown" in " ".join(text.split())
    assert "line 0" not in text


def test_gold_answer_scores_and_mediator_are_named_in_both_languages() -> None:
    text = Elements(page(wrong(0, 0.9))).text
    for label in STANCE.labels[1:]:
        assert label.ar in text
        assert label.en in text
    assert "0.900" in text
    assert "قطر" in text
    assert "Qatar" in text


def test_the_page_needs_nothing_else() -> None:
    content = page(wrong(0, 0.9))
    assert not {"link", "img", "script", "iframe"} & Elements(content).names
    assert "http" not in content.replace("http-equiv", "")
