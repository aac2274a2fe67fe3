import random

from hypothesis import given
from hypothesis import strategies as st

from wasit.models.packing import pack

LENGTHS = st.lists(st.integers(1, 60), max_size=80)


@given(LENGTHS, st.integers(1, 50))
def test_every_item_is_in_exactly_one_row(lengths: list[int], budget: int) -> None:
    rows = pack(lengths, budget)
    assert sorted(item for row in rows for item in row) == list(range(len(lengths)))


@given(LENGTHS, st.integers(1, 50))
def test_a_row_keeps_to_the_budget_unless_one_item_alone_is_longer(lengths: list[int], budget: int) -> None:
    for row in pack(lengths, budget):
        assert sum(lengths[item] for item in row) <= budget or len(row) == 1


@given(LENGTHS, st.integers(1, 50))
def test_no_two_rows_would_fit_into_one(lengths: list[int], budget: int) -> None:
    totals = sorted(sum(lengths[item] for item in row) for row in pack(lengths, budget))
    assert len(totals) < 2 or totals[0] + totals[1] > budget


def test_rows_of_real_news_are_full() -> None:
    generator = random.Random(0)
    lengths = [min(4000, max(8, round(generator.lognormvariate(5.62, 0.87)))) for _ in range(3000)]
    rows = pack(lengths, 8192)
    assert sum(lengths) / (len(rows) * 8192) >= 0.98


def test_an_item_that_fits_exactly_fills_its_row() -> None:
    assert pack([4, 6, 10, 3], 10) == [[2], [0, 1], [3]]
