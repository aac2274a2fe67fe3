import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wasit.models.batch import FEWEST_ROWS, Batch, pack_batch, pad_batch
from wasit.models.encoded import EncodedArticles, Mentions

PAD = 0
MARKER = 9


@st.composite
def encoded_articles(draw: st.DrawFn) -> EncodedArticles:
    lengths = draw(st.lists(st.integers(2, 12), min_size=1, max_size=9))
    ids = draw(st.lists(st.integers(1, 8), min_size=sum(lengths), max_size=sum(lengths)))
    positions = draw(st.lists(st.integers(0, sum(lengths) - 1), max_size=12, unique=True))
    for position in positions:
        ids[position] = MARKER
    articles = draw(st.lists(st.integers(0, 1), min_size=len(lengths) - 1, max_size=len(lengths) - 1))
    mediators = draw(st.lists(st.integers(0, 2), min_size=len(positions), max_size=len(positions)))
    nowhere = np.zeros(len(positions), dtype=np.int32)
    return EncodedArticles.of_windows(
        input_ids=np.array(ids, dtype=np.int32),
        window_tokens=np.array(lengths, dtype=np.int32),
        window_article=np.cumsum([0, *articles], dtype=np.int32),
        marker_place=np.array(sorted(positions), dtype=np.int64),
        mentions=Mentions(nowhere, nowhere, np.array(mediators, dtype=np.int32), ("qatar", "egypt", "oman")),
        tokens=np.zeros(1 + sum(articles), dtype=np.int32),
    )


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


@given(encoded_articles())
def test_the_rows_without_padding_are_the_windows(encoded: EncodedArticles) -> None:
    batch = pad_batch(encoded, PAD)
    assert batch.attention_mask is not None
    flat = batch.input_ids[batch.attention_mask.bool()]
    assert flat.tolist() == encoded.input_ids.tolist()
    assert (batch.input_ids[batch.attention_mask == 0] == PAD).all()
    assert batch.window_article.tolist() == encoded.window_article.tolist()
    assert_mentions_fit(batch, encoded)


@given(encoded_articles(), st.data())
def test_a_packed_row_holds_the_windows_that_were_chosen(encoded: EncodedArticles, data: st.DataObject) -> None:
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


def test_counts_are_numbers() -> None:
    none = np.zeros(0, dtype=np.int32)
    article = EncodedArticles.of_windows(
        input_ids=np.array([1, 2], dtype=np.int32),
        window_tokens=np.array([2], dtype=np.int32),
        window_article=np.array([0], dtype=np.int32),
        marker_place=np.zeros(0, dtype=np.int64),
        mentions=Mentions(none, none, none, ()),
        tokens=np.array([0], dtype=np.int32),
    )
    inputs = pad_batch(article, PAD).model_inputs()
    assert (inputs["article_count"], inputs["pair_count"]) == (1, 0)
    assert "position_ids" not in inputs
