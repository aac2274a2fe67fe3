"""Counts against scikit-learn, intervals against what is known of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support
from sklearn.preprocessing import MultiLabelBinarizer

from wasit.models.prediction import Answer
from wasit.models.taxonomy import Task
from wasit.train.answers import AnswerTable, ScoredAnswer
from wasit.train.metrics import NO_PREDICTION, score_labels
from wasit.train.statistics import article_counts, intervals, paired_differences, scores_of

NAMES = ("war", "peace", "sport")


def make_task(problem: str) -> Task:
    labels = [{"name": name, "ar": "اسم", "en": name, "definition": "What it means."} for name in NAMES]
    return Task.model_validate(
        {"name": "kind", "scope": "article", "problem": problem, "ar": "نوع", "en": "Kind", "labels": labels}
    )


ONE, SEVERAL = make_task("single_label"), make_task("multi_label")


def table(task: Task, rows: list[tuple[tuple[str, ...], tuple[str, ...] | None]], each: int = 1) -> AnswerTable:
    """A table of gold and predicted labels, so many answers an article."""
    answers = [
        ScoredAnswer(
            task, number // each, None, gold, None if said is None else Answer(said, dict.fromkeys(NAMES, 0.5))
        )
        for number, (gold, said) in enumerate(rows)
    ]
    return AnswerTable(task, tuple(answers))


one_label = st.sampled_from(NAMES).map(lambda name: (name,))
label_sets = st.sets(st.sampled_from(NAMES)).map(lambda names: tuple(sorted(names)))


@given(st.lists(st.tuples(one_label, st.none() | one_label), min_size=1, max_size=30), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_scores_are_those_of_scikit_learn(
    rows: list[tuple[tuple[str, ...], tuple[str, ...] | None]], each: int
) -> None:
    scores = scores_of(article_counts(table(ONE, rows, each)).sum(axis=0))
    gold = [NAMES.index(labels[0]) for labels, _ in rows]
    said = [NO_PREDICTION if labels is None else NAMES.index(labels[0]) for _, labels in rows]
    precision, recall, f1, support = precision_recall_fscore_support(gold, said, labels=range(3), zero_division=0)
    assert scores.accuracy == accuracy_score(gold, said)
    assert scores.precision == pytest.approx(precision)
    assert scores.recall == pytest.approx(recall)
    assert scores.support.tolist() == support.tolist()
    assert np.nan_to_num(scores.f1) == pytest.approx(f1 * (support > 0))
    assert scores.macro_f1 == pytest.approx(f1[support > 0].mean())


def test_training_shows_the_same_numbers_after_an_epoch() -> None:
    rows: list[tuple[tuple[str, ...], tuple[str, ...] | None]] = [
        (("war",), ("peace",)),
        (("war",), ("war",)),
        (("peace",), None),
    ]
    scores = scores_of(article_counts(table(ONE, rows)).sum(axis=0))
    shown = score_labels([1, 0, NO_PREDICTION], [0, 0, 1], NAMES)
    assert shown["accuracy"] == pytest.approx(scores.accuracy)
    assert shown["macro_f1"] == pytest.approx(scores.macro_f1)
    assert [shown["f1_war"], shown["f1_peace"]] == pytest.approx(scores.f1[:2])


@given(st.lists(st.tuples(label_sets, label_sets), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_scores_of_several_labels_are_those_of_scikit_learn(
    rows: list[tuple[tuple[str, ...], tuple[str, ...]]],
) -> None:
    scores = scores_of(article_counts(table(SEVERAL, list(rows))).sum(axis=0))
    indicators = MultiLabelBinarizer(classes=NAMES)
    gold, said = (indicators.fit_transform([row[side] for row in rows]) for side in (0, 1))
    assert scores.accuracy == accuracy_score(gold, said)
    occurring = np.flatnonzero(gold.any(axis=0))
    if occurring.size:
        by_label = f1_score(gold, said, average=None, zero_division=0)
        assert scores.macro_f1 == pytest.approx(by_label[occurring].mean())
    else:
        assert np.isnan(scores.macro_f1)


def half_right(articles: int, each: int = 1) -> AnswerTable:
    """In every other article all answers are right, in the others none."""
    rows = [(("war",), ("war",) if number // each % 2 else ("peace",)) for number in range(articles * each)]
    return table(ONE, rows, each)


def test_the_interval_of_a_share_is_that_of_the_binomial_distribution() -> None:
    low, high = intervals(article_counts(half_right(400)), 4000, seed=0)[0]
    error = 1.96 * (0.25 / 400) ** 0.5
    assert (low, high) == (pytest.approx(0.5 - error, abs=0.01), pytest.approx(0.5 + error, abs=0.01))


def test_answers_of_an_article_stand_and_fall_together() -> None:
    alone, together = half_right(100, each=1), half_right(100, each=4)
    widths = [np.diff(intervals(article_counts(one), 1000, seed=0)[0]).item() for one in (alone, together)]
    assert widths[0] == widths[1]


def test_one_seed_gives_one_interval() -> None:
    counts = article_counts(half_right(50))
    first, again, other = (intervals(counts, 200, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, other, equal_nan=True)


def test_a_label_that_a_resample_lacks_takes_no_part_in_it() -> None:
    rows = [(("war",), ("war",))] * 20 + [(("peace",), ("peace",))]
    limits = intervals(article_counts(table(ONE, rows)), 500, seed=0)
    assert limits[1].tolist() == [1, 1]
    assert np.isnan(limits[2 + NAMES.index("sport")]).all()


def test_one_article_has_no_interval() -> None:
    assert np.isnan(intervals(article_counts(half_right(1, each=3)), 100, seed=0)).all()


def test_a_model_does_not_differ_from_itself() -> None:
    for found in paired_differences(half_right(40), half_right(40), 300, seed=0):
        assert found == (0, 0, 0, 0)


def test_a_difference_says_who_is_better() -> None:
    good = table(ONE, [(("war",), ("war",))] * 18 + [(("peace",), ("war",))] * 2)
    bad = table(ONE, [(("war",), ("war",))] * 10 + [(("war",), ("peace",))] * 8 + [(("peace",), ("war",))] * 2)
    accuracy, _ = paired_differences(good, bad, 1000, seed=0)
    assert accuracy.difference == pytest.approx(0.4)
    assert 0 < accuracy.low < 0.4 < accuracy.high < 0.7
    assert accuracy.other_is_better == 0
    reverse, _ = paired_differences(bad, good, 1000, seed=0)
    assert reverse.difference == pytest.approx(-0.4)
    assert reverse.other_is_better > 0.99


def test_pairing_sees_what_two_intervals_hide() -> None:
    """One model is right wherever the other is, and once more: the bootstrap never finds the other better."""
    rows = [(("war",), ("war",) if number % 2 else ("peace",)) for number in range(60)]
    better = [(("war",), ("war",)), *rows[1:]]
    accuracy, _ = paired_differences(table(ONE, better), table(ONE, rows), 500, seed=0)
    assert accuracy.low >= 0
    assert accuracy.other_is_better == 0
