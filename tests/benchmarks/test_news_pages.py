import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from news_pages import MEDIAN_TOKENS, TOKENS_PER_WORD, news_pages

from wasit.inference.pages import PageSplitter
from wasit.models.checkpoint import Checkpoint
from wasit.models.mentions import MentionFinder

PAGES = 600


@pytest.fixture(scope="module")
def articles() -> list[str]:
    """The article of each page; unpacking fails if a page has not exactly one."""
    texts = []
    for page in news_pages(PAGES):
        (article,) = PageSplitter.default().split(page.text)
        texts.append(article.text)
    return texts


@settings(deadline=None)
@given(seed=st.integers(0, 10**9), number=st.integers(0, 10**6), count=st.integers(1, 3))
def test_a_page_depends_on_its_seed_and_number_alone(seed: int, number: int, count: int) -> None:
    *_, last = news_pages(count, seed, first=number)
    (page,) = news_pages(1, seed, first=number + count - 1)
    assert page == last
    assert next(news_pages(1, seed + 1, first=number + count - 1)) != page


@settings(deadline=None)
@given(number=st.integers(0, 10**6), longest=st.integers(60, 300))
def test_a_longest_length_only_ends_an_article_earlier(number: int, longest: int) -> None:
    (whole,) = news_pages(1, first=number)
    (short,) = news_pages(1, first=number, longest_words=longest)
    (article,) = PageSplitter.default().split(short.text)
    assert len(article.text.split()) < longest + 40
    if len(whole.text.split()) < longest:
        assert short == whole


def test_the_lengths_are_those_of_news(articles: list[str]) -> None:
    tokens = [len(text.split()) * TOKENS_PER_WORD for text in articles]
    assert statistics.median(tokens) == pytest.approx(MEDIAN_TOKENS, rel=0.12)
    assert statistics.mean(tokens) == pytest.approx(405, rel=0.15)
    assert sum(length > 512 for length in tokens) / len(tokens) == pytest.approx(0.24, abs=0.05)


def test_words_and_mediators_cost_what_those_of_news_cost(articles: list[str]) -> None:
    checkpoint = Checkpoint.load()
    words = sum(len(text.split()) for text in articles)
    encodings = checkpoint.tokenizer.backend_tokenizer.encode_batch_fast(articles, add_special_tokens=False)
    assert sum(len(one.ids) for one in encodings) / words == pytest.approx(1.7, abs=0.07)
    find = MentionFinder(checkpoint.taxonomy).find
    assert 100 * sum(len(find(text)) for text in articles) / words == pytest.approx(4, abs=0.8)
