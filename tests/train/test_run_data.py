import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wasit.models.checkpoint import Checkpoint
from wasit.models.taxonomy import Taxonomy
from wasit.train.recipe import Recipe
from wasit.train.run_data import RunData

TOPIC = Taxonomy.default().task("topic")


def make(tiny_model: Path, tmp_path: Path, lead_words: int | None) -> tuple[list[int], list[int]]:
    """Tokens of the articles that are learnt from and of those that are kept apart."""
    rows = [{"text": f"فاز المنتخب في المباراة رقم {number}.\n" + "وسجل اللاعب. " * 30} for number in range(40)]
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    source = {"path": "train.jsonl", "calibration_share": 0.3, "lead_words": lead_words}
    stage = {"epochs": 1, "learning_rate": 1e-4, "head_learning_rate": 1e-3, "train": [source]}
    recipe = Recipe.model_validate(
        {"base": "none", "output": str(tmp_path), "data_folder": str(tmp_path), "stages": [stage]}
    )
    with RunData(recipe, Checkpoint.load(str(tiny_model)), tmp_path / "dataset") as data:
        assert data.calibration is not None
        return data.stages[0]["length"][:], data.calibration["length"][:]


def test_leads_are_shorter_and_the_same_articles_are_kept_apart(tiny_model: Path, tmp_path: Path) -> None:
    whole, whole_apart = make(tiny_model, tmp_path, None)
    lead, lead_apart = make(tiny_model, tmp_path, 7)
    assert (len(lead), len(lead_apart)) == (len(whole), len(whole_apart))
    assert max(*lead, *lead_apart) < 30 < min(*whole, *whole_apart)


class Made(NamedTuple):
    """Whom the articles of each stage name, whom those kept apart, and the topic labels of the first stage."""

    named: list[set[str]]
    apart: set[str]
    topics: list[list[float]]


def two_stages(tiny_model: Path, tmp_path: Path, **changes: object) -> Made:
    text = "قالت قطر إن الجولة رقم {} بدأت."
    rows = [{"text": text.format(number), **({"topic": "sport"} if number % 2 else {})} for number in range(40)]
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    swapped = changes.pop("mediator_swap_share", 0.0)
    source = {"path": "train.jsonl", "calibration_share": 0.3, "mediator_swap_share": swapped}
    stage = {"epochs": 1, "learning_rate": 1e-4, "head_learning_rate": 1e-3, "train": [source]}
    recipe = Recipe.model_validate(
        {"base": "none", "output": str(tmp_path), "data_folder": str(tmp_path), "stages": [stage] * 2, **changes}
    )
    with RunData(recipe, Checkpoint.load(str(tiny_model)), tmp_path / "dataset") as data:
        assert data.calibration is not None
        named = [{name for row in part["mention_mediators"] for name in row} for part in data.stages]
        apart = {name for row in data.calibration["mention_mediators"] for name in row}
        return Made(named, apart, data.stages[0]["labels_topic"][:])


def test_a_share_of_the_articles_names_others(tiny_model: Path, tmp_path: Path) -> None:
    assert two_stages(tiny_model, tmp_path).named == [{"qatar"}, {"qatar"}]
    first, second = two_stages(tiny_model, tmp_path, mediator_swap_share=0.5).named
    assert "qatar" in first & second
    assert len(first) > 3
    assert first != second
    all_swapped = two_stages(tiny_model, tmp_path, mediator_swap_share=1.0)
    assert "qatar" not in all_swapped.named[0] | all_swapped.named[1]
    assert all_swapped.apart == {"qatar"}


def test_teachers_label_what_has_no_label(tiny_model: Path, tmp_path: Path) -> None:
    sport = TOPIC.index("sport")
    alone = np.array(two_stages(tiny_model, tmp_path).topics)
    distill = {"teachers": [str(tiny_model)], "weight": 0.25}
    taught = np.array(two_stages(tiny_model, tmp_path, distill=distill).topics)
    has_gold = alone[:, sport] == 1
    assert 0 < has_gold.sum() < len(alone)
    assert (np.isnan(alone).all(axis=1) == ~has_gold).all()
    assert ((taught[:, sport] > 0.75) == has_gold).all()
    np.testing.assert_allclose(taught.sum(axis=1), 1, rtol=1e-5)
