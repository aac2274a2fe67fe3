from importlib.resources import files
from pathlib import Path

import pytest

from wasit.models.taxonomy import Taxonomy
from wasit.train.recipe import load_recipe

RECIPES = sorted(Path(str(files("wasit.configs") / "train")).glob("*.yaml"))


def test_there_is_a_recipe_for_the_shipped_model() -> None:
    assert "mini.yaml" in [path.name for path in RECIPES]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_shipped_recipe_fits_the_shipped_taxonomy(path: Path) -> None:
    recipe = load_recipe(path)
    taxonomy = Taxonomy.default()
    named = {*recipe.class_weight_power, *recipe.task_weights}
    for stage in recipe.stages:
        for source in stage.train:
            for task, sets in source.label_sets.items():
                assert all(taxonomy.task(task).index(label) >= 0 for labels in sets.values() for label in labels)
    assert named <= {task.name for task in taxonomy.tasks}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_recipe_opens_with_what_it_is_its_command_and_an_override(path: Path) -> None:
    header = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert path.read_text(encoding="utf-8").startswith("#")
    assert any(f"wasit train configs/train/{path.name}" in line for line in header)
    assert any("--set" in line for line in header if "Override" in line)
