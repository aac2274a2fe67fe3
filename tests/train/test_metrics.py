import pytest

from wasit.train.metrics import NO_PREDICTION, score_label_sets, score_labels

NAMES = ("war", "peace", "sport")


def test_scores_of_a_task() -> None:
    scores = score_labels([0, 0, 1, 1], [0, 1, 1, 1], NAMES)
    assert scores["accuracy"] == pytest.approx(0.75)
    assert scores["f1_war"] == pytest.approx(2 / 3)
    assert scores["f1_peace"] == pytest.approx(0.8)
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 2)
    assert "f1_sport" not in scores


def test_a_label_that_was_not_predicted_is_wrong() -> None:
    assert score_labels([0, NO_PREDICTION], [0, 0], NAMES)["accuracy"] == 0.5


def test_nothing_to_score_gives_nothing() -> None:
    assert score_labels([], [], NAMES) == {}


def test_scores_of_label_sets() -> None:
    scores = score_label_sets([["war", "peace"], ["peace"]], [["war"], ["peace"]], NAMES)
    assert scores["accuracy"] == 0.5
    assert scores["f1_war"] == 1
    assert scores["f1_peace"] == pytest.approx(2 / 3)
    assert scores["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
