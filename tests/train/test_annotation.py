import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle, Columns, annotated_articles, read_rows
from wasit.train.row_problem import RowProblem

GOOD: dict[str, Any] = {
    "text": "وصل الوفد القطري.",
    "topic": "peace_process",
    "mediators": {"qatar": {"role": "facilitator", "stance": "neutral"}},
}


def read(path: Path, columns: Columns | None = None) -> list[AnnotatedArticle]:
    return list(annotated_articles(read_rows(path), Taxonomy.default(), columns or Columns()))


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_labels_of_all_tasks_are_read(tmp_path: Path) -> None:
    (article,) = read(write(tmp_path / "gold.jsonl", {**GOOD, "corpus": "mine"}))
    assert article.labels == {"topic": ("peace_process",)}
    assert article.mediators == {"qatar": {"role": ("facilitator",), "stance": ("neutral",)}}
    assert article.columns == {"corpus": "mine"}


def test_a_task_may_be_missing_or_null(tmp_path: Path) -> None:
    rows = [{"text": "نص"}, {**GOOD, "topic": None, "mediators": {"oman": {"role": None}}}]
    first, second = read(write(tmp_path / "gold.jsonl", *rows))
    assert (first.labels, first.mediators) == ({}, {})
    assert (second.labels, second.mediators) == ({}, {"oman": {}})


def test_a_name_can_stand_for_a_set_of_labels(tmp_path: Path) -> None:
    columns = Columns(label_sets={"topic": {"either": ("sport", "health")}})
    rows = [{"text": "نص", "topic": "either"}, {"text": "نص", "topic": ["sport", "economy"]}]
    first, second = read(write(tmp_path / "gold.jsonl", *rows), columns)
    assert first.labels["topic"] == ("sport", "health")
    assert second.labels["topic"] == ("sport", "economy")


def test_parquet_is_read_like_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "gold.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"body": ["نص"], "topic": ["sport"]}), path)
    (article,) = read(path, Columns(text="body"))
    assert (article.text, article.labels) == ("نص", {"topic": ("sport",)})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**GOOD, "topic": "sports"}, "line 2: field 'topic' holds 'sports'; allowed: peace_process, "),
        ({**GOOD, "text": " "}, "line 2: field 'text' holds ' '; allowed: a text"),
        ({"topic": "sport"}, "line 2: field 'text' holds None"),
        ({**GOOD, "mediators": {"atlantis": {}}}, "line 2: field 'mediators' names 'atlantis'; allowed: "),
        ({**GOOD, "mediators": ["qatar"]}, "line 2: field 'mediators' holds "),
        (
            {**GOOD, "mediators": {"qatar": {"role": "hero"}}},
            "line 2: mediators.qatar: field 'role' holds 'hero'; allowed: ",
        ),
        ('{"text": ', "line 2: is not JSON"),
        ("[1]", "line 2: found list; allowed: one JSON object a line"),
    ],
)
def test_a_mistake_names_line_field_value_and_what_is_allowed(
    tmp_path: Path, row: dict[str, Any] | str, message: str
) -> None:
    path = write(tmp_path / "gold.jsonl", GOOD, row)
    with pytest.raises(InputError) as caught:
        read(path)
    assert f"{path}: {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"), [("none.jsonl", "no such file"), ("gold.xml", "found the ending '.xml'")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "gold.xml").write_text("<a/>", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read(tmp_path / name)


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gold.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match=r"gold\.parquet: is not a readable Parquet file"):
        read(path)


def test_each_of_several_files_must_have_the_columns(tmp_path: Path) -> None:
    files = {
        "a.csv": "text,topic\nخبر,sport\n",
        "b.csv": "body,topic\nخبر,sport\nخبر,sport\n",
        "c.jsonl": '{"text": "نبأ"}',
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    rows = [row for name in files for row in read_rows(tmp_path / name)]
    problems: list[RowProblem] = []
    articles = list(annotated_articles(rows, Taxonomy.default(), Columns(), problems.append))
    assert [article.text for article in articles] == ["خبر", "نبأ"]
    assert [str(problem) for problem in problems] == [
        f"{tmp_path}/b.csv: there is no column 'text'; allowed: body, topic"
    ]


TAXONOMY = Taxonomy.from_dict(
    {
        "tasks": [
            {
                "name": name,
                "scope": scope,
                "problem": problem,
                "ar": "مهمة",
                "en": "Task",
                "labels": [{"name": label, "ar": "وسم", "en": "Label", "definition": "One."} for label in labels],
            }
            for name, scope, problem, labels in (
                ("topic", "article", "single_label", ("water", "votes")),
                ("concerns", "article", "multi_label", ("cost", "safety")),
                ("stance", "mediator", "single_label", ("good", "bad")),
            )
        ],
        "mediators": [
            {"id": "kenya", "ar": "جمهورية كينيا", "en": "Kenya", "forms": ["كينيا"], "adjectives": ["كيني"]},
            {"id": "sweden", "ar": "السويد", "en": "Sweden", "forms": ["السويد"]},
        ],
    }
)
PAIRS = Columns(mediator="mediator")


def read_own(path: Path, content: str, columns: Columns) -> list[AnnotatedArticle]:
    path.write_text(content, encoding="utf-8")
    return list(annotated_articles(read_rows(path), TAXONOMY, columns))


@pytest.mark.parametrize(
    ("cell", "labels"),
    [("cost", ("cost",)), (" cost | safety ", ("cost", "safety")), ("", None), ("  ", None), ("[]", ())],
)
def test_a_cell_holds_one_label_or_several_or_none(
    tmp_path: Path, cell: str, labels: tuple[str, ...] | None
) -> None:
    (article,) = read_own(tmp_path / "a.csv", f"text,concerns\nنص,{cell}\n", Columns())
    assert article.labels.get("concerns") == labels


def test_columns_separator_and_numbers_can_be_the_users_own(tmp_path: Path) -> None:
    columns = Columns(
        text="body",
        mediators="who",
        label_fields={"topic": "Thema", "stance": "Haltung"},
        label_separator=";",
        label_sets={"topic": {"1": ("water",)}},
    )
    content = 'body,Thema,concerns,who\nنص,1,cost;safety,"{""kenya"": {""Haltung"": ""bad""}}"\n'
    (article,) = read_own(tmp_path / "a.csv", content, columns)
    assert article.labels == {"topic": ("water",), "concerns": ("cost", "safety")}
    assert article.mediators == {"kenya": {"stance": ("bad",)}}
    row = {"body": "نص", "Thema": 1, "who": {"kenya": {"Haltung": "bad"}}}
    (same,) = read_own(tmp_path / "a.jsonl", json.dumps(row), columns)
    assert same.labels["topic"] == ("water",)


def test_rows_with_the_same_text_are_one_article_wherever_they_stand(tmp_path: Path) -> None:
    content = (
        "text,topic,mediator,stance\n"
        "أول,water,kenya,good\nثان,,,\nأول,,السويد,bad\nأول,water,جمهورية كينيا,\nثالث,votes,كينية,bad\n"
    )
    first, second, third = read_own(tmp_path / "a.csv", content, PAIRS)
    assert first.where.endswith("a.csv: line 2")
    assert first.labels == {"topic": ("water",)}
    assert first.mediators == {"kenya": {"stance": ("good",)}, "sweden": {"stance": ("bad",)}}
    assert (second.labels, second.mediators) == ({}, {})
    assert third.mediators == {"kenya": {"stance": ("bad",)}}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("نص,water,,\nنص,votes,,", "line 3: the topic is 'votes' here and 'water' in .*a.csv: line 2"),
        (
            "نص,,kenya,good\nغ,,,\nنص,,كينيا,bad",
            "line 4: the stance of 'kenya' is 'bad' here and 'good' in .*line 2",
        ),
        ("نص,,,good", "line 2: field 'mediator' is empty, but the stance is 'good'"),
        ("نص,,norway,good", "line 2: field 'mediator' names 'norway'; allowed: kenya, sweden, or one of"),
        ("نص,,kenya,god", "line 2: field 'stance' holds 'god'; allowed: good, bad"),
        ("نص,water|vote,,", r"line 2: field 'topic' holds 'vote' in 'water\|vote'; allowed: water, votes"),
    ],
)
def test_a_mistake_in_pairs_names_its_lines(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_own(tmp_path / "a.csv", f"text,topic,mediator,stance\n{rows}\n", PAIRS)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (Columns(text="body"), "there is no column 'body'; allowed: text, topic"),
        (Columns(mediators="actors"), "there is no column 'actors'; allowed: text, topic"),
        (Columns(mediator="actor"), "there is no column 'actor'; allowed: text, topic"),
        (Columns(label_fields={"topic": "Thema"}), "there is no column 'Thema'; allowed: text, topic"),
        (Columns(label_fields={"tone": "topic"}), "label_fields: there is no task 'tone'; allowed: topic, conc"),
        (Columns(label_sets={"topic": {"x": ("tone",)}}), "label_sets: topic has no label 'tone'; allowed: water"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_column_that_was_named_must_be_there(tmp_path: Path, columns: Columns, message: str, name: str) -> None:
    content = "text,topic\nنص,water\n" if name == "a.csv" else '{"text": "نص", "topic": "water"}'
    if name == "a.jsonl" and columns.text == "body":
        message = "field 'body' holds None"
    with pytest.raises(InputError, match=message):
        read_own(tmp_path / name, content, columns)


def test_a_row_of_json_may_lack_what_other_rows_have(tmp_path: Path) -> None:
    rows = '{"text": "نص"}\n{"text": "نصان", "Thema": "votes"}'
    first, second = read_own(tmp_path / "a.jsonl", rows, Columns(label_fields={"topic": "Thema"}))
    assert (first.labels, second.labels) == ({}, {"topic": ("votes",)})


def test_all_problems_are_told_if_the_report_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,topic,concerns\n,watr,cst\nنص,water,cost|safty\n", encoding="utf-8")
    problems: list[RowProblem] = []
    (article,) = annotated_articles(read_rows(path), TAXONOMY, Columns(), problems.append)
    assert article.labels == {"topic": ("water",)}
    assert [problem.kind for problem in problems] == ["empty text", *["unknown label"] * 3]
    assert "holds 'safty' in 'cost|safty'" in str(problems[-1])
