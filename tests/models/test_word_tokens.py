"""Tokenising by words gives exactly what tokenising whole texts gives."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

from wasit.models.text_side import TextSide
from wasit.models.tokenizer import MARKER, load_base_tokenizer
from wasit.models.word_tokens import WordTokens, fastest, whole_texts

# Signs that a normalizer drops, joins, reorders or takes for a space, between those that stay.
SIGNS = st.sampled_from([*"كتبآإلةى", *"aZé3٣،.؟»(#<>▁ـًّ", *"\u200f\u200b\u00a0\u0301\u0600ﷺﻻＡ中🕊️\t\r\n  "])
WORDS = st.sampled_from(["كتاب", "قال", "في", "كِتَاب", MARKER, "[SEP]", "</s>", "##a", " ", "\n", "  "])
ODD = st.lists(WORDS | SIGNS, max_size=30).map("".join)
TEXTS = st.lists(ODD | st.lists(WORDS, max_size=20).map(" ".join), max_size=4)


@pytest.fixture(scope="module", params=["WordPiece", "Unigram"])
def backend(request: pytest.FixtureRequest, tiny_base: Path) -> Tokenizer:
    unigram = request.param == "Unigram"
    tokenizer = TextSide.load().tokenizer if unigram else load_base_tokenizer(str(tiny_base))
    backend: Tokenizer = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True
    return backend


@pytest.fixture(scope="module")
def by_words(backend: Tokenizer) -> WordTokens:
    found = fastest(backend, MARKER)
    assert isinstance(found, WordTokens)
    return found


def assert_equal(by_words: WordTokens, backend: Tokenizer, texts: Sequence[str]) -> None:
    for found, expected in zip(by_words(texts), whole_texts(backend, texts), strict=True):
        np.testing.assert_array_equal(found, expected)


@settings(deadline=None, max_examples=300)
@given(texts=TEXTS)
def test_words_give_the_tokens_of_the_text(by_words: WordTokens, backend: Tokenizer, texts: list[str]) -> None:
    assert_equal(by_words, backend, texts)


@settings(deadline=None, max_examples=30)
@given(texts=TEXTS, capacity=st.integers(1, 12))
def test_words_that_were_forgotten_are_learned_again(backend: Tokenizer, texts: list[str], capacity: int) -> None:
    few = WordTokens(backend, MARKER, capacity)
    for _ in range(2):
        assert_equal(few, backend, [*texts, "قال في كتاب"])
        assert_equal(few, backend, ["كتاب قال كتاب", "قال كتاب"])


def test_of_a_full_memory_the_words_that_were_used_most_are_kept(
    backend: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = WordTokens(backend, MARKER, capacity=3)
    few(["كتاب قال كتاب في كتاب بيت"])
    learned: list[str] = []
    learn = few._learn
    monkeypatch.setattr(few, "_learn", lambda words: (learned.extend(words), learn(words)))
    few(["بيت كتاب"])
    assert learned == ["بيت"]


def change(base: Path, part: str) -> Tokenizer:
    backend: Tokenizer = load_base_tokenizer(str(base)).backend_tokenizer
    backend.encode_special_tokens = True
    if part == "model":
        backend.model = models.BPE()
    if part == "added":
        backend.add_tokens([AddedToken("قال كلاما")])
    if part == "pattern":
        backend.normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"ا ب"), "اب")])
    if part == "prepend":
        backend.normalizer = normalizers.Prepend("x")
    if part == "no spaces":
        backend.pre_tokenizer = pre_tokenizers.Punctuation()
    if part == "signs":
        backend.normalizer = normalizers.Replace(Regex(r"[. ]+"), "ا")
    return backend


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("model", "its model is BPE"),
        ("added", "it has added tokens of its own"),
        ("pattern", "it replaces {'Regex': 'ا ب'}"),
        ("prepend", "its normalizer has a step Prepend"),
        ("no spaces", "its pre-tokenizer is ['Punctuation']"),
        ("signs", "words give other tokens than texts"),
    ],
)
def test_a_tokenizer_that_looks_across_spaces_reads_whole_texts(
    tiny_base: Path, part: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    backend = change(tiny_base, part)
    with caplog.at_level(logging.INFO):
        tokenise = fastest(backend, MARKER)
    assert not isinstance(tokenise, WordTokens)
    assert caplog.messages == [f"texts are tokenised as a whole, which takes longer: {reason}"]
    texts = ["وصل الوفد. إلى العاصمة", "", "ا ب"]
    for found, expected in zip(tokenise(texts), whole_texts(backend, texts), strict=True):
        np.testing.assert_array_equal(found, expected)
