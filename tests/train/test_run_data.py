import json
from pathlib import Path

from wasit.models.checkpoint import Checkpoint
from wasit.train.recipe import Recipe
from wasit.train.run_data import RunData


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
