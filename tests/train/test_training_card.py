from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard

from wasit.models.card_text import CardTable
from wasit.models.config_file import validate
from wasit.models.errors import ConfigError
from wasit.models.taxonomy import Taxonomy
from wasit.train.recipe import Recipe
from wasit.train.training_card import duration, write_training_card

TABLE = CardTable("Data", ("part", "files", "articles"), (("stage 1", "train.jsonl", "1,200"),), names=2)


def recipe(folder: Path, **changes: Any) -> Recipe:
    stage = {
        "epochs": 2,
        "learning_rate": 1e-4,
        "head_learning_rate": 1e-3,
        "train": [{"path": "gold/train.jsonl"}],
    }
    content = {"base": "organisation/base", "output": str(folder), "stages": [stage], "seed": 7, **changes}
    return validate(content, Recipe, "recipe.yaml")


def card_of(one: Recipe, metrics: dict[str, float] | None = None) -> ModelCard:
    write_training_card(one, Taxonomy.default(), metrics or {}, TABLE, "0:12:00")
    return ModelCard.load(Path(one.output) / "README.md")


def test_the_card_tells_base_seed_data_time_and_recipe(tmp_path: Path) -> None:
    card = card_of(recipe(tmp_path, base="organisation/base@v2", layers=[0, 2]))
    assert card.data.base_model == "organisation/base"
    for row in (
        "| base model | organisation/base@v2, of whose layers 0, 2 were kept |",
        "| seed | 7 |",
        "| time | 0:12:00 |",
        "| stage 1 | train.jsonl | 1,200 |",
    ):
        assert row in card.text
    told = yaml.safe_load(card.text.split("```yaml\n")[1].split("```")[0])
    assert (told["stages"][0]["learning_rate"], told["layers"], told["seed"]) == (1e-4, [0, 2], 7)
    assert not {"output", "data_folder", "card"} & set(told)


def test_folders_of_the_machine_are_not_told(tmp_path: Path) -> None:
    for name in ("bases/my-base", "runs/teacher", "out"):
        (tmp_path / name).mkdir(parents=True)
    private = {
        "base": str(tmp_path / "bases" / "my-base"),
        "taxonomy": str(tmp_path / "labels.yaml"),
        "data_folder": str(tmp_path),
        "distill": {"teachers": [str(tmp_path / "runs" / "teacher")]},
        "evaluation": [
            {"path": str(tmp_path / "dev.jsonl")},
            {"path": "../elsewhere/test.jsonl"},
            {"path": "https://elsewhere/more.jsonl?signature=elsewhere"},
        ],
    }
    card = card_of(recipe(tmp_path / "out", **private), {"eval_topic_accuracy": 0.5})
    assert str(tmp_path) not in str(card)
    assert "elsewhere" not in str(card)
    assert card.data.base_model is None
    for shown in ("my-base", "labels.yaml", "teacher", "dev.jsonl", "test.jsonl", "more.jsonl"):
        assert shown in card.text
    assert card_of(recipe(tmp_path, **private, card={"base_model": "a/b"})).data.base_model == "a/b"


def test_data_sets_on_the_hub_are_told_by_their_whole_name(tmp_path: Path) -> None:
    card = card_of(recipe(tmp_path, evaluation=[{"path": "hf://datasets/lab/news@v1/data/*.parquet"}]))
    told = yaml.safe_load(card.text.split("```yaml\n")[1].split("```")[0])
    assert told["evaluation"][0]["path"] == "hf://datasets/lab/news@v1/data/*.parquet"


def test_a_model_that_learnt_on_tells_what_it_was_made_from(tmp_path: Path) -> None:
    card = card_of(recipe(tmp_path, base="wasit-mini"))
    assert "| base model | wasit-mini |" in card.text
    assert card.data.base_model == "intfloat/multilingual-e5-small"


@pytest.mark.parametrize("name", ["a\n---\n# b|c.jsonl", "`<b>`.jsonl", "```\n.jsonl", "\x1b\u202e.jsonl"])
def test_no_name_of_a_file_breaks_the_card(tmp_path: Path, name: str) -> None:
    harmless = card_of(recipe(tmp_path, evaluation=[{"path": "dev.jsonl"}]), {"eval_topic_accuracy": 0.5})
    hostile = card_of(recipe(tmp_path, evaluation=[{"path": name}]), {"eval_topic_accuracy": 0.5})
    assert list(hostile.data.to_dict()) == list(harmless.data.to_dict())
    headings = [line for line in harmless.text.splitlines() if line.startswith("#")]
    assert [line for line in hostile.text.splitlines() if line.startswith("#")] == headings


def test_notes_of_the_recipe_stand_in_the_card(tmp_path: Path) -> None:
    data = [{"path": "gold/train.jsonl", "origin": "News of 2031", "license": "CC BY 4.0"}]
    notes = {
        "license": "mit",
        "data": data,
        "limits": ["One outlet only."],
        "authors": "A. Writer",
        "name": "Mine",
    }
    card = card_of(recipe(tmp_path, card=notes))
    assert card.data.license == "mit"
    for part in (
        "# Mine\n",
        "| gold/train.jsonl | News of 2031 | CC BY 4.0 |",
        "- One outlet only.\n",
        "A. Writer",
    ):
        assert part in card.text


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ({"licence": "mit"}, r"card\.licence: is an unknown key.*did you mean license"),
        ({"license": "CC BY 4.0"}, r"card\.license: is no identifier of a licence, found 'CC BY 4\.0'; allowed: "),
        ({"license": "other"}, r"card\.license: does not say which licence"),
        ({"license": "mit", "license_link": "x"}, r"card\.license_link: stands alone, found 'x'"),
        ({"base_model": "../base"}, r"card\.base_model: is no name of a model"),
        ({"data": [{"path": "x.csv"}]}, r"card\.data\[0\]\.path: is no file of this recipe, found 'x\.csv'"),
        ({"data": [{"path": "gold/train.jsonl"}] * 2}, r"card\.data\[1\]\.path: is taken already"),
        ({"limits": ["one\ntwo"]}, r"card\.limits\[0\]: runs over several lines"),
    ],
)
def test_mistakes_in_the_notes_are_told(tmp_path: Path, notes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        recipe(tmp_path, card=notes)


def test_a_time_is_told_with_what_it_leaves_out() -> None:
    assert duration(3725.4, is_resumed=False) == "1:02:05 (hours:minutes:seconds)"
    assert duration(60, is_resumed=True) == "0:01:00 (hours:minutes:seconds) since the run was last resumed"
