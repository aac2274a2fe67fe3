"""Windows of many articles against a plain loop over one."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.models.windows import Windows

SIZES = st.integers(2, 24).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))
LENGTHS = st.lists(st.integers(0, 90), max_size=4)


def plain_starts(tokens: int, size: int, overlap: int) -> list[int]:
    starts = [0]
    while starts[-1] + size < tokens:
        starts.append(min(starts[-1] + size - overlap, tokens - size))
    return starts


def over(lengths: list[int], size: int, overlap: int) -> Windows:
    return Windows.over(np.array(lengths, dtype=np.int64), size, overlap)


@settings(deadline=None)
@given(lengths=LENGTHS, sizes=SIZES)
def test_windows_start_where_a_loop_would_start_them(lengths: list[int], sizes: tuple[int, int]) -> None:
    windows = over(lengths, *sizes)
    starts = [plain_starts(tokens, *sizes) for tokens in lengths]
    expected = [(article, start) for article, own in enumerate(starts) for start in own]
    assert list(zip(windows.article.tolist(), windows.start.tolist(), strict=True)) == expected
    assert windows.tokens.tolist() == [min(sizes[0], lengths[article] - start) for article, start in expected]


@settings(deadline=None)
@given(tokens=st.integers(0, 5_000), size=st.integers(2, 510), data=st.data())
def test_windows_leave_no_token_out(tokens: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    starts = over([tokens], size, overlap).start.tolist()
    covered = {position for start in starts for position in range(start, min(start + size, tokens))}
    assert covered == set(range(tokens))
    assert starts == sorted(set(starts))
    shared = [first + size - second for first, second in pairwise(starts)]
    assert all(count >= overlap for count in shared)


@settings(deadline=None)
@given(lengths=LENGTHS, sizes=SIZES)
def test_a_token_is_read_where_it_has_most_room(lengths: list[int], sizes: tuple[int, int]) -> None:
    windows = over(lengths, *sizes)
    expected = []
    for tokens in lengths:
        starts = plain_starts(tokens, *sizes)
        for position in range(tokens):
            room = [min(position - start, min(start + sizes[0], tokens) - 1 - position) for start in starts]
            expected.append(starts[room.index(max(room))])
    article = np.repeat(np.arange(len(lengths)), lengths)
    position = np.concatenate([np.arange(tokens) for tokens in lengths] or [np.zeros(0, dtype=np.int64)])
    assert windows.start[windows.best(article, position)].tolist() == expected


@settings(deadline=None)
@given(lengths=LENGTHS, sizes=SIZES)
def test_windows_are_laid_out_between_special_tokens(lengths: list[int], sizes: tuple[int, int]) -> None:
    texts = [list(range(100 * number, 100 * number + tokens)) for number, tokens in enumerate(lengths)]
    content = np.array([token for text in texts for token in text], dtype=np.int32)
    article_start = np.cumsum([0, *lengths])[:-1]
    laid = over(lengths, *sizes).lay_out(content, article_start, -1, -2)
    expected = [
        token
        for text in texts
        for start in plain_starts(len(text), *sizes)
        for token in (-1, *text[start : start + sizes[0]], -2)
    ]
    assert laid.tolist() == expected
