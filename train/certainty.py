"""How far the scores of answers can be trusted: calibration, and coverage at a wanted precision."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wasit.train.answers import AnswerTable

CALIBRATION_BINS = 15
"""Bins of equal width, as many as in Guo et al. 2017."""


class Bin(NamedTuple):
    """Answers of similar certainty.

    Attributes:
        answers: How many there are.
        certainty: Their mean certainty.
        accuracy: Share of them that is right.
    """

    answers: int
    certainty: float
    accuracy: float


def calibration_bins(table: AnswerTable) -> tuple[Bin | None, ...]:
    """Sorts answers into bins of equal width by their certainty; None for an empty bin.

    Mediators that were not found have no certainty, and of a set of possible labels none is known to be the true
    one: neither says anything of calibration.
    """
    single = table.task.problem == "single_label"
    known = [answer for answer in table.answers if not (single and len(answer.gold) > 1)]
    pairs = [(answer.certainty, answer.is_right) for answer in known if answer.certainty is not None]
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(CALIBRATION_BINS)]
    for certainty, is_right in pairs:
        bins[min(int(certainty * CALIBRATION_BINS), CALIBRATION_BINS - 1)].append((certainty, is_right))
    return tuple(_bin(members) if members else None for members in bins)


def _bin(members: Sequence[tuple[float, bool]]) -> Bin:
    certainties, rights = zip(*members, strict=True)
    return Bin(len(members), float(np.mean(certainties)), float(np.mean(rights)))


def expected_calibration_error(bins: Sequence[Bin | None]) -> float | None:
    """How far certainty and accuracy lie apart, mean over answers (Naeini et al. 2015; Guo et al. 2017)."""
    filled = [one for one in bins if one is not None]
    total = sum(one.answers for one in filled)
    if not total:
        return None
    return sum(one.answers * abs(one.accuracy - one.certainty) for one in filled) / total


def coverage_at_precision(table: AnswerTable, precision: float) -> float:
    """Largest share of all answers, most certain first, of which at least this share is right.

    Answers of the same certainty are taken together. Mediators that were not found are never among the covered
    answers, but among all.
    """
    found = [(answer.certainty, answer.is_right) for answer in table.answers if answer.certainty is not None]
    found.sort(key=lambda pair: -pair[0])
    covered = right = 0
    for count, (certainty, is_right) in enumerate(found, start=1):
        right += is_right
        ends_tie = count == len(found) or found[count][0] != certainty
        if ends_tie and right >= precision * count:
            covered = count
    return covered / len(table.answers)
