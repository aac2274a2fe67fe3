import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.train import near_duplicates
from wasit.train.near_duplicates import LEAST_SHARE, Overlap, WordRuns, folded_words


def text(*numbers: int) -> str:
    return " ".join(f"w{number}" for number in numbers)


def overlaps(texts: list[str], groups: list[int] | None = None) -> list[Overlap]:
    runs = WordRuns()
    for one in texts:
        runs.add(one)
    return list(runs.overlaps(groups or [0] * len(texts)))


def test_spelling_and_signs_do_not_count() -> None:
    assert folded_words("«أعلنَت» القاهرةُ، اليوم:") == folded_words("اعلنت القاهره اليوم")


def test_the_share_is_that_of_the_shorter_text() -> None:
    long = text(*range(100))
    # Ten words have six runs; the last four words are others, so that two of them are shared.
    assert overlaps([long, text(*range(6), *range(200, 204))]) == []
    (found,) = overlaps([long, text(*range(7), *range(200, 203))])
    assert found == Overlap(1, 0, 0.5)


def test_every_group_gives_the_earlier_article_that_is_most_alike() -> None:
    texts = [text(*range(20)), text(*range(18), 90, 91), text(*range(50, 70)), text(*range(19), 95)]
    assert [(found.article, found.other) for found in overlaps(texts, [0, 0, 1, 1])] == [(1, 0), (3, 0)]
    assert [(found.article, found.other) for found in overlaps(texts, [0, 1, 1, 1])] == [(1, 0), (3, 0), (3, 1)]


def test_what_very_many_articles_have_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "MOST_ARTICLES", 3)
    footer = range(10)
    texts = [text(100 + number, *footer) for number in range(4)]
    assert overlaps(texts) == []
    assert len(overlaps(texts[:3])) == 2


def test_texts_too_short_for_a_run_are_passed_over() -> None:
    assert overlaps(["", text(1, 2), text(1, 2), text(1, 2, 3, 4, 5)]) == []
    assert overlaps([]) == []


@given(st.lists(st.lists(st.integers(0, 3), max_size=12), min_size=1, max_size=8), st.integers(1, 4), st.data())
def test_the_matrix_finds_what_comparing_every_two_finds(
    words: list[list[int]], step: int, data: st.DataObject
) -> None:
    groups = [data.draw(st.integers(0, 1)) for _ in words]
    sets = [{tuple(one[start : start + 5]) for start in range(len(one) - 4)} for one in words]
    expected = set()
    for article, own in enumerate(sets):
        for group in (0, 1):
            shares = [
                (len(own & sets[other]) / min(len(own), len(sets[other])), -other)
                for other in range(article)
                if groups[other] == group and own and sets[other]
            ]
            if shares and max(shares)[0] >= LEAST_SHARE:
                share, other = max(shares)
                expected.add((article, -other, share))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_duplicates, "_PRODUCTS_TOGETHER", step)
        found = overlaps([text(*one) for one in words], groups)
    assert {tuple(one) for one in found} == expected
