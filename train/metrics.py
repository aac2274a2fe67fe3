"""Accuracy, macro-F1 and per-label F1 as metrics of the ``evaluate`` library that need no network."""

from collections.abc import Sequence
from typing import Any

import datasets
import evaluate
from sklearn.metrics import accuracy_score, f1_score
from sklearn.preprocessing import MultiLabelBinarizer

NO_PREDICTION = -1
"""Stands for the prediction of a gold mediator that was not found: wrong whatever the label."""


class _LabelMetric(evaluate.Metric):  # type: ignore[misc]
    """What the metrics share: predictions and references are label indexes."""

    def __init__(self, label_names: Sequence[str], **kwargs: Any) -> None:
        """Keeps the labels that the indexes stand for."""
        self.label_names = tuple(label_names)
        super().__init__(**kwargs)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=str(self.__doc__),
            citation="",
            inputs_description="Label indexes; a prediction of -1 is always wrong.",
            features=datasets.Features(
                {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
            ),
        )


class Accuracy(_LabelMetric):
    """Share of the references that were predicted."""

    def _compute(self, predictions: Sequence[int], references: Sequence[int]) -> dict[str, float]:
        return {"accuracy": float(accuracy_score(references, predictions))}


class MacroF1(_LabelMetric):
    """Mean F1 of the labels that occur in the references."""

    def _compute(self, predictions: Sequence[int], references: Sequence[int]) -> dict[str, float]:
        occurring = sorted(set(references))
        score = f1_score(references, predictions, labels=occurring, average="macro", zero_division=0)
        return {"macro_f1": float(score)}


class LabelF1(_LabelMetric):
    """F1 of every label that occurs in the references, by name."""

    def _compute(self, predictions: Sequence[int], references: Sequence[int]) -> dict[str, float]:
        occurring = sorted(set(references))
        scores = f1_score(references, predictions, labels=occurring, average=None, zero_division=0)
        return {
            f"f1_{self.label_names[index]}": float(score) for index, score in zip(occurring, scores, strict=True)
        }


def score_labels(
    predictions: Sequence[int], references: Sequence[int], label_names: Sequence[str]
) -> dict[str, float]:
    """All metrics of one task.

    Args:
        predictions: Label indexes, or ``NO_PREDICTION``.
        references: Label indexes.
        label_names: The labels of the task.

    Returns:
        ``accuracy``, ``macro_f1`` and ``f1_<label>`` for every label that occurs; nothing without references.
    """
    if not references:
        return {}
    scores: dict[str, float] = {}
    for metric in (Accuracy, MacroF1, LabelF1):
        scores |= metric(label_names).compute(predictions=predictions, references=references)
    return scores


def score_label_sets(
    predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]], label_names: Sequence[str]
) -> dict[str, float]:
    """The same metrics for a task where several labels may hold; accuracy counts sets that agree entirely.

    Args:
        predictions: Labels of each row.
        references: Labels of each row.
        label_names: The labels of the task.
    """
    indicators = MultiLabelBinarizer(classes=list(label_names))
    expected, predicted = indicators.fit_transform(references), indicators.transform(predictions)
    by_label = f1_score(expected, predicted, average=None, zero_division=0)
    occurring = [index for index, present in enumerate(expected.any(axis=0)) if present]
    return {
        "accuracy": float(accuracy_score(expected, predicted)),
        "macro_f1": float(sum(by_label[index] for index in occurring) / max(len(occurring), 1)),
        **{f"f1_{label_names[index]}": float(by_label[index]) for index in occurring},
    }
