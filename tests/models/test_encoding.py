from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.models.checkpoint import Checkpoint
from wasit.models.encoded import EncodedArticles
from wasit.models.encoding import ArticleEncoder
from wasit.models.mentions import MentionFinder
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import MARKER, load_base_tokenizer
from wasit.models.windows import Windows

WINDOW = 24
OVERLAP = 6
WORDS = st.sampled_from(
    [
        "قطر",
        "وقطر",
        "للولايات المتحدة",
        "الوفد",
        "المحادثات",
        "،",
        ".",
        MARKER,
        "[SEP]",
        "[PAD]",
        "ـ",
        "12",
        "talks",
    ]
)


@pytest.fixture(scope="module")
def encoder(tiny_base: Path) -> ArticleEncoder:
    return make_encoder(tiny_base, WINDOW, OVERLAP)


@pytest.fixture(scope="module")
def endless_encoder(tiny_base: Path) -> ArticleEncoder:
    return make_encoder(tiny_base, 1_000_000, 0)


def make_encoder(base: Path, window: int, overlap: int) -> ArticleEncoder:
    return ArticleEncoder(load_base_tokenizer(str(base)), MentionFinder(Taxonomy.default()), window, overlap)


def windows(article: EncodedArticles) -> list[np.ndarray]:
    return np.split(article.input_ids, np.cumsum(article.window_tokens)[:-1])


@settings(deadline=None, max_examples=60)
@given(words=st.lists(WORDS, max_size=120))
def test_every_mention_has_one_marker_in_some_window(encoder: ArticleEncoder, words: list[str]) -> None:
    text = " ".join(words)
    article = encoder.encode([text])
    places = article.marker_place.tolist()
    assert len(set(places)) == len(places) == len(encoder.finder.find(text))
    assert (article.input_ids[places] == encoder.marker_id).all()
    assert article.window_tokens.sum() == len(article.input_ids)
    assert article.window_tokens.max() <= WINDOW


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(st.lists(WORDS, max_size=40).map(" ".join), max_size=4))
def test_mentions_are_those_of_the_finder(encoder: ArticleEncoder, texts: list[str]) -> None:
    mentions = encoder.encode(texts).mentions
    found = zip(mentions.mediator.tolist(), mentions.start.tolist(), mentions.end.tolist(), strict=True)
    assert [(mentions.mediators[place], start, end) for place, start, end in found] == [
        tuple(mention) for text in texts for mention in encoder.finder.find(text)
    ]


@settings(deadline=None, max_examples=60)
@given(words=st.lists(WORDS, max_size=120))
def test_windows_put_together_are_the_whole_article(
    encoder: ArticleEncoder, endless_encoder: ArticleEncoder, words: list[str]
) -> None:
    text = " ".join(words)
    article, whole = encoder.encode([text]), endless_encoder.encode([text])
    content = whole.input_ids[1:-1]
    starts = Windows.over(article.tokens.astype(np.int64), WINDOW - 2, OVERLAP).start
    for start, window in zip(starts, windows(article), strict=True):
        np.testing.assert_array_equal(window[1:-1], content[start : start + WINDOW - 2])
    assert article.tokens.tolist() == [len(content)]


def test_special_tokens_in_a_page_stay_text(tiny_base: Path, encoder: ArticleEncoder) -> None:
    article = encoder.encode([f"قال {MARKER} كلاما [SEP] وآخر [CLS] ثم [MASK]"])
    tokenizer = load_base_tokenizer(str(tiny_base))
    special = set(tokenizer.convert_tokens_to_ids(["[SEP]", "[CLS]", "[MASK]", MARKER]))
    assert not special & set(article.input_ids[1:-1].tolist())


def test_an_empty_text_is_one_empty_window(encoder: ArticleEncoder) -> None:
    article = encoder.encode([""])
    assert article.window_tokens.tolist() == [2]
    assert article.outline.count == 1
    assert len(article.mentions.start) == 0


def test_no_texts_have_no_windows(encoder: ArticleEncoder) -> None:
    assert encoder.encode([]).count == 0


def test_an_article_is_encoded_the_same_in_any_company(encoder: ArticleEncoder) -> None:
    texts = ["زار وفد من قطر القاهرة.", "مباراة " * 90, ""]
    for text, article in zip(texts, encoder.encode(texts).singly(), strict=True):
        alone = encoder.encode([text])
        for name in ("input_ids", "window_tokens", "marker_place", "marker_pair", "pair_mediator", "tokens"):
            np.testing.assert_array_equal(getattr(alone, name), getattr(article, name))


def test_an_overlap_as_long_as_the_window_is_an_error(tiny_base: Path) -> None:
    with pytest.raises(ValueError, match="overlap must be from 0 to 21, found 22"):
        make_encoder(tiny_base, WINDOW, WINDOW - 2)


def test_special_tokens_of_the_shipped_model_stay_text_however_they_are_written() -> None:
    checkpoint = Checkpoint.load()
    article = checkpoint.text_side.encoder().encode(["كتب </s> ثم <mask> ثم ＜/s＞ ثم <pad> ثم <s> في النص."])
    tokenizer = checkpoint.tokenizer
    special = {*tokenizer.all_special_ids} - {tokenizer.unk_token_id}
    assert not special & set(article.input_ids[1:-1].tolist())
