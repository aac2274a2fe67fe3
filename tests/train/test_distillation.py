from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.dataset import label_vector
from wasit.train.distillation import Teachers, TeachersView
from wasit.train.losses import MISSING
from wasit.train.recipe import Distillation

TAXONOMY = Taxonomy.default()
CPU = torch.device("cpu")
TEXTS = ["قالت قطر إن المحادثات بدأت، ووصل وفد من مصر.", "فاز المنتخب بهدفين."]
TOPIC = TAXONOMY.task("topic")
STANCE = TAXONOMY.task("stance")
SEVERAL = STANCE.model_copy(update={"problem": "multi_label"})
SCORES = np.array([0.5, 0.3, 0.2], dtype=np.float32)


def with_topic(**changes: object) -> Taxonomy:
    """A taxonomy of one task: the topic, but for these attributes."""
    attributes = {name: getattr(TOPIC, name) for name in Task.model_fields}
    return TAXONOMY.model_copy(update={"tasks": (Task(**{**attributes, **changes}),)})


@pytest.mark.parametrize(
    ("task", "gold", "expected"),
    [
        (STANCE, [MISSING] * 3, [0.5, 0.3, 0.2]),
        (STANCE, [0, 1, 0], [0.125, 0.825, 0.05]),
        (STANCE, [0, 1, 1], [0, 0.6, 0.4]),
        (SEVERAL, [0, 1, 1], [0.125, 0.825, 0.8]),
        (SEVERAL, [0, 0, 0], [0.125, 0.075, 0.05]),
        (SEVERAL, [MISSING] * 3, [0.5, 0.3, 0.2]),
    ],
)
def test_teachers_add_to_what_gold_says(task: Task, gold: list[float], expected: list[float]) -> None:
    view = TeachersView(0.25, {"stance": SCORES}, {"qatar": {"stance": SCORES}})
    assert view.mixed(gold, task) == pytest.approx(expected)
    assert view.mixed(gold, task, "qatar") == pytest.approx(expected)


def test_a_set_that_no_teacher_believes_in_stays_a_set() -> None:
    view = TeachersView(0.5, {"stance": np.array([1.0, 0.0, 0.0], dtype=np.float32)}, {})
    assert view.mixed([0, 1, 1], STANCE) == [0, 1, 1]


def test_a_task_that_no_teacher_knows_keeps_its_labels() -> None:
    assert TeachersView(0.5, {}, {"qatar": {}}).mixed([0, 1, 0], STANCE, "qatar") == [0, 1, 0]


def test_one_teacher_says_what_it_predicts_and_two_their_mean(tiny_model: Path, tmp_path: Path) -> None:
    checkpoint = Checkpoint.load(str(tiny_model))
    checkpoint.network.config.temperatures["role"] = 4.0
    checkpoint.save(tmp_path / "other")
    names = (str(tiny_model), str(tmp_path / "other"))
    predictions = [Predictor(Checkpoint.load(name), CPU)(TEXTS)[0] for name in names]
    role = [list(one.mediators[1].answers["role"].scores.values()) for one in predictions]
    assert not np.allclose(*role)
    for teachers, expected in ((names[:1], role[0]), (names, np.mean(role, axis=0))):
        views = Teachers(Distillation(teachers=teachers), TAXONOMY, CPU)(TEXTS)
        assert list(views[0].mediators) == ["qatar", "egypt"]
        np.testing.assert_allclose(views[0].mediators["egypt"]["role"], expected, rtol=1e-5)
        assert views[1].mediators == {}


def test_scores_stand_in_the_order_of_the_students_labels(tiny_model: Path) -> None:
    student = with_topic(labels=TOPIC.labels[::-1])
    recipe = Distillation(teachers=(str(tiny_model),))
    (own,), (view,) = (Teachers(recipe, taxonomy, CPU)(TEXTS[:1]) for taxonomy in (TAXONOMY, student))
    assert view.article["topic"].tolist() == own.article["topic"][::-1].tolist()
    assert view.mediators == {"qatar": {}, "egypt": {}}


def test_teachers_of_other_tasks_or_labels_are_refused(tiny_model: Path) -> None:
    recipe = Distillation(teachers=("wasit-mini", str(tiny_model)))
    with pytest.raises(
        InputError, match=r"distill\.teachers\[0\]: found the tasks topic, role, stance; allowed: .*genre"
    ):
        Teachers(recipe, with_topic(name="genre"), CPU)
    with pytest.raises(
        InputError, match=r"distill\.teachers\[0\]: found for topic: single_label of the article, peace"
    ):
        Teachers(recipe, with_topic(labels=TOPIC.labels[1:]), CPU)


def test_labels_of_gold_are_vectors_that_can_be_mixed() -> None:
    view = TeachersView(1.0, {"stance": SCORES}, {})
    assert view.mixed(label_vector({}, STANCE), STANCE) == pytest.approx([0.5, 0.3, 0.2])
    assert replace(view, weight=0.0).mixed(label_vector({"stance": ("critical",)}, STANCE), STANCE) == [0, 0, 1]
