"""The loss of each task, with labels that may be missing or only known to lie in a set."""

import torch
from torch import Tensor
from torch.nn import functional

MISSING = float("nan")


def set_valued_cross_entropy(logits: Tensor, allowed: Tensor, class_weights: Tensor) -> Tensor:
    """``-log Σ p(label)`` over the labels that an example may have (Jin and Ghahramani 2002, partial labels).

    With one allowed label this is cross-entropy. An example is weighted by the mean weight of its allowed labels.

    Args:
        logits: (rows, labels).
        allowed: (rows, labels), 1 for an allowed label and 0 for others; a row of NaN has no label.
        class_weights: (labels,).

    Returns:
        The weighted mean over the rows that have a label; 0 if there is none, still attached to the logits.
    """
    known = ~allowed.isnan().any(dim=1)
    logits, allowed = logits[known], allowed[known]
    if not len(logits):
        return logits.sum()
    log_likelihood = logits.log_softmax(dim=1).masked_fill(allowed == 0, -torch.inf).logsumexp(dim=1)
    weights = (allowed * class_weights).sum(dim=1) / allowed.sum(dim=1)
    return -(weights * log_likelihood).sum() / weights.sum()


def multi_label_cross_entropy(logits: Tensor, targets: Tensor, class_weights: Tensor) -> Tensor:
    """Binary cross-entropy for tasks where several labels may hold at once.

    Args:
        logits: (rows, labels).
        targets: (rows, labels) of 0 and 1; a row of NaN has no label.
        class_weights: (labels,), the weight of a label where it holds.

    Returns:
        The mean over labels and over the rows that have a label; 0 if there is none, still attached to the logits.
    """
    known = ~targets.isnan().any(dim=1)
    logits, targets = logits[known], targets[known]
    if not len(logits):
        return logits.sum()
    return functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=class_weights)


def class_weights(counts: Tensor, power: float) -> Tensor:
    """Weights that are inverse to a power of the label frequencies.

    Args:
        counts: (labels,), how often each label occurs; a label that never occurs counts as occurring once.
        power: 0 for no weighting, 1 for labels that weigh the same whatever their frequency.

    Returns:
        (labels,), with a mean of 1 over the examples.
    """
    counts = counts.clamp(min=1).float()
    weights = (counts.sum() / counts) ** power
    return weights * counts.sum() / (weights * counts).sum()
