import pytest

from wasit.models.prediction import Answer
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.answers import AnswerTable, ScoredAnswer
from wasit.train.certainty import calibration_bins, coverage_at_precision, expected_calibration_error

TASK = Taxonomy.default().task("stance")
FIRST, SECOND, THIRD = TASK.label_names


def table(*answers: tuple[float | None, bool], task: Task = TASK) -> AnswerTable:
    """A table of answers by certainty and rightness."""
    rows = []
    for number, (certainty, is_right) in enumerate(answers):
        given = None if certainty is None else Answer((FIRST,), {FIRST: certainty, SECOND: 0.0, THIRD: 0.0})
        rows.append(ScoredAnswer(task, number, None, (FIRST if is_right else SECOND,), given))
    return AnswerTable(task, tuple(rows))


def error(found: AnswerTable) -> float | None:
    return expected_calibration_error(calibration_bins(found))


def test_the_calibration_error_by_hand() -> None:
    # Two bins: |1/2 - 0.91| of two answers, |0 - 0.31| of one.
    assert error(table((0.90, True), (0.92, False), (0.31, False))) == pytest.approx((2 * 0.41 + 0.31) / 3)


def test_a_certain_right_answer_is_calibrated() -> None:
    assert error(table((1.0, True), (1.0, True))) == 0


def test_mediators_not_found_and_sets_of_labels_say_nothing_of_calibration() -> None:
    several = ScoredAnswer(TASK, 9, None, (FIRST, SECOND), Answer((FIRST,), {FIRST: 0.5, SECOND: 0.5, THIRD: 0.0}))
    found = table((0.9, True), (None, False))
    assert error(AnswerTable(TASK, (*found.answers, several))) == pytest.approx(0.1)
    assert error(table((None, False))) is None


@pytest.mark.parametrize(
    ("answers", "share"),
    [
        ([(0.9, True), (0.8, True), (0.7, False), (0.6, True)], 0.5),
        ([(0.9, False), (0.8, True), (0.7, True), (0.6, True)], 1.0),
        ([(0.9, False), (0.8, False)], 0.0),
        ([(0.9, True), (None, False)], 0.5),
        # Of two answers that are equally certain neither comes first.
        ([(0.9, True), (0.9, False)], 0.0),
    ],
)
def test_coverage_by_hand(answers: list[tuple[float | None, bool]], share: float) -> None:
    wanted = 0.75 if share == 1.0 else 0.95
    assert coverage_at_precision(table(*answers), wanted) == share
