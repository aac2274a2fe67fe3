import pytest
import torch

from wasit.models.taxonomy import Task
from wasit.train.calibration import fit_temperature
from wasit.train.losses import MISSING

LABELS = [{"name": name, "ar": "اسم", "en": name, "definition": "What it means."} for name in ("a", "b", "c")]


def task(problem: str) -> Task:
    return Task.model_validate(
        {"name": "kind", "scope": "article", "problem": problem, "ar": "نوع", "en": "kind", "labels": LABELS}
    )


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_scores_that_are_too_sure_are_cooled_and_the_other_way_round(factor: float) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = 2 * torch.randn(6_000, 3, generator=generator)
    drawn = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    labels = torch.nn.functional.one_hot(drawn, 3).float()
    assert fit_temperature(task("single_label"), factor * logits, labels) == pytest.approx(factor, rel=0.1)


def test_several_labels_are_calibrated_too() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = 2 * torch.randn(6_000, 3, generator=generator)
    labels = torch.bernoulli(logits.sigmoid(), generator=generator)
    assert fit_temperature(task("multi_label"), 2 * logits, labels) == pytest.approx(2, rel=0.1)


def test_without_labels_scores_stay_as_they_are() -> None:
    assert fit_temperature(task("single_label"), torch.randn(4, 3), torch.full((4, 3), MISSING)) == 1.0


def test_a_perfect_model_does_not_run_away() -> None:
    labels = torch.eye(3)
    assert 0.05 <= fit_temperature(task("single_label"), 10 * labels, labels) <= 20
