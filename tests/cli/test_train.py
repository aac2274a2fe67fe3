import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wasit.cli.main import app
from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import ConfigError

RECIPE = """
base: organisation/name-on-the-hub
output: out
stages:
  - epochs: 1
    learning_rate: 1.0e-3
    head_learning_rate: 1.0e-2
    train: [{path: data.jsonl}]
evaluation: [{path: data.jsonl}]
"""
ROW = {
    "text": "قالت قطر إنها تستضيف جولة جديدة.",
    "topic": "peace_process",
    "mediators": {"qatar": {"role": "facilitator", "stance": "neutral"}},
}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    lines = (json.dumps({**ROW, "text": ROW["text"] + " " * number}, ensure_ascii=False) for number in range(4))
    (tmp_path / "data.jsonl").write_text("\n".join(lines), encoding="utf-8")
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_a_recipe_becomes_a_model_that_loads(tiny_base: Path, recipe: Path, tmp_path: Path) -> None:
    output = tmp_path / "model"
    settings = [f"base={tiny_base}", f"output={output}", f"data_folder={tmp_path}"]
    arguments = [part for setting in settings for part in ("--set", setting)]
    result = CliRunner().invoke(app, ["train", str(recipe), *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    assert "topic_accuracy" in result.stdout
    assert f"The model is in {output}" in result.stderr
    assert Checkpoint.load(str(output)).taxonomy.task("role")


def test_mistakes_in_recipe_and_flags_are_told_together(recipe: Path) -> None:
    recipe.write_text(RECIPE + "lerning_rate: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"(?s)lerning_rate.*unknown.*seed"):
        CliRunner().invoke(app, ["train", str(recipe), "--set", "seed=none"], catch_exceptions=False)
