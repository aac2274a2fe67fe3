from pathlib import Path

import pytest
import yaml

from wasit.models.errors import ConfigError
from wasit.train.recipe import DataSource, Recipe, load_recipe, recipe_text

RECIPE = """
base: organisation/encoder
output: runs/one
stages:
  - epochs: 2
    learning_rate: 1.0e-4
    head_learning_rate: 5.0e-4
    train:
      - path: gold.jsonl
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_the_command_line_wins_over_the_file(path: Path) -> None:
    overrides = [
        "seed=7",
        "stages.0.epochs=1",
        "stages.0.train.0.rows=10",
        "class_weight_power.role=0.5",
        "layers=[0, 2]",
    ]
    recipe = load_recipe(path, overrides)
    assert (recipe.seed, recipe.layers, recipe.class_weight_power) == (7, (0, 2), {"role": 0.5})
    assert (recipe.stages[0].epochs, recipe.stages[0].train[0].rows) == (1, 10)


def test_every_mistake_is_reported_at_once(path: Path) -> None:
    path.write_text(RECIPE + "epoch: 3\nbatch_size: 0\nsave_dtype: int8\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_recipe(path, ["stages.0.learning_rate=-1"])
    message = str(caught.value)
    assert len(caught.value.problems) == 4
    for key in ("epoch", "batch_size", "save_dtype", "stages[0].learning_rate"):
        assert f"{path}: {key}" in message
    assert "float32, float16" in message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "--set seed: expected key=value"),
        ("=1", "--set =1: expected key=value"),
        ("stages.3.epochs=1", "'3' is no place in a list of 1; allowed: 0 to 0"),
        ("stages.first.epochs=1", "'first' is no place in a list"),
        ("seed.deeper=1", "'seed' holds 1, nothing can be set inside of it"),
        ("seed=[1", "the value is not YAML"),
    ],
)
def test_an_override_that_leads_nowhere_is_named(path: Path, override: str, message: str) -> None:
    overrides = ["seed=1", override]
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        load_recipe(path, overrides)


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        (".", "gold.jsonl"),
        ("/data", "/data/gold.jsonl"),
        (Path("data"), "data/gold.jsonl"),
        ("hf://datasets/lab/news@v1/", "hf://datasets/lab/news@v1/gold.jsonl"),
    ],
)
def test_data_are_in_a_folder_or_behind_a_url(folder: str | Path, place: str) -> None:
    assert DataSource(path="gold.jsonl").place(folder) == place
    for whole in ("/gold.jsonl", "hf://datasets/lab/news", "s3://bucket/*.csv"):
        assert DataSource(path=whole).place(folder) == whole


def test_the_written_recipe_is_read_back_as_it_was(path: Path, tmp_path: Path) -> None:
    recipe = load_recipe(path, ["task_weights.stance=0.5"])
    written = tmp_path / "written.yaml"
    written.write_text(recipe_text(recipe), encoding="utf-8")
    assert load_recipe(written) == recipe
    assert set(yaml.safe_load(recipe_text(recipe))) == set(Recipe.model_fields)
