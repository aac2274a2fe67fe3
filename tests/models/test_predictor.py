from pathlib import Path

import numpy as np
import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.predictor import Predictor, packed_rows

TEXTS = [
    "أعلنت قطر استئناف المحادثات.",
    "ارتفعت أسعار النفط.",
    "",
    "وصل وفد من مصر إلى مسقط. " * 40,
    "قال أنطونيو غوتيريش.",
]


@pytest.fixture(scope="module")
def predictor(tiny_model: Path) -> Predictor:
    return Predictor(Checkpoint.load(str(tiny_model)), torch.device("cpu"), row_tokens=300)


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


def test_rows_hold_every_window_once_and_keep_articles_whole(predictor: Predictor) -> None:
    encoded = predictor.encode(TEXTS * 5)
    rows = list(packed_rows(encoded, 300))
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(encoded.window_tokens)))
    assert all(encoded.window_tokens[row].sum() <= 300 for row in rows)
    short = np.flatnonzero(encoded.article_tokens <= 300)
    for article in short:
        windows = set(np.flatnonzero(encoded.window_article == article).tolist())
        assert sum(not windows.isdisjoint(row.tolist()) for row in rows) == 1


def test_an_article_longer_than_a_row_is_answered_as_in_one(tiny_model: Path, predictor: Predictor) -> None:
    wide = Predictor(Checkpoint.load(str(tiny_model)), torch.device("cpu"), row_tokens=10_000)
    encoded = wide.encode(TEXTS)
    assert encoded.article_tokens.max() > 300
    whole, cut = wide.run(encoded), predictor.run(encoded)
    for name, logits in whole.answers.items():
        np.testing.assert_allclose(cut.answers[name], logits, atol=1e-5)
    np.testing.assert_allclose(cut.mentions["role"], whole.mentions["role"], atol=1e-5)


def test_in_single_precision_the_neighbours_change_not_one_bit(predictor: Predictor) -> None:
    encoded = predictor.encode(TEXTS)
    together = predictor.run(encoded)
    pair = 0
    for index, text in enumerate(TEXTS):
        alone = predictor.run(predictor.encode([text]))
        assert np.array_equal(alone.answers["topic"][0], together.answers["topic"][index])
        pairs = len(alone.answers["role"])
        assert np.array_equal(alone.answers["role"], together.answers["role"][pair : pair + pairs])
        pair += pairs


def test_out_of_memory_halves_the_rows_and_loses_nothing(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = Predictor(Checkpoint.load(str(tiny_model)), torch.device("cpu"), row_tokens=1_000)
    encoded = predictor.encode(TEXTS)
    expected = predictor.run(encoded)
    forward = predictor.network.forward

    def small(input_ids: torch.Tensor, **inputs: object) -> object:
        if input_ids.numel() > 300:
            raise torch.OutOfMemoryError("no room")
        return forward(input_ids, **inputs)

    monkeypatch.setattr(predictor.network, "forward", small)
    found = predictor.run(encoded)
    assert predictor.row_tokens == 250
    for name, logits in expected.answers.items():
        np.testing.assert_allclose(found.answers[name], logits, atol=1e-5)


def test_out_of_memory_for_a_single_window_is_an_error(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor(Checkpoint.load(str(tiny_model)), torch.device("cpu"))

    def full(**inputs: object) -> None:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(predictor.network, "forward", full)
    with pytest.raises(torch.OutOfMemoryError):
        predictor(TEXTS)
