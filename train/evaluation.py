"""How well a model does on annotated articles, read as a user's pages are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wasit.models.prediction import Prediction
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Task
from wasit.train.annotation import AnnotatedArticle, Labels
from wasit.train.metrics import NO_PREDICTION, score_label_sets, score_labels

ScoredLabels = tuple[list[tuple[str, ...] | None], list[tuple[str, ...]]]


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model.

    Attributes:
        scores: For each task that the data label: ``accuracy``, ``macro_f1``, ``f1_<label>``.
        support: For each of these tasks the number of labels scored.
        missed: Gold mediators that the model did not list, each as place and id; they count as wrong.
    """

    scores: dict[str, dict[str, float]]
    support: dict[str, int]
    missed: tuple[tuple[str, str], ...]


def evaluate(
    predictor: Predictor,
    articles: Sequence[AnnotatedArticle],
    progress: Callable[[int], object] = lambda articles: None,
) -> Evaluation:
    """Scores a model. Mediators that it lists beyond the gold ones are ignored.

    Args:
        predictor: The model, ready to run.
        articles: Gold.
        progress: Told after each batch how many articles it held.
    """
    predictions = predictor([article.text for article in articles], progress)
    taxonomy = predictor.checkpoint.taxonomy
    scores: dict[str, dict[str, float]] = {}
    support: dict[str, int] = {}
    for task in taxonomy.tasks:
        predicted, gold = _task_labels(task, articles, predictions)
        if gold:
            scores[task.name] = _scores(task, predicted, gold)
            support[task.name] = len(gold)
    return Evaluation(scores, support, _missed(articles, predictions))


def _task_labels(
    task: Task, articles: Sequence[AnnotatedArticle], predictions: Sequence[Prediction]
) -> ScoredLabels:
    predicted: list[tuple[str, ...] | None] = []
    gold: list[tuple[str, ...]] = []
    for article, prediction in zip(articles, predictions, strict=True):
        answers = (
            [(article.labels, prediction.answers[task.name].labels)]
            if task.scope == "article"
            else _mediator_answers(task, article.mediators, prediction)
        )
        for labels, answer in answers:
            if task.name in labels:
                gold.append(labels[task.name])
                predicted.append(answer)
    return predicted, gold


def _mediator_answers(
    task: Task, mediators: dict[str, Labels], prediction: Prediction
) -> Sequence[tuple[Labels, tuple[str, ...] | None]]:
    answers = {found.mediator: found.answers[task.name].labels for found in prediction.mediators}
    return [(labels, answers.get(name)) for name, labels in mediators.items()]


def _scores(task: Task, predicted: list[tuple[str, ...] | None], gold: list[tuple[str, ...]]) -> dict[str, float]:
    if task.problem == "multi_label":
        return score_label_sets([labels or () for labels in predicted], gold, task.label_names)
    indexes = [NO_PREDICTION if labels is None else task.index(labels[0]) for labels in predicted]
    references = [
        index if index != NO_PREDICTION and task.label_names[index] in allowed else task.index(allowed[0])
        for index, allowed in zip(indexes, gold, strict=True)
    ]
    return score_labels(indexes, references, task.label_names)


def _missed(
    articles: Sequence[AnnotatedArticle], predictions: Sequence[Prediction]
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (article.where, name)
        for article, prediction in zip(articles, predictions, strict=True)
        for name in article.mediators
        if name not in {found.mediator for found in prediction.mediators}
    )
