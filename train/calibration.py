"""Temperatures: one number a task, so that a score of 0.8 is right four times out of five."""

import torch
from torch import Tensor

from wasit.models.taxonomy import Task
from wasit.train.losses import multi_label_cross_entropy, set_valued_cross_entropy

_BOUNDS = (0.05, 20.0)
_STEPS = 100


def fit_temperature(task: Task, logits: Tensor, labels: Tensor) -> float:
    """Fits the temperature that makes held-out labels likeliest (Guo et al. 2017).

    Args:
        task: Says how logits become scores.
        logits: (rows, labels), predicted for articles that the model was not trained on.
        labels: (rows, labels), as in training; rows of NaN have no label.

    Returns:
        The temperature; 1 if no row has a label.
    """
    criterion = set_valued_cross_entropy if task.problem == "single_label" else multi_label_cross_entropy
    if bool(labels.isnan().any(dim=1).all()):
        return 1.0
    logits, weights = logits.double(), torch.ones(labels.shape[1], dtype=torch.double)
    raw = torch.zeros((), dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([raw], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = criterion(logits / raw.exp(), labels.double(), weights)
        loss.backward()
        return loss

    optimizer.step(closure)
    low, high = _BOUNDS
    return round(min(max(raw.exp().item(), low), high), 4)
