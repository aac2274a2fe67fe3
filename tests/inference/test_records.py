"""The columns of the output, and that its offsets are characters of the document."""

import numpy as np
import pyarrow as pa
import pytest

from wasit.inference.classifier import Classifier, Settings
from wasit.inference.documents import Document
from wasit.inference.records import PlacedArticle, Record, TableBuilder, build_schema
from wasit.models.article import Article
from wasit.models.encoded import Outline
from wasit.models.errors import InputError
from wasit.models.prediction import Decoded
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


def build(
    builder: TableBuilder,
    articles: list[PlacedArticle],
    scores: dict[str, list[list[float]]],
    evidence: dict[int, list[tuple[int, int, int, int]]] | None = None,
) -> list[Record]:
    """The rows of articles, with a mediator for each evidence of an article."""
    pair_article = [article for article, found in (evidence or {}).items() for _ in found]
    none = np.zeros(0, dtype=np.int32)
    outline = Outline(
        tokens=np.full(len(articles), 3, dtype=np.int32),
        windows=np.full(len(articles), 1, dtype=np.int32),
        mention_start=none,
        mention_end=none,
        mention_pair=none,
        pair_article=np.array(pair_article, dtype=np.int32),
        pair_mediator=np.arange(len(pair_article), dtype=np.int32) % 2,
        mediators=("qatar", "oman"),
    )
    places = [one for found in (evidence or {}).values() for one in found]
    decoded = Decoded(
        scores={name: np.array(values, dtype=np.float32).reshape(-1, 2) for name, values in scores.items()},
        pair_mentions=np.full(len(places), 2, dtype=np.int32),
        evidence=np.array(places, dtype=np.int64).reshape(-1, 4),
    )
    table = builder(articles, outline, decoded)
    table.validate(full=True)
    assert table.schema == builder.schema
    rows: list[Record] = table.to_pylist()
    return rows


@pytest.mark.parametrize(
    ("problem", "scores", "min_score", "expected"),
    [
        ("single_label", [0.75, 0.625], None, {"tone": "yes", "tone_score": 0.75}),
        ("single_label", [0.75, 0.625], 0.75, {"tone": "yes", "tone_score": 0.75}),
        ("single_label", [0.75, 0.625], 0.8, {"tone": None, "tone_score": 0.75}),
        ("single_label", [0.25, 0.375], None, {"tone": "no", "tone_score": 0.375}),
        ("multi_label", [0.75, 0.625], None, {"tone": ["yes", "no"]}),
        ("multi_label", [0.75, 0.625], 0.7, {"tone": ["yes"]}),
        ("multi_label", [0.25, 0.375], 0.2, {"tone": []}),
    ],
)
@pytest.mark.parametrize("scope", ["article", "mediator"])
def test_min_score(
    scope: str, problem: str, scores: list[float], min_score: float | None, expected: dict[str, object]
) -> None:
    builder = TableBuilder(taxonomy(("tone", scope, problem)), "m", min_score)
    article = PlacedArticle(Document("d", "نص"), 0, Article.of_document("نص"))
    (record,) = build(builder, [article], {"tone": [scores]}, {0: [(0, 2, 0, 2)]})
    given = record if scope == "article" else record["mediators"][0]
    listed = [{"label": "yes", "score": scores[0]}, {"label": "no", "score": scores[1]}]
    assert {name: value for name, value in given.items() if name.startswith("tone")} == expected | {
        "tone_scores": listed
    }


def test_every_row_has_what_is_its_own() -> None:
    builder = TableBuilder(taxonomy(("tone", "article", "single_label"), ("part", "mediator", "multi_label")), "m")
    page = "زار وفد\nمسقط أمس\nوعاد"
    cut = Article(page[:7] + "\n" + page[17:], ((0, 7), (17, 21)), title="زار وفد", date="2024-05-03")
    articles = [
        PlacedArticle(Document("a", page), 0, cut),
        PlacedArticle(Document("a", page), 1, Article(page[8:16], ((8, 16),), source="وكالات")),
        PlacedArticle(Document("b", "نص"), 0, Article.of_document("نص")),
    ]
    scores = {"tone": [[0.75, 0.25], [0.25, 0.75], [1.0, 0.0]], "part": [[0.5, 0.25], [0.25, 0.25], [0.75, 1.0]]}
    rows = build(builder, articles, scores, {1: [(0, 8, 0, 4)], 2: [(0, 2, 0, 1), (0, 2, 1, 2)]})
    assert [(row["doc_id"], row["article"], row["start"], row["end"]) for row in rows] == [
        ("a", 0, 0, 21),
        ("a", 1, 8, 16),
        ("b", 0, 0, 2),
    ]
    assert rows[0]["spans"] == [{"start": 0, "end": 7}, {"start": 17, "end": 21}]
    assert [(row["title"], row["date"], row["source"], row["byline"]) for row in rows] == [
        ("زار وفد", "2024-05-03", None, None),
        (None, None, "وكالات", None),
        (None, None, None, None),
    ]
    assert [row["tone"] for row in rows] == ["yes", "no", "yes"]
    assert [[(one["mediator"], one["part"]) for one in row["mediators"]] for row in rows] == [
        [],
        [("qatar", ["yes"])],
        [("oman", []), ("qatar", ["yes", "no"])],
    ]
    assert rows[1]["mediators"][0]["evidence"] == {
        "start": 8,
        "end": 16,
        "text": "مسقط أمس",
        "mention_start": 8,
        "mention_end": 12,
    }
    assert {(row["tokens"], row["windows"], row["model"]) for row in rows} == {(3, 1, "m")}


@pytest.mark.parametrize("keep_text", [True, False])
def test_no_articles_are_no_rows(keep_text: bool) -> None:
    builder = TableBuilder(Taxonomy.default(), "m", keep_text=keep_text)
    labels = {task.name: len(task.labels) for task in Taxonomy.default().tasks}
    none = np.zeros(0, dtype=np.int32)
    outline = Outline(none, none, none, none, none, none, none, ("qatar",))
    scores = {name: np.zeros((0, count), dtype=np.float32) for name, count in labels.items()}
    table = builder([], outline, Decoded(scores, none, np.zeros((0, 4), dtype=np.int64)))
    assert table.num_rows == 0
    assert table.schema == build_schema(Taxonomy.default(), keep_text)


def test_evidence_that_crosses_two_pieces_of_the_page_is_what_stands_there() -> None:
    page = "قالت سلطنة\r\nإعلان\r\n  عمان أمس"
    spans = ((0, 10), (page.index("عمان"), len(page)))
    article = Article("\n".join(page[start:end] for start, end in spans), spans)
    mention = article.text.index("سلطنة")
    evidence = (0, len(article.text), mention, article.text.index(" أمس"))
    builder = TableBuilder(taxonomy(("tone", "article", "single_label")), "m")
    placed = PlacedArticle(Document("d", page), 0, article)
    (record,) = build(builder, [placed], {"tone": [[0.75, 0.25]]}, {0: [evidence]})
    found = record["mediators"][0]["evidence"]
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
