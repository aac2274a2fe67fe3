"""Tokenises texts word by word, from memory: most words of a text were seen before.

A tokenizer whose steps do not look across a space gives a text the tokens of its words, one after another. So each
word is tokenised once, and texts become look-ups. What stands between two spaces is a word here, with the signs
around it. A word that begins or ends with a sign that a step could remove, or join to the space, is tokenised in
the company of its neighbours, and never remembered.
"""

import json
import logging
import re
import string
from collections.abc import Callable, Sequence
from itertools import chain, product, repeat
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tokenizers import Tokenizer

from wasit.models.encoded import Indexes, IntArray

CAPACITY = 2**17
"""Words to remember: some 25 MB, and 93 % of the words of Arabic news."""

_NEW = -1

# Letters and signs that stay what they are, whatever comes before and after.
_PLAIN = (
    string.ascii_letters
    + string.digits
    + string.punctuation
    + "".join(map(chr, (*range(0x621, 0x63B), *range(0x641, 0x64B), *range(0x660, 0x66A))))
    + "،؛؟«»…–—“”‘’"
)
_PLAIN_CLASS = f"[{re.escape(_PLAIN)}]"
_PLAIN_SIGNS = frozenset(_PLAIN)
_LINE_BREAK = re.compile(f"\n(?<={_PLAIN_CLASS}\n)(?={_PLAIN_CLASS})")

_LOCAL_NORMALIZERS = {
    "BertNormalizer",
    "Lowercase",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Nmt",
    "Precompiled",
    "Sequence",
    "StripAccents",
}
# A sign or a class of signs, maybe repeated.
_LOCAL_PATTERN = re.compile(r"(?:\[(?:[^\]\\]|\\.)*\]|\\?[^\\])(?:[+*]|\{\d*,?\d*\})?", re.DOTALL)
_SPLIT_AT_SPACES = {"BertPreTokenizer", "Metaspace", "Whitespace", "WhitespaceSplit"}
_LOCAL_PRE_TOKENIZERS = _SPLIT_AT_SPACES | {"Digits", "Punctuation", "Sequence"}

Tokenise = Callable[[Sequence[str]], tuple[IntArray, Indexes]]
"""From texts to the token ids of all, without special tokens, and the number of tokens of each; (texts,)."""


def fastest(backend: Tokenizer, marker: str) -> Tokenise:
    """The fastest way to tokenise with a tokenizer; its tokens are the same in any way.

    Args:
        backend: The tokenizer, set to cut off and fill up nothing.
        marker: Its one added token that texts may hold.
    """
    reason = _why_not_by_words(backend, marker)
    if reason is None:
        by_words = WordTokens(backend, marker)
        if _is_equal(by_words, backend, marker):
            return by_words
        reason = "words give other tokens than texts"
    logging.getLogger(__name__).info("texts are tokenised as a whole, which takes longer: %s", reason)
    return lambda texts: whole_texts(backend, texts)


def whole_texts(backend: Tokenizer, texts: Sequence[str]) -> tuple[IntArray, Indexes]:
    """Tokenises each text as a whole; see ``Tokenise``."""
    return _joined([encoding.ids for encoding in backend.encode_batch_fast(texts, add_special_tokens=False)])


class WordTokens:
    """Tokenises by words.

    Args:
        backend: A tokenizer that gives a text the tokens of its words.
        marker: Its one added token that texts may hold.
        capacity: Words to remember. When there are more, the half that was used most is kept.
    """

    def __init__(self, backend: Tokenizer, marker: str, capacity: int = CAPACITY) -> None:
        """Knows no word yet."""
        self._backend = backend
        self._capacity = capacity
        # Most words need no normalizing, which takes as long as all the rest. The bare tokenizer has no marker.
        self._bare = Tokenizer(backend.model)
        self._bare.pre_tokenizer = backend.pre_tokenizer
        self._normal = re.compile(f"(?!.*{re.escape(marker)})[{re.escape(_normal_signs(backend))}]+")
        # The words in the order of their numbers.
        self._numbers: dict[str, int] = {}
        self._ids, self._lengths = _joined([])
        self._uses = np.zeros(0, dtype=np.int64)

    def __call__(self, texts: Sequence[str]) -> tuple[IntArray, Indexes]:
        """Tokenises texts; see ``Tokenise``."""
        # Cut at a line break in the same way, since every step takes it for a space.
        lines = pa.array([_LINE_BREAK.sub(" ", text) for text in texts], pa.large_string())
        words = pc.split_pattern(lines, " ")
        distinct = words.flatten().dictionary_encode()
        of_word = distinct.indices.to_numpy()
        spelled: list[str] = distinct.dictionary.to_pylist()
        numbers = self._numbers_of(spelled)[of_word]
        self._uses += np.bincount(numbers[numbers >= 0], minlength=len(self._uses))
        bounds = words.offsets.to_numpy().astype(np.int64)
        runs = _runs(np.flatnonzero(numbers == _NEW), bounds)
        run_texts = [" ".join(spelled[word] for word in of_word[start:end]) for start, end in runs]
        tokens = self._gather(numbers, bounds, runs, run_texts)
        if len(self._numbers) > self._capacity:
            self._forget()
        return tokens

    def _numbers_of(self, words: Sequence[str]) -> IntArray:
        """The number of each distinct word, learned if need be; of those that are not to be learned, ``_NEW``."""
        numbers = np.fromiter(map(self._numbers.get, words, repeat(_NEW)), dtype=np.int32, count=len(words))
        new = [index for index in np.flatnonzero(numbers == _NEW).tolist() if _is_plain(words[index])]
        if new:
            # Those that are normal already stand behind those that are not.
            new.sort(key=lambda index: self._normal.fullmatch(words[index]) is not None)
            numbers[new] = np.arange(len(self._numbers), len(self._numbers) + len(new))
            self._learn([words[index] for index in new])
        return numbers

    def _learn(self, words: Sequence[str]) -> None:
        odd = next((index for index, word in enumerate(words) if self._normal.fullmatch(word)), len(words))
        odd_ids, odd_lengths = whole_texts(self._backend, words[:odd])
        ids, lengths = whole_texts(self._bare, words[odd:])
        self._numbers |= zip(words, range(len(self._numbers), len(self._numbers) + len(words)), strict=True)
        self._ids = np.concatenate([self._ids, odd_ids, ids])
        self._lengths = np.concatenate([self._lengths, odd_lengths, lengths])
        self._uses = np.concatenate([self._uses, np.zeros(len(words), dtype=np.int64)])

    def _gather(
        self, numbers: IntArray, bounds: Indexes, runs: Sequence[tuple[int, int]], texts: Sequence[str]
    ) -> tuple[IntArray, Indexes]:
        """Puts the tokens of the words together, and of the runs those of their texts."""
        ids, lengths = self._ids, self._lengths
        stays = np.ones(len(numbers), dtype=np.bool_)
        if runs:
            run_ids, run_lengths = whole_texts(self._backend, texts)
            ids, lengths = np.concatenate([ids, run_ids]), np.concatenate([lengths, run_lengths])
            for number, (start, end) in enumerate(runs, start=len(self._lengths)):
                stays[start:end] = False
                stays[start], numbers[start] = True, number
        of_words = np.where(stays, lengths[numbers], 0)
        ends = np.concatenate([[0], np.cumsum(of_words)])
        shift = (np.cumsum(lengths) - lengths)[numbers] - ends[:-1]
        return ids[np.repeat(shift, of_words) + np.arange(ends[-1])], np.diff(ends[bounds])

    def _forget(self) -> None:
        kept = np.sort(np.argsort(-self._uses, kind="stable")[: self._capacity // 2])
        words = list(self._numbers)
        self._numbers = {words[word]: number for number, word in enumerate(kept.tolist())}
        starts = np.cumsum(self._lengths) - self._lengths
        lengths = self._lengths[kept]
        shift = starts[kept] - np.cumsum(lengths) + lengths
        self._ids = self._ids[np.repeat(shift, lengths) + np.arange(lengths.sum())]
        # What was used long ago counts less.
        self._lengths, self._uses = lengths, self._uses[kept] // 2


def _normal_signs(backend: Tokenizer) -> str:
    """The plain signs that the normalizer lets be; none if it does not let every two of them be."""
    normalizer = backend.normalizer
    if normalizer is None:
        return _PLAIN
    signs = "".join(sign for sign in _PLAIN if normalizer.normalize_str(sign) == sign)
    pairs = "".join(map("".join, product(signs, repeat=2)))
    # A sign that no text has: a class of no signs is no pattern.
    return signs if normalizer.normalize_str(pairs) == pairs else "\0"


def _is_plain(word: str) -> bool:
    return word[:1] in _PLAIN_SIGNS and word[-1:] in _PLAIN_SIGNS


def _runs(odd: Indexes, bounds: Indexes) -> list[tuple[int, int]]:
    """Words that are tokenised together: those that are not plain, each with its neighbours in its text."""
    if not len(odd):
        return []
    text = np.searchsorted(bounds, odd, side="right") - 1
    starts, ends = np.maximum(odd - 1, bounds[text]), np.minimum(odd + 2, bounds[text + 1])
    is_first = np.concatenate([[True], starts[1:] >= ends[:-1]])
    is_last = np.append(is_first[1:], True)
    return list(zip(starts[is_first].tolist(), ends[is_last].tolist(), strict=True))


def _joined(pieces: Sequence[Sequence[int]]) -> tuple[IntArray, Indexes]:
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    return np.fromiter(chain.from_iterable(pieces), dtype=np.int32, count=int(lengths.sum())), lengths


def _why_not_by_words(backend: Tokenizer, marker: str) -> str | None:
    """Why a tokenizer might give a text other tokens than those of its words; None if it will not."""
    model = type(backend.model).__name__
    if model not in ("WordPiece", "Unigram"):
        return f"its model is {model}"
    added = [token for token in backend.get_added_tokens_decoder().values() if not token.special]
    if {token.content for token in added} - {marker}:
        return "it has added tokens of its own"
    for step in _steps(backend.normalizer, "normalizers"):
        if step["type"] == "Replace" and not _is_local_pattern(step["pattern"]):
            return f"it replaces {step['pattern']}"
        if step["type"] not in _LOCAL_NORMALIZERS | {"Replace"}:
            return f"its normalizer has a step {step['type']}"
    steps = _steps(backend.pre_tokenizer, "pretokenizers")
    unknown = {step["type"] for step in steps} - _LOCAL_PRE_TOKENIZERS
    joins = [step for step in steps if step["type"] == "Metaspace" and step["prepend_scheme"] != "always"]
    if unknown or joins or not _SPLIT_AT_SPACES & {step["type"] for step in steps}:
        return f"its pre-tokenizer is {[step['type'] for step in steps]}"
    return None


def _steps(component: Any, key: str) -> list[dict[str, Any]]:
    """The steps of a normalizer or pre-tokenizer as they stand in its file."""
    if component is None:
        return []
    state = json.loads(component.__getstate__())
    return [state, *state.get(key, [])]


def _is_local_pattern(pattern: dict[str, str]) -> bool:
    """Whether a pattern can match on both sides of a space only if it consists of one class of signs."""
    if "String" in pattern:
        return not any(sign.isspace() for sign in pattern["String"])
    return _LOCAL_PATTERN.fullmatch(pattern["Regex"]) is not None


def _is_equal(tokenise: Tokenise, backend: Tokenizer, marker: str) -> bool:
    """Tries both ways on every sign before and after a space, and on odd texts."""
    texts = [f"ا{sign}{space}{sign}b" for sign in _PLAIN for space in " \n"]
    texts += _odd_texts(marker)
    (ids, lengths), (expected_ids, expected_lengths) = tokenise(texts), whole_texts(backend, texts)
    return np.array_equal(ids, expected_ids) and np.array_equal(lengths, expected_lengths)


def _odd_texts(marker: str) -> list[str]:
    words = [
        "كتاب",
        "كِتَابٌ",
        "كتـــاب",
        "\u200fكتاب\u200e",
        "\ufeff",
        "ًا",
        "ﷺ",
        "ﻻ",
        "ＡＢ１",
        "٣٫٥",
        "3.5%",
        "ß",
        "é",
        "e\u0301",
        "\u0301",
        "\u0600",
        "中文",
        "🕊️",
        "[SEP]",
        "</s>",
        "##ab",
        "▁",
        "\u00a0",
        "\t",
        "\r\n",
        "",
        "ط" * 300,
        marker,
    ]
    return [
        *words,
        *(f"من {word} إلى" for word in words),
        *(f"من{word} {word}إلى {word}" for word in words),
        *(f"{word}\n{marker} {word}  من" for word in words),
        " ".join(words),
    ]
