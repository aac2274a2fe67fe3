from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wasit.models.batch import FEWEST_ROWS, Batch, pack_batch, pad_batch
from wasit.models.encoded import EncodedArticles
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


ARTICLES = st.lists(encoded_articles(), min_size=1, max_size=5)


def assert_mentions_fit(batch: Batch, encoded: EncodedArticles) -> None:
    """Every mention of the batch points at its marker, its window, its article and its mediator."""
    assert (batch.input_ids.flatten()[batch.marker_place] == MARKER).all()
    start = batch.window_start[batch.marker_window]
    assert (
        (batch.marker_place >= start) & (batch.marker_place < start + batch.window_tokens[batch.marker_window])
    ).all()
    articles = batch.articles[batch.window_article[batch.marker_window].numpy()]
    pairs = batch.pairs[batch.marker_pair.numpy()]
    assert encoded.pair_article[pairs].tolist() == articles.tolist()
    assert encoded.marker_pair[batch.mentions].tolist() == pairs.tolist()


@given(ARTICLES)
def test_the_rows_without_padding_are_the_windows(articles: Sequence[EncodedArticle]) -> None:
    encoded = EncodedArticles.join(articles)
    batch = pad_batch(encoded, PAD)
    assert batch.attention_mask is not None
    flat = batch.input_ids[batch.attention_mask.bool()]
    assert flat.tolist() == np.concatenate([article.input_ids for article in articles]).tolist()
    assert (batch.input_ids[batch.attention_mask == 0] == PAD).all()
    windows = [len(article.window_lengths) for article in articles]
    assert batch.window_article.bincount(minlength=len(articles)).tolist() == windows
    assert_mentions_fit(batch, encoded)


@given(ARTICLES, st.data())
def test_a_packed_row_holds_the_windows_that_were_chosen(
    articles: Sequence[EncodedArticle], data: st.DataObject
) -> None:
    encoded = EncodedArticles.join(articles)
    count = len(encoded.window_tokens)
    chosen = np.array(sorted(data.draw(st.sets(st.integers(0, count - 1), min_size=1))))
    batch = pack_batch(encoded, chosen)
    windows = np.split(encoded.input_ids, np.cumsum(encoded.window_tokens)[:-1])
    tokens = [token for window in chosen for token in windows[window]]
    positions = [place for window in chosen for place in range(len(windows[window]))]
    assert batch.position_ids is not None
    assert batch.input_ids[0, : len(tokens)].tolist() == tokens
    assert batch.position_ids[0, : len(tokens)].tolist() == positions
    assert batch.window_bounds is not None
    ends = sorted({len(tokens), max(len(tokens), FEWEST_ROWS)})
    assert batch.window_bounds.tolist() == [*batch.window_start.tolist(), *ends]
    assert batch.input_ids.shape == batch.position_ids.shape == (1, ends[-1])
    assert batch.articles[batch.window_article.numpy()].tolist() == encoded.window_article[chosen].tolist()
    assert len(batch.mentions) == np.isin(encoded.marker_window, chosen).sum()
    assert_mentions_fit(batch, encoded)


@given(ARTICLES)
def test_joined_articles_keep_their_mentions_in_order(articles: Sequence[EncodedArticle]) -> None:
    encoded = EncodedArticles.join(articles)
    assert (encoded.input_ids[encoded.marker_place] == MARKER).all()
    owners = [(index, mention.mediator) for index, article in enumerate(articles) for mention in article.mentions]
    pairs = list(zip(encoded.pair_article.tolist(), encoded.pair_mediators, strict=True))
    assert [pairs[pair] for pair in encoded.marker_pair.tolist()] == owners
    assert pairs == sorted(pairs, key=lambda pair: pair[0])
    assert len(set(pairs)) == len(pairs)


def test_counts_are_numbers() -> None:
    article = EncodedArticle(
        np.array([1, 2], dtype=np.int32), np.array([2], dtype=np.int32), np.array([], dtype=np.int32), (), 0
    )
    inputs = pad_batch(EncodedArticles.join([article]), PAD).model_inputs()
    assert (inputs["article_count"], inputs["pair_count"]) == (1, 0)
    assert "position_ids" not in inputs
