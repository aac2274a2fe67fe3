from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from wasit.models.batch import collate
from wasit.models.encoding import EncodedArticle
from wasit.models.mentions import Mention

PAD = 0
MARKER = 9


@st.composite
def encoded_articles(draw: st.DrawFn) -> EncodedArticle:
    lengths = draw(st.lists(st.integers(2, 12), min_size=1, max_size=4))
    ids = draw(st.lists(st.integers(1, 8), min_size=sum(lengths), max_size=sum(lengths)))
    positions = draw(st.lists(st.integers(0, sum(lengths) - 1), max_size=6, unique=True))
    for position in positions:
        ids[position] = MARKER
    mediators = draw(
        st.lists(st.sampled_from(["qatar", "egypt", "oman"]), min_size=len(positions), max_size=len(positions))
    )
    return EncodedArticle(
        input_ids=np.array(ids, dtype=np.int32),
        window_lengths=np.array(lengths, dtype=np.int32),
        marker_positions=np.array(positions, dtype=np.int32),
        mentions=tuple(Mention(mediator, 0, 1) for mediator in mediators),
        tokens=sum(lengths),
    )


@given(st.lists(encoded_articles(), min_size=1, max_size=5))
def test_the_rows_without_padding_are_the_windows(articles: Sequence[EncodedArticle]) -> None:
    batch = collate(articles, PAD)
    flat = batch.input_ids[batch.attention_mask.bool()]
    assert flat.tolist() == np.concatenate([article.input_ids for article in articles]).tolist()
    assert (batch.input_ids[batch.attention_mask == 0] == PAD).all()
    windows = [len(article.window_lengths) for article in articles]
    assert batch.window_article.bincount(minlength=len(articles)).tolist() == windows


@given(st.lists(encoded_articles(), min_size=1, max_size=5))
def test_every_mention_points_at_its_own_marker(articles: Sequence[EncodedArticle]) -> None:
    batch = collate(articles, PAD)
    at_markers = batch.input_ids[batch.marker_window, batch.marker_column]
    assert (at_markers == MARKER).all()
    owners = [(index, mention.mediator) for index, article in enumerate(articles) for mention in article.mentions]
    assert [batch.pairs[pair] for pair in batch.marker_pair.tolist()] == owners
    assert batch.window_article[batch.marker_window].tolist() == [article for article, _ in owners]


def test_counts_stay_numbers_and_tensors_move() -> None:
    article = EncodedArticle(np.array([1, 2]), np.array([2]), np.array([], dtype=np.int32), (), 0)
    inputs = collate([article], PAD).model_inputs("meta")
    assert (inputs["article_count"], inputs["pair_count"]) == (1, 0)
    assert all(value.device.type == "meta" for value in inputs.values() if isinstance(value, torch.Tensor))
