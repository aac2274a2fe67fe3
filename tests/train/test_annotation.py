import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle, Columns, annotated_article, read_rows

GOOD: dict[str, Any] = {
    "text": "وصل الوفد القطري.",
    "topic": "peace_process",
    "mediators": {"qatar": {"role": "facilitator", "stance": "neutral"}},
}


def read(path: Path, columns: Columns | None = None) -> list[AnnotatedArticle]:
    taxonomy = Taxonomy.default()
    return [annotated_article(where, row, taxonomy, columns or Columns()) for where, row in read_rows(path)]


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
