import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from wasit.train.losses import (
    MISSING,
    class_weights,
    multi_label_cross_entropy,
    set_valued_cross_entropy,
    set_valued_total,
)

ONES = torch.ones(3)
LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3]])


def test_one_allowed_label_is_cross_entropy() -> None:
    targets = torch.tensor([2, 0])
    weights = torch.tensor([1.0, 2.0, 0.5])
    allowed = functional.one_hot(targets, 3).float()
    expected = functional.cross_entropy(LOGITS, targets, weight=weights)
    torch.testing.assert_close(set_valued_cross_entropy(LOGITS, allowed, weights), expected)


@given(st.lists(st.booleans(), min_size=3, max_size=3).filter(any))
def test_a_set_costs_the_log_of_its_probability(allowed: list[bool]) -> None:
    probability = LOGITS[:1].softmax(1)[0, allowed].sum()
    loss = set_valued_cross_entropy(LOGITS[:1], torch.tensor([allowed]).float(), ONES)
    torch.testing.assert_close(loss, -probability.log(), atol=1e-5, rtol=1e-5)


def test_a_distribution_costs_its_cross_entropy() -> None:
    labels = torch.tensor([[0.2, 0.5, 0.3], [0.0, 1.0, 1.0]])
    weights = torch.tensor([1.0, 2.0, 0.5])
    expected = functional.cross_entropy(LOGITS[:1], labels[:1])
    torch.testing.assert_close(set_valued_cross_entropy(LOGITS[:1], labels[:1], ONES), expected)
    of_both = set_valued_cross_entropy(LOGITS, labels, weights) * set_valued_total(labels, weights)
    parts = (set_valued_cross_entropy(LOGITS[row : row + 1], labels[row : row + 1], weights) for row in range(2))
    torch.testing.assert_close(of_both, sum(part * own for part, own in zip(parts, (1.35, 1.25), strict=True)))


@pytest.mark.parametrize("criterion", [set_valued_cross_entropy, multi_label_cross_entropy])
def test_rows_without_a_label_do_not_count(criterion: type[None]) -> None:
    labels = torch.tensor([[1.0, 0.0, 0.0], [MISSING] * 3])
    torch.testing.assert_close(criterion(LOGITS, labels, ONES), criterion(LOGITS[:1], labels[:1], ONES))


@pytest.mark.parametrize("criterion", [set_valued_cross_entropy, multi_label_cross_entropy])
def test_no_label_at_all_costs_nothing_and_can_be_differentiated(criterion: type[None]) -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = criterion(logits, torch.full((2, 3), MISSING), ONES)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


@given(st.lists(st.integers(0, 5_000), min_size=2, max_size=15), st.floats(0, 1))
def test_rare_labels_weigh_more_and_the_mean_is_one(counts: list[int], power: float) -> None:
    tensor = torch.tensor(counts)
    weights = class_weights(tensor, power)
    seen = tensor.clamp(min=1).float()
    torch.testing.assert_close((weights * seen).sum() / seen.sum(), torch.tensor(1.0))
    order = torch.argsort(tensor)
    assert (weights[order].diff() <= 1e-6).all()


def test_no_power_no_weighting() -> None:
    assert class_weights(torch.tensor([1, 10, 1_000]), 0).tolist() == [1, 1, 1]
