import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.models.encoded import EncodedArticles, Mentions

MEDIATORS = ("qatar", "egypt", "oman")


@st.composite
def articles(draw: st.DrawFn) -> EncodedArticles:
    """Articles with windows of two tokens, of which the first may be a marker."""
    windows = draw(st.lists(st.integers(1, 3), max_size=5))
    markers = draw(st.lists(st.booleans(), min_size=sum(windows), max_size=sum(windows)))
    mediators = draw(st.lists(st.integers(0, 2), min_size=sum(markers), max_size=sum(markers)))
    numbers = np.arange(sum(markers), dtype=np.int32)
    return EncodedArticles.of_windows(
        input_ids=np.arange(2 * sum(windows), dtype=np.int32),
        window_tokens=np.full(sum(windows), 2, dtype=np.int32),
        window_article=np.repeat(np.arange(len(windows), dtype=np.int32), windows),
        marker_place=2 * np.flatnonzero(markers),
        mentions=Mentions(numbers, numbers + 1, np.array(mediators, dtype=np.int32), MEDIATORS),
        tokens=np.array(windows, dtype=np.int32) * 2,
    )


@settings(deadline=None)
@given(articles())
def test_pairs_are_counted_in_order_of_first_mention(encoded: EncodedArticles) -> None:
    of_mentions = encoded.window_article[encoded.marker_window].tolist()
    owners = list(zip(of_mentions, encoded.mentions.mediator.tolist(), strict=True))
    pairs = list(zip(encoded.pair_article.tolist(), encoded.pair_mediator.tolist(), strict=True))
    assert pairs == list(dict.fromkeys(owners))
    assert [pairs[pair] for pair in encoded.marker_pair.tolist()] == owners


@settings(deadline=None)
@given(articles())
def test_articles_by_themselves_are_what_they_are_together(encoded: EncodedArticles) -> None:
    singles = list(encoded.singly())
    assert len(singles) == encoded.count
    assert [id for one in singles for id in one.input_ids.tolist()] == encoded.input_ids.tolist()
    assert [start for one in singles for start in one.mentions.start.tolist()] == encoded.mentions.start.tolist()
    mediators = [place for one in singles for place in one.pair_mediator.tolist()]
    assert mediators == encoded.pair_mediator.tolist()
    places = [int(one.input_ids[place]) for one in singles for place in one.marker_place]
    assert places == encoded.marker_place.tolist()
    assert [len(one.window_tokens) for one in singles] == encoded.outline.windows.tolist()
    assert all(one.count == 1 and not one.window_article.any() for one in singles)


def test_no_articles_travel_as_well() -> None:
    none = np.zeros(0, dtype=np.int32)
    encoded = EncodedArticles.of_windows(
        none, none, none, np.zeros(0, dtype=np.int64), Mentions(none, none, none, MEDIATORS), none
    )
    outline = pickle.loads(pickle.dumps(encoded)).outline
    assert (outline.count, outline.mediators) == (0, MEDIATORS)
    assert list(encoded.singly()) == []


@pytest.mark.parametrize("count", [1, 2_000])
def test_what_travels_grows_with_tokens_and_not_with_objects(count: int) -> None:
    ids = np.zeros(2 * count, dtype=np.int32)
    numbers = np.arange(count, dtype=np.int32)
    encoded = EncodedArticles.of_windows(
        ids,
        np.full(count, 2, dtype=np.int32),
        numbers,
        2 * numbers.astype(np.int64),
        Mentions(numbers, numbers, numbers % 3, MEDIATORS),
        numbers,
    )
    assert len(pickle.dumps(encoded, pickle.HIGHEST_PROTOCOL)) < 2_000 + 60 * count
