import numpy as np
import outputs
import peers
import pytest
from reading import Reading, read
from shapes import Models, prepare


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return prepare("tiny", tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def capped(models: Models) -> Reading:
    return read(models, "capped", 7, seed=0)


def test_all_peers_give_the_same_probabilities(models: Models, capped: Reading) -> None:
    makers = (peers.pipeline_peer, peers.sorted_peer, peers.fineweb_edu_peer)
    found = [make(models, "cpu", "float32", 3)(capped.texts) for make in makers]
    assert found[0].sum(axis=1) == pytest.approx(1)
    assert all(np.allclose(scores, found[0], atol=1e-6) for scores in found)
    assert not np.array_equal(found[0][0], found[0][1])


def test_packed_and_padded_give_the_same_answers(models: Models, capped: Reading) -> None:
    found = outputs.compare(models, capped.texts, "cpu", ["bfloat16"])
    assert found["float32_difference_to_padded"] < 1e-4
    assert found["float32_difference_to_plain"] < 1e-4
    assert set(found["same_labels"]["bfloat16"]) >= {models.task}


def test_capped_articles_have_one_window_and_are_the_same_work_for_all(models: Models, capped: Reading) -> None:
    assert capped.own.of(7)[0] == capped.peers.of(7)[0]
    assert capped.own.tokens.max() <= models.window_tokens - 2
    assert [(text,) for text in capped.texts] == list(capped.passages)


def test_longer_articles_are_cut_for_peers_as_it_says(models: Models) -> None:
    cut, begun = (read(models, way, 7, seed=0) for way in ("passages", "truncated"))
    assert cut.texts == begun.texts
    assert max(len(passages) for passages in cut.passages) > 1
    for text, passages in zip(cut.texts, cut.passages, strict=True):
        assert all(passage in text for passage in passages)
        assert text.endswith(passages[-1])
    assert cut.peers.of(7)[0] == cut.own.of(7)[0] == begun.own.of(7)[0]
    assert begun.peers.tokens.max() <= models.window_tokens - 2
    assert begun.peers.of(7)[0] < begun.own.of(7)[0]
