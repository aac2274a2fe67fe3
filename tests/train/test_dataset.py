import json
import math
from pathlib import Path
from typing import Any

import pytest

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.dataset import article_lengths, build_dataset, count_labels, is_drawn, read_source
from wasit.train.recipe import DataSource

ROWS = [
    {"text": f"نص رقم {number} " + "كلمة " * (number % 7), "topic": topic, "outlet": outlet}
    for number, (topic, outlet) in enumerate([("sport", "one")] * 30 + [("health", "two")] * 6)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = (json.dumps(row, ensure_ascii=False) for row in ROWS)
    (tmp_path / "data.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def read(folder: Path, seed: int = 0, **choice: Any) -> list[AnnotatedArticle]:
    return list(read_source(DataSource(path="data.jsonl", **choice), folder, Taxonomy.default(), seed))


def test_everything_is_read_unless_something_is_chosen(folder: Path) -> None:
    assert [article.text for article in read(folder)] == [row["text"] for row in ROWS]


def test_only_rows_with_a_value_or_of_a_length(folder: Path) -> None:
    assert {article.labels["topic"] for article in read(folder, where={"outlet": "two"})} == {("health",)}
    short = read(folder, max_words=4)
    assert short
    assert all(len(article.text.split()) <= 4 for article in short)


def test_a_draw_is_balanced_and_repeats_with_its_seed(folder: Path) -> None:
    drawn = read(folder, rows=14, balance_by=("topic",))
    topics = [article.labels["topic"] for article in drawn]
    assert (topics.count(("health",)), topics.count(("sport",))) == (6, 8)
    assert drawn == read(folder, rows=14, balance_by=("topic",))
    assert drawn != read(folder, seed=1, rows=14, balance_by=("topic",))


def test_a_choice_that_leaves_nothing_or_names_no_column_is_an_error(folder: Path) -> None:
    with pytest.raises(InputError, match="no row fits where="):
        read(folder, where={"outlet": "three"})
    with pytest.raises(InputError, match="line 1: there is no column 'paper'; allowed: text, topic, outlet"):
        read(folder, where={"paper": "one"})


def test_rows_are_read_as_they_are_asked_for(folder: Path) -> None:
    (folder / "data.jsonl").open("a", encoding="utf-8").write("\nthis is not JSON")
    source = DataSource(path="data.jsonl")
    articles = read_source(source, folder, Taxonomy.default(), seed=0)
    assert [next(articles).text for _ in ROWS] == [row["text"] for row in ROWS]
    with pytest.raises(InputError, match="line 37: is not JSON"):
        next(articles)


def test_pairs_of_a_table_are_read_by_the_names_that_the_source_gives(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(
        "body,who,does,kind\n"
        "قالت قطر كلاما.,qatar,facilitator,economy;sport\n"
        "قالت قطر كلاما.,egypt,party,economy;sport\n",
        encoding="utf-8",
    )
    source = DataSource(
        path="pairs.csv",
        text_field="body",
        mediator_field="who",
        label_fields={"role": "does", "topic": "kind"},
        label_separator=";",
    )
    (article,) = read_source(source, tmp_path, Taxonomy.default(), seed=0)
    assert article.labels == {"topic": ("economy", "sport")}
    assert article.mediators == {"qatar": {"role": ("facilitator",)}, "egypt": {"role": ("party",)}}


def test_labels_are_counted_where_they_are_sure(tiny_model: Path, tmp_path: Path) -> None:
    model = Checkpoint.load(str(tiny_model))
    labels: list[tuple[str, ...]] = [("sport",), ("sport",), ("sport", "health"), ("health",)]
    mediators = {"qatar": {"role": ("party",)}, "egypt": {"role": ("party", "spoiler")}, "oman": {}}
    text = "قالت قطر إن مصر وعمان معها."
    articles = (AnnotatedArticle("", text, {"topic": topic}, dict(mediators), {}) for topic in labels)
    dataset = build_dataset(articles, model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    topic, role = model.taxonomy.task("topic"), model.taxonomy.task("role")
    counts = dict(zip(topic.label_names, count_labels(dataset, topic).tolist(), strict=True))
    assert {name: count for name, count in counts.items() if count} == {"sport": 2, "health": 1}
    roles = dict(zip(role.label_names, count_labels(dataset, role).tolist(), strict=True))
    assert {name: count for name, count in roles.items() if count} == {"party": 4}
    assert article_lengths(dataset).tolist() == dataset["length"][:]


def test_a_dataset_may_be_empty(tiny_model: Path, tmp_path: Path) -> None:
    model = Checkpoint.load(str(tiny_model))
    assert len(build_dataset([], model.text_side.encoder(), model.taxonomy, tmp_path / "new" / "rows.arrow")) == 0


def test_the_same_articles_are_held_out_of_every_file(folder: Path) -> None:
    articles = read(folder)
    held_out = {article.text for article in articles if is_drawn(article, 0.4, "0")}
    assert 4 < len(held_out) < 26
    again = {article.text for article in read(folder, max_words=5) if is_drawn(article, 0.4, "0")}
    assert again == {text for text in held_out if len(text.split()) <= 5}
    assert not any(is_drawn(article, 0.0, "0") for article in articles)


def test_rows_carry_labels_of_the_mediators_that_the_text_mentions(tiny_model: Path, tmp_path: Path) -> None:
    model = Checkpoint.load(str(tiny_model))
    article = AnnotatedArticle(
        where="line 1",
        text="قالت قطر إن مصر تستضيف اللقاء، وشكرت الدوحة القاهرة.",
        labels={"topic": ("sport", "health")},
        mediators={"egypt": {"role": ("facilitator",)}, "oman": {"role": ("party",)}},
        columns={},
    )
    (row,) = build_dataset([article], model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    topic, role = model.taxonomy.task("topic"), model.taxonomy.task("role")
    assert {name for name, value in zip(topic.label_names, row["labels_topic"], strict=True) if value} == {
        "sport",
        "health",
    }
    assert row["mention_mediators"] == ["qatar", "egypt", "qatar", "egypt"]
    qatar, egypt = row["labels_role"]
    assert all(math.isnan(value) for value in qatar)
    assert egypt[role.index("facilitator")] == 1
    assert sum(egypt) == 1
    assert row["length"] == len(row["input_ids"]) == sum(row["window_lengths"])
