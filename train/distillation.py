"""Labels from other models: a student learns from what its teachers make of the training articles.

The teachers' mean scores become the labels where gold has none, and are mixed with gold where it has them (Hinton,
Vinyals, Dean 2015, "Distilling the Knowledge in a Neural Network"). Scores are calibrated, so that no further
temperature softens them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.prediction import Answer, FloatArray, Prediction
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.recipe import Distillation


@dataclass(frozen=True)
class TeachersView:
    """What the teachers say of one article, mean over those that know a task.

    Attributes:
        weight: How much it counts where gold is sure.
        article: For each task of articles its scores in the order of the student's labels; (labels,).
        mediators: The same for each mediator that the text names, and task of mediators.
    """

    weight: float
    article: Mapping[str, FloatArray]
    mediators: Mapping[str, Mapping[str, FloatArray]]

    def mixed(self, labels: Sequence[float], task: Task, mediator: str | None = None) -> list[float]:
        """Mixes the labels of gold with the scores of the teachers.

        Args:
            labels: 1 for each label of gold and 0 for others, NaN if it says nothing; (labels,).
            task: What was asked; a task that no teacher knows keeps its labels.
            mediator: Whom it was asked about, in a task of mediators.

        Returns:
            The scores where gold says nothing; where the true label is only known to lie in a set, the scores
            within this set; otherwise the weighted mean of both.
        """
        scores = (self.article if mediator is None else self.mediators[mediator]).get(task.name)
        gold = np.array(labels, dtype=np.float32)
        if scores is None:
            target = gold
        elif np.isnan(gold).any():
            target = scores
        elif task.problem == "single_label" and gold.sum() > 1:
            within = scores * gold
            target = within / within.sum() if within.any() else gold
        else:
            target = (1 - self.weight) * gold + self.weight * scores
        return [float(value) for value in target]


class Teachers:
    """Models that label articles for another one.

    Args:
        recipe: Names the teachers, and says how much they count.
        taxonomy: The student's: its mediators are looked for, and its tasks are answered as far as a teacher knows
            them.
        device: Where the teachers run.

    Raises:
        InputError: If there is no such model, it knows no task of the student, or has other labels for one.
    """

    def __init__(self, recipe: Distillation, taxonomy: Taxonomy, device: torch.device) -> None:
        """Loads them."""
        self._weight = recipe.weight
        self._predictors = []
        self._tasks = []
        for index, name in enumerate(recipe.teachers):
            checkpoint = Checkpoint.load(name)
            self._tasks.append(_shared_tasks(f"distill.teachers[{index}]", checkpoint.taxonomy, taxonomy))
            mediators = {"mediators": taxonomy.mediators, "exceptions": taxonomy.exceptions}
            own = checkpoint.taxonomy.model_copy(update=mediators)
            self._predictors.append(Predictor(replace(checkpoint, taxonomy=own), device))

    def __call__(self, texts: Sequence[str]) -> list[TeachersView]:
        """Asks all teachers about each text."""
        of_teachers = [predictor(texts) for predictor in self._predictors]
        return [self._view(predictions) for predictions in zip(*of_teachers, strict=True)]

    def _view(self, predictions: Sequence[Prediction]) -> TeachersView:
        of_article = [prediction.answers for prediction in predictions]
        of_mediators = [{one.mediator: one.answers for one in prediction.mediators} for prediction in predictions]
        return TeachersView(
            self._weight,
            self._means("article", of_article),
            {
                name: self._means("mediator", [answers[name] for answers in of_mediators])
                for name in of_mediators[0]
            },
        )

    def _means(self, scope: str, answers: Sequence[Mapping[str, Answer]]) -> dict[str, FloatArray]:
        scores: dict[str, list[FloatArray]] = {}
        for tasks, own in zip(self._tasks, answers, strict=True):
            for task in tasks:
                if task.scope == scope:
                    found = own[task.name].scores
                    vector = np.array([found[label] for label in task.label_names], dtype=np.float32)
                    scores.setdefault(task.name, []).append(vector)
        return {name: np.mean(vectors, axis=0) for name, vectors in scores.items()}


def _shared_tasks(where: str, teacher: Taxonomy, student: Taxonomy) -> tuple[Task, ...]:
    known = {task.name: task for task in teacher.tasks}
    shared = tuple(task for task in student.tasks if task.name in known)
    if not shared:
        names = ", ".join(task.name for task in student.tasks)
        raise InputError(f"{where}: found the tasks {', '.join(known)}; allowed: a model for one of {names}")
    for task in shared:
        other = known[task.name]
        if (other.scope, other.problem, set(other.label_names)) != (
            task.scope,
            task.problem,
            set(task.label_names),
        ):
            raise InputError(
                f"{where}: found for {task.name}: {other.problem} of the {other.scope}, "
                f"{', '.join(other.label_names)}; allowed: {task.problem} of the {task.scope}, "
                f"{', '.join(task.label_names)}"
            )
    return shared
