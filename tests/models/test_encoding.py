from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.models.checkpoint import Checkpoint
from wasit.models.encoding import ArticleEncoder, EncodedArticle, best_window, window_starts
from wasit.models.mentions import MentionFinder
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import MARKER, load_base_tokenizer

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


def windows(article: EncodedArticle) -> list[np.ndarray]:
    return np.split(article.input_ids, np.cumsum(article.window_lengths)[:-1])


@settings(deadline=None, max_examples=60)
@given(words=st.lists(WORDS, max_size=120))
def test_every_mention_has_one_marker_in_some_window(encoder: ArticleEncoder, words: list[str]) -> None:
    (article,) = encoder([" ".join(words)])
    assert len(article.marker_positions) == len(article.mentions)
    assert len(set(article.marker_positions.tolist())) == len(article.mentions)
    assert (article.input_ids[article.marker_positions] == encoder.marker_id).all()
    assert article.window_lengths.sum() == len(article.input_ids)
    assert article.window_lengths.max() <= WINDOW


@settings(deadline=None, max_examples=60)
@given(words=st.lists(WORDS, max_size=120))
def test_windows_put_together_are_the_whole_article(
    encoder: ArticleEncoder, endless_encoder: ArticleEncoder, words: list[str]
) -> None:
    text = " ".join(words)
    (article,) = encoder([text])
    (whole,) = endless_encoder([text])
    content = whole.input_ids[1:-1]
    starts = list(window_starts(len(content), WINDOW - 2, OVERLAP))
    for start, window in zip(starts, windows(article), strict=True):
        np.testing.assert_array_equal(window[1:-1], content[start : start + WINDOW - 2])
    assert article.tokens == len(content)


@given(tokens=st.integers(0, 5_000), size=st.integers(2, 510), data=st.data())
def test_windows_leave_no_token_out(tokens: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    starts = list(window_starts(tokens, size, overlap))
    covered = {position for start in starts for position in range(start, min(start + size, tokens))}
    assert covered == set(range(tokens))
    assert starts == sorted(set(starts))
    shared = [first + size - second for first, second in pairwise(starts)]
    assert all(count >= overlap for count in shared)


def test_a_marker_is_read_where_it_has_most_room() -> None:
    chosen = best_window(np.array([0, 15, 17, 29]), np.array([0, 12, 20]), np.array([20, 32, 40]))
    assert chosen.tolist() == [0, 0, 1, 2]


def test_special_tokens_in_a_page_stay_text(tiny_base: Path, encoder: ArticleEncoder) -> None:
    (article,) = encoder([f"قال {MARKER} كلاما [SEP] وآخر [CLS] ثم [MASK]"])
    tokenizer = load_base_tokenizer(str(tiny_base))
    special = set(tokenizer.convert_tokens_to_ids(["[SEP]", "[CLS]", "[MASK]", MARKER]))
    assert not special & set(article.input_ids[1:-1].tolist())


def test_an_empty_text_is_one_empty_window(encoder: ArticleEncoder) -> None:
    (article,) = encoder([""])
    assert article.window_lengths.tolist() == [2]
    assert article.mentions == ()


def test_an_article_is_encoded_the_same_in_any_company(encoder: ArticleEncoder) -> None:
    texts = ["زار وفد من قطر القاهرة.", "مباراة " * 90, ""]
    together = encoder(texts)
    for text, article in zip(texts, together, strict=True):
        (alone,) = encoder([text])
        np.testing.assert_array_equal(alone.input_ids, article.input_ids)
        assert alone.mentions == article.mentions


def test_an_overlap_as_long_as_the_window_is_an_error(tiny_base: Path) -> None:
    with pytest.raises(ValueError, match="overlap must be from 0 to 21, found 22"):
        make_encoder(tiny_base, WINDOW, WINDOW - 2)


def test_special_tokens_of_the_shipped_model_stay_text_however_they_are_written() -> None:
    checkpoint = Checkpoint.load()
    (article,) = checkpoint.text_side.encoder()(["كتب </s> ثم <mask> ثم ＜/s＞ ثم <pad> ثم <s> في النص."])
    tokenizer = checkpoint.tokenizer
    special = {*tokenizer.all_special_ids} - {tokenizer.unk_token_id}
    assert not special & set(article.input_ids[1:-1].tolist())
