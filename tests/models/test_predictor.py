from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wasit.models.checkpoint import Checkpoint
from wasit.models.predictor import Predictor, batches

TEXTS = [
    "أعلنت قطر استئناف المحادثات.",
    "ارتفعت أسعار النفط.",
    "",
    "وصل وفد من مصر إلى مسقط. " * 40,
    "قال أنطونيو غوتيريش.",
]


@pytest.fixture(scope="module")
def predictor(tiny_model: Path) -> Predictor:
    return Predictor(Checkpoint.load(str(tiny_model)), torch.device("cpu"), batch_tokens=300)


def test_predictions_come_back_in_the_order_of_the_texts(predictor: Predictor) -> None:
    together = predictor(TEXTS)
    assert [[found.mediator for found in prediction.mediators] for prediction in together] == [
        ["qatar"],
        [],
        [],
        ["egypt", "oman"],
        ["united_nations"],
    ]
    for text, prediction in zip(TEXTS, together, strict=True):
        (alone,) = predictor([text])
        assert alone.answers["topic"].labels == prediction.answers["topic"].labels
        assert alone.answers["topic"].scores == pytest.approx(prediction.answers["topic"].scores, abs=1e-5)


def test_a_long_article_is_read_to_its_end(predictor: Predictor) -> None:
    long = predictor(TEXTS)[3]
    assert long.windows > 1
    assert {found.mediator: found.mentions for found in long.mediators} == {"egypt": 40, "oman": 40}


def test_progress_counts_every_article(predictor: Predictor) -> None:
    seen: list[int] = []
    predictor(TEXTS, seen.append)
    assert sum(seen) == len(TEXTS)
    assert len(seen) > 1


def test_no_texts_give_no_predictions(predictor: Predictor) -> None:
    assert predictor([]) == []


@given(st.lists(st.lists(st.integers(2, 512), min_size=1, max_size=5), max_size=40), st.integers(2, 8_192))
def test_batches_hold_every_article_once_within_the_budget(lengths: list[list[int]], budget: int) -> None:
    found = list(batches(lengths, budget))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        windows = sum(len(lengths[index]) for index in batch)
        padded = windows * max(max(lengths[index]) for index in batch)
        assert padded <= budget or len(batch) == 1
