import json
from pathlib import Path
from typing import Any

import pytest

from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.check_data import Split, check_data, splits_of_files, splits_of_recipe
from wasit.train.data_report import DataReport
from wasit.train.recipe import DataSource, Recipe

STORY = "وصل الوفد القطري إلى العاصمة صباح اليوم لاستئناف جولة جديدة من المحادثات بين الطرفين حول تبادل الأسرى"
OTHER = "ارتفعت أسعار النفط في الأسواق العالمية بعد قرار خفض الإنتاج لشهرين متتاليين كما توقع المحللون"


def write(path: Path, *rows: dict[str, Any]) -> DataSource:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return DataSource(path=path.name)


def check(folder: Path, *sources: DataSource) -> DataReport:
    return check_data(splits_of_files(sources), folder, Taxonomy.default())


def found(report: DataReport, kind: str) -> list[tuple[str, str]]:
    return [
        (Path(finding.where).name, finding.message) for finding in report.findings if finding.kind.name == kind
    ]


def test_repeated_texts_are_found_in_one_split_and_between_two(tmp_path: Path) -> None:
    train = write(
        tmp_path / "train.jsonl",
        {"text": STORY, "topic": "captives"},
        {"text": f"{STORY}!", "topic": "peace_process"},
        {"text": OTHER, "topic": "economy"},
    )
    changed = " ".join([*OTHER.split()[:-2], "وقال", "خبراء"])
    dev = write(
        tmp_path / "dev.jsonl",
        {"text": STORY.replace("إلى", "الى"), "topic": "captives"},
        {"text": changed, "topic": "economy"},
    )
    report = check(tmp_path, train, dev)
    first = f"{tmp_path}/train.jsonl: line 1"
    assert found(report, "duplicates within a split") == [("train.jsonl: line 2", f"has the words of {first}")]
    assert found(report, "conflicting labels") == [
        ("train.jsonl: line 2", f"the topic is 'peace_process' here and 'captives' in {first}")
    ]
    assert found(report, "duplicates between splits") == [("dev.jsonl: line 1", f"has the words of {first}")]
    ((place, message),) = found(report, "near-duplicates between splits")
    assert place == "dev.jsonl: line 2"
    assert message.endswith(f"% like {tmp_path}/train.jsonl: line 3")
    assert report.of("error") == []


def test_labels_are_counted_by_split_and_rare_ones_told(tmp_path: Path) -> None:
    rows = [{"text": f"{OTHER} {number}", "topic": "economy"} for number in range(12)]
    train = write(
        tmp_path / "train.jsonl",
        *rows,
        {"text": STORY, "topic": "sport"},
        {"text": "خبر", "topic": ["sport", "health"]},
    )
    dev = write(tmp_path / "dev.jsonl", {"text": "رياضة", "topic": "religion"}, {"text": "بلا موضوع"})
    report = check(tmp_path, train, dev)
    counts = report.counts["topic"]
    assert counts["economy"] == {"train.jsonl": 12, "dev.jsonl": 0}
    assert counts["religion"] == {"train.jsonl": 0, "dev.jsonl": 1}
    assert counts["(one of several)"] == {"train.jsonl": 1, "dev.jsonl": 0}
    assert counts["(not labelled)"] == {"train.jsonl": 0, "dev.jsonl": 1}
    few = [message for _, message in found(report, "labels with few examples")]
    assert few == ["topic is 'health' in fewer than 10 cases: 0", "topic is 'sport' in fewer than 10 cases: 1"]
    missing = [message for _, message in found(report, "labels without examples")]
    assert "topic is never 'religion'" in missing
    assert not any("health" in message for message in missing)
    assert [message for _, message in found(report, "tasks without labels")] == [
        "'role' is never labelled",
        "'stance' is never labelled",
    ]


def test_a_labelled_mediator_that_the_text_does_not_name_is_told(tmp_path: Path) -> None:
    labels = {"qatar": {"stance": "neutral"}, "egypt": {"stance": "critical"}}
    report = check(tmp_path, write(tmp_path / "a.jsonl", {"text": STORY, "mediators": labels}))
    assert found(report, "mentions not found") == [
        ("a.jsonl: line 1", "'egypt' is labelled, but the text does not name it")
    ]


def test_every_mistake_of_every_file_is_told(tmp_path: Path) -> None:
    train = write(
        tmp_path / "train.jsonl",
        {"text": STORY, "topic": "captive"},
        {"text": " "},
        {"text": OTHER, "topic": "econ", "mediators": {"atlantis": {"role": "hero"}}},
    )
    (tmp_path / "dev.csv").write_text("body,topic\nنص,sport\n", encoding="utf-8")
    report = check(tmp_path, train, DataSource(path="dev.csv"), DataSource(path="none.jsonl"))
    errors = [(finding.kind.name, Path(finding.where).name) for finding in report.of("error")]
    assert errors == [
        ("unknown label", "train.jsonl: line 1"),
        ("empty text", "train.jsonl: line 2"),
        ("unknown label", "train.jsonl: line 3"),
        ("unknown label", "train.jsonl: line 3"),
        ("unknown mediator", "train.jsonl: line 3"),
        ("no labels", "train.jsonl"),
        ("missing column", "dev.csv"),
        ("unreadable file", "none.jsonl"),
    ]


def test_columns_that_nobody_reads_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,topic,mediator,stance\nنص,sport,qatar,neutral\n", encoding="utf-8")
    report = check(tmp_path, DataSource(path="a.csv"))
    assert found(report, "columns that are not read") == [("a.csv", "mediator, stance")]
    ((_, message),) = found(report, "labels that are not read")
    assert message.startswith("column 'stance' is named as a task of mediators")


def test_only_the_rows_that_a_source_asks_for_are_checked(tmp_path: Path) -> None:
    source = write(
        tmp_path / "a.jsonl",
        {"text": "قصير", "topic": "sport", "split": "train"},
        {"text": STORY, "topic": "wrong", "split": "train"},
        {"text": "آخر", "topic": "wrong", "split": "dev"},
    )
    narrow = source.model_copy(update={"where": {"split": "train"}, "max_words": 3})
    assert check(tmp_path, narrow).of("error") == []
    assert len(check(tmp_path, source).of("error")) == 2
    missing = source.model_copy(update={"where": {"part": "train"}})
    assert {finding.kind.name for finding in check(tmp_path, missing).of("error")} == {"missing column"}


def test_a_recipe_gives_what_it_learns_from_and_what_it_is_scored_on(tmp_path: Path) -> None:
    texts = [f"{STORY} {number}" for number in range(9)]
    write(tmp_path / "train.jsonl", *({"text": text, "topic": "captives"} for text in texts))
    write(tmp_path / "dev.jsonl", {"text": STORY + " 3", "topic": "captives"})
    stage = {"epochs": 1, "learning_rate": 1e-4, "head_learning_rate": 1e-3}
    recipe = Recipe.model_validate(
        {
            "base": "b",
            "output": "o",
            "stages": [
                {**stage, "train": [{"path": "train.jsonl", "rows": 4}]},
                {**stage, "train": [{"path": "train.jsonl", "rows": 4}]},
            ],
            "evaluation": [{"path": "dev.jsonl"}],
        }
    )
    report = check_data(splits_of_recipe(recipe), tmp_path, Taxonomy.default(), recipe.seed)
    assert [(split.name, split.articles) for split in report.splits] == [("training", 4), ("evaluation", 1)]
    assert found(report, "duplicates within a split") == []


def test_long_articles_are_counted(tmp_path: Path) -> None:
    source = write(
        tmp_path / "a.jsonl", {"text": OTHER * 40, "topic": "economy"}, {"text": OTHER, "topic": "economy"}
    )
    ((_, message),) = found(check(tmp_path, source), "articles longer than a window")
    assert message.startswith("1 articles have more than 512 tokens")


def test_a_setting_that_the_taxonomy_does_not_know_is_raised(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", {"text": OTHER}).model_copy(update={"label_fields": {"tone": "t"}})
    with pytest.raises(InputError, match="label_fields: there is no task 'tone'"):
        check_data([Split("a", (source,))], tmp_path, Taxonomy.default())
