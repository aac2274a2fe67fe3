"""The loss of each task, with labels that may be missing or only known to lie in a set."""

import torch
from torch import Tensor
from torch.nn import functional

MISSING = float("nan")

# Two allowed labels sum to 2, a distribution to 1 but for rounding.
_SMALLEST_SET = 1.5


def set_valued_cross_entropy(
    logits: Tensor, allowed: Tensor, class_weights: Tensor, total: Tensor | None = None
) -> Tensor:
    """``-log Σ p(label)`` over the labels that an example may have (Jin and Ghahramani 2002, partial labels).

    With one allowed label, or a distribution over labels, this is cross-entropy. An example is weighted by the
    mean weight of its labels.

    Args:
        logits: (rows, labels).
        allowed: (rows, labels); a row is a set with 1 for each of several allowed labels and 0 for others, or a
            distribution that sums to 1; a row of NaN has no label.
        class_weights: (labels,).
        total: What the weighted sum is divided by: the :func:`set_valued_total` of these rows without it. Rows
            that are a part of a larger batch are given that of the whole.

    Returns:
        The weighted mean over the rows that have a label; 0 if there is none, still attached to the logits.
    """
    known = ~allowed.isnan().any(dim=1)
    logits, allowed = logits[known], allowed[known]
    if not len(logits):
        return logits.sum()
    log_scores = logits.log_softmax(dim=1)
    of_set = log_scores.masked_fill(allowed == 0, -torch.inf).logsumexp(dim=1)
    log_likelihood = torch.where(is_distribution(allowed), (allowed * log_scores).sum(dim=1), of_set)
    weights = _set_weights(allowed, class_weights)
    return -(weights * log_likelihood).sum() / (weights.sum() if total is None else total)


def is_distribution(labels: Tensor) -> Tensor:
    """Which rows are certain or a distribution, and not a set of several allowed labels; (rows,)."""
    return labels.sum(dim=1) < _SMALLEST_SET


def set_valued_total(allowed: Tensor, class_weights: Tensor) -> Tensor:
    """Sum of the weights of the rows that have a label; arguments as above."""
    return _set_weights(allowed[~allowed.isnan().any(dim=1)], class_weights).sum()


def _set_weights(allowed: Tensor, class_weights: Tensor) -> Tensor:
    return (allowed * class_weights).sum(dim=1) / allowed.sum(dim=1)


def multi_label_cross_entropy(
    logits: Tensor, targets: Tensor, class_weights: Tensor, total: Tensor | None = None
) -> Tensor:
    """Binary cross-entropy for tasks where several labels may hold at once.

    Args:
        logits: (rows, labels).
        targets: (rows, labels) of 0 and 1; a row of NaN has no label.
        class_weights: (labels,), the weight of a label where it holds.
        total: What the sum is divided by: the :func:`multi_label_total` of these rows without it.

    Returns:
        The mean over labels and over the rows that have a label; 0 if there is none, still attached to the logits.
    """
    known = ~targets.isnan().any(dim=1)
    logits, targets = logits[known], targets[known]
    if not len(logits):
        return logits.sum()
    losses = functional.binary_cross_entropy_with_logits(
        logits, targets, pos_weight=class_weights, reduction="sum"
    )
    return losses / (targets.numel() if total is None else total)


def multi_label_total(targets: Tensor, class_weights: Tensor) -> Tensor:
    """Number of labels of the rows that have any; arguments as above."""
    return (~targets.isnan().any(dim=1)).sum() * class_weights.new_tensor(len(class_weights))


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
