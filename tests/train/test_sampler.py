from itertools import chain

import datasets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.train.sampler import LabelledArticles, StepSampler


def steps(sampler: StepSampler, accumulation: int) -> list[list[int]]:
    batches = list(sampler)
    assert len(batches) == len(sampler)
    starts = range(0, len(batches), accumulation)
    return [list(chain(*batches[start : start + accumulation])) for start in starts]


@given(
    articles=st.integers(1, 60),
    processes=st.integers(1, 4),
    accumulation=st.integers(1, 3),
    at_once=st.integers(1, 4),
    epoch=st.integers(0, 3),
)
def test_a_step_reads_the_same_articles_however_it_is_shared(
    articles: int, processes: int, accumulation: int, at_once: int, epoch: int
) -> None:
    lengths = np.random.default_rng(articles).integers(3, 500, articles, dtype=np.int32)
    batch = processes * accumulation * at_once
    alone = StepSampler(lengths, batch)
    alone.set_epoch(epoch)
    shares = []
    for process in range(processes):
        sampler = StepSampler(lengths, batch, accumulation, processes, process)
        sampler.set_epoch(epoch)
        assert all(0 < len(numbers) <= at_once for numbers in sampler)
        shares.append(steps(sampler, accumulation))
    together = [sorted(n for part in parts for n in part if n < articles) for parts in zip(*shares, strict=True)]
    assert together == [sorted(step) for step in steps(alone, 1)]
    assert sorted(chain(*together)) == list(range(articles))


def test_every_epoch_and_seed_has_an_order_of_its_own() -> None:
    lengths = np.arange(40, dtype=np.int32)
    sampler = StepSampler(lengths, 4)
    first = list(sampler)
    assert first == list(StepSampler(lengths, 4)) != list(StepSampler(lengths, 4, seed=1))
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_a_number_beyond_the_last_gives_a_row_without_its_labels() -> None:
    rows = [{"length": 3, "labels_topic": [1.0, 0.0], "labels_role": [[0.0, 1.0], [1.0, 0.0]]}]
    articles = LabelledArticles(datasets.Dataset.from_list(rows), "labels_")
    known, unknown = articles.__getitems__([0, 1])
    assert known == rows[0]
    assert unknown["length"] == 3
    assert np.isnan(unknown["labels_topic"]).all()
    assert np.shape(unknown["labels_role"]) == (2, 2)
    assert np.isnan(unknown["labels_role"]).all()


def test_articles_of_a_batch_are_of_similar_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 1_000, 400, dtype=np.int32)
    spread = [np.ptp(lengths[numbers]) for numbers in StepSampler(lengths, 8)]
    assert np.mean(spread) < 150
    assert pytest.approx(np.ptp(lengths), abs=10) == 1_000
