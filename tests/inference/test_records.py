"""The columns of the output, and that its offsets are characters of the document."""

import pyarrow as pa
import pytest

from wasit.inference.classifier import Classifier, Settings
from wasit.inference.documents import Document
from wasit.inference.records import RecordBuilder, build_schema
from wasit.models.article import Article
from wasit.models.errors import InputError
from wasit.models.evidence import Evidence
from wasit.models.prediction import Answer, MediatorPrediction, Prediction
from wasit.models.taxonomy import Taxonomy

SCORES = "list<element: struct<label: string, score: float>>"
EVIDENCE = "struct<start: int64, end: int64, text: string, mention_start: int64, mention_end: int64>"
LABELS = [{"name": name, "ar": "ع", "en": name, "definition": "d"} for name in ("yes", "no")]


def taxonomy(*tasks: tuple[str, str, str]) -> Taxonomy:
    return Taxonomy.from_dict(
        {
            "tasks": [
                {"name": name, "scope": scope, "problem": problem, "ar": "ع", "en": name, "labels": LABELS}
                for name, scope, problem in tasks
            ]
        }
    )


def test_the_columns_of_the_default_taxonomy() -> None:
    schema = build_schema(Taxonomy.default())
    mediators = (
        "list<element: struct<mediator: string, mentions: int32, "
        f"role: string, role_score: float, role_scores: {SCORES}, "
        f"stance: string, stance_score: float, stance_scores: {SCORES}, "
        f"evidence: {EVIDENCE}>>"
    )
    assert [(field.name, str(field.type).replace("item:", "element:")) for field in schema] == [
        ("doc_id", "string"),
        ("article", "int32"),
        ("start", "int64"),
        ("end", "int64"),
        ("spans", "list<element: struct<start: int64, end: int64>>"),
        ("title", "string"),
        ("date", "string"),
        ("source", "string"),
        ("byline", "string"),
        ("content_hash", "string"),
        ("topic", "string"),
        ("topic_score", "float"),
        ("topic_scores", SCORES),
        ("mediators", mediators),
        ("tokens", "int32"),
        ("windows", "int32"),
        ("model", "string"),
    ]
    assert build_schema(Taxonomy.default(), keep_text=True).names == [*schema.names, "text"]


def test_columns_follow_from_the_taxonomy() -> None:
    schema = build_schema(
        taxonomy(
            ("tone", "article", "multi_label"),
            ("fake", "article", "single_label"),
            ("pay", "mediator", "multi_label"),
        )
    )
    assert schema.names[10:16] == ["tone", "tone_scores", "fake", "fake_score", "fake_scores", "mediators"]
    assert schema.field("tone").type == pa.list_(pa.string())
    names = [field.name for field in schema.field("mediators").type.value_type]
    assert names == ["mediator", "mentions", "pay", "pay_scores", "evidence"]


@pytest.mark.parametrize(
    "tasks",
    [
        [("title", "article", "single_label")],
        [("evidence", "mediator", "single_label")],
        [("tone", "article", "single_label"), ("tone_score", "article", "single_label")],
    ],
)
def test_a_task_may_not_take_a_column_that_is_there(tasks: list[tuple[str, str, str]]) -> None:
    with pytest.raises(InputError, match="columns that are there already"):
        build_schema(taxonomy(*tasks))


def prediction(labels: tuple[str, ...], evidence: Evidence | None = None) -> Prediction:
    answers = {"tone": Answer(labels, {"yes": 0.75, "no": 0.625})}
    mediators = (MediatorPrediction("qatar", 1, {}, evidence),) if evidence else ()
    return Prediction(answers, mediators, tokens=3, windows=1)


@pytest.mark.parametrize(
    ("problem", "labels", "min_score", "expected"),
    [
        ("single_label", ("yes",), None, {"tone": "yes", "tone_score": 0.75}),
        ("single_label", ("yes",), 0.75, {"tone": "yes", "tone_score": 0.75}),
        ("single_label", ("yes",), 0.8, {"tone": None, "tone_score": 0.75}),
        ("multi_label", ("yes", "no"), None, {"tone": ["yes", "no"]}),
        ("multi_label", ("yes", "no"), 0.7, {"tone": ["yes"]}),
        ("multi_label", (), 0.7, {"tone": []}),
    ],
)
def test_min_score(problem: str, labels: tuple[str, ...], min_score: float, expected: dict[str, object]) -> None:
    build = RecordBuilder(taxonomy(("tone", "article", problem)), "m", min_score)
    record = build(Document("d", "نص"), 0, Article.of_document("نص"), prediction(labels))
    scores = [{"label": "yes", "score": 0.75}, {"label": "no", "score": 0.625}]
    assert {name: value for name, value in record.items() if name.startswith("tone")} == expected | {
        "tone_scores": scores
    }


def test_evidence_that_crosses_two_pieces_of_the_page_is_what_stands_there() -> None:
    page = "قالت سلطنة\r\nإعلان\r\n  عمان أمس"
    spans = ((0, 10), (page.index("عمان"), len(page)))
    article = Article("\n".join(page[start:end] for start, end in spans), spans)
    mention = article.text.index("سلطنة")
    evidence = Evidence(0, len(article.text), mention, article.text.index(" أمس"))
    build = RecordBuilder(taxonomy(("tone", "article", "single_label")), "m")
    found = build(Document("d", page), 0, article, prediction(("yes",), evidence))["mediators"][0]["evidence"]
    assert found["text"] == page
    assert page[found["mention_start"] : found["mention_end"]] == "سلطنة\r\nإعلان\r\n  عمان"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("split", [True, False])
def test_offsets_are_characters_of_the_document(
    classifier: Classifier, pages: dict[str, str], newline: str, split: bool
) -> None:
    # One character that a UTF-16 or UTF-8 offset would count more than once.
    page = "🕊️ " + pages["doha.txt"].replace("\n", newline)
    (record,) = classifier.classify([Document("d", page)], Settings(split=split, keep_text=True)).records
    spans = [(span["start"], span["end"]) for span in record["spans"]]
    assert record["text"] == "\n".join(page[start:end] for start, end in spans)
    assert (record["start"], record["end"]) == (spans[0][0], spans[-1][1])
    assert [one["mediator"] for one in record["mediators"]] == ["qatar", "egypt"]
    for one in record["mediators"]:
        evidence = one["evidence"]
        assert evidence["text"] == page[evidence["start"] : evidence["end"]]
        assert newline not in evidence["text"]
        mention = page[evidence["mention_start"] : evidence["mention_end"]]
        assert mention in {"qatar": ("الدوحة", "القطري", "قطر"), "egypt": ("مصر",)}[one["mediator"]]
        assert evidence["start"] <= evidence["mention_start"] < evidence["mention_end"] <= evidence["end"]
        if split:
            assert any(start <= evidence["start"] and evidence["end"] <= end for start, end in spans)


def test_rows_fit_their_columns(classifier: Classifier, pages: dict[str, str]) -> None:
    records = classifier.classify([Document("d", pages["doha.txt"])], Settings(keep_text=True)).records
    table = pa.Table.from_pylist(records, build_schema(classifier.taxonomy, keep_text=True))
    assert list(records[0]) == table.schema.names
    assert table.to_pylist() == records
