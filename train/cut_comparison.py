"""How an encoder with a cut vocabulary reads texts, beside the encoder that it was cut from.

Fewer pieces can change more than the words that need the dropped ones: the Unigram model looks for the best of all
ways to divide a word, WordPiece for the longest piece.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Encoding
from tqdm import tqdm

from wasit.train.base_encoder import BaseEncoder

IntArray = npt.NDArray[np.int64]

_BATCH_CHARACTERS = 500_000
_EMBEDDED_TEXTS = 200


@dataclass(frozen=True)
class BeforeAfter:
    """A figure of the base and of the cut encoder."""

    before: float
    after: float


@dataclass(frozen=True)
class Comparison:
    """What both encoders make of the same texts.

    Attributes:
        texts: Number of texts.
        words: Number of their words, as the tokenizer takes a text apart before it looks for pieces.
        same_texts: Share of the texts that both divide into the same pieces.
        same_words: The same of the words.
        pieces_per_word: How many pieces a word has.
        unknown_per_thousand: How many of 1,000 pieces are the unknown one.
        embedded_texts: How many of the texts were embedded.
        mean_cosine: Mean of the cosines between their mean-pooled states in both; of a text that is longer than a
            window of the encoder, the first window is read.
        lowest_cosine: The lowest of these cosines.
    """

    texts: int
    words: int
    same_texts: float
    same_words: float
    pieces_per_word: BeforeAfter
    unknown_per_thousand: BeforeAfter
    embedded_texts: int
    mean_cosine: float
    lowest_cosine: float


@dataclass
class _Tally:
    """Sums over texts; arrays hold the base's and the cut encoder's."""

    texts: int = 0
    words: int = 0
    same_texts: int = 0
    same_words: int = 0
    pieces: IntArray = field(default_factory=lambda: np.zeros(2, dtype=np.int64))
    unknown: IntArray = field(default_factory=lambda: np.zeros(2, dtype=np.int64))


def compare(
    before: BaseEncoder, after: BaseEncoder, kept: Sequence[int], texts: Iterable[str], number: int
) -> Comparison:
    """Reads texts with both encoders.

    Args:
        before: The base.
        after: The cut one.
        kept: Ids of ``before`` that ``after`` has, ascending.
        texts: Read once, in batches.
        number: How many texts there are, at least one: the embedded ones are spread over all of them.
    """
    chosen: list[str] = []
    step = -(-number // _EMBEDDED_TEXTS)
    tally = _compare_pieces(before, after, kept, _choosing(texts, step, chosen))
    cosines = _cosines(before, after, chosen)
    per_word = tally.pieces / max(1, tally.words)
    unknown = 1000 * tally.unknown / np.maximum(1, tally.pieces)
    return Comparison(
        texts=tally.texts,
        words=tally.words,
        same_texts=tally.same_texts / tally.texts,
        same_words=tally.same_words / max(1, tally.words),
        pieces_per_word=BeforeAfter(*per_word.tolist()),
        unknown_per_thousand=BeforeAfter(*unknown.tolist()),
        embedded_texts=len(chosen),
        mean_cosine=cosines.mean().item(),
        lowest_cosine=cosines.min().item(),
    )


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Puts texts together to batches of a bounded number of characters, a longer text alone."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and characters + len(text) > _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch


def _choosing(texts: Iterable[str], step: int, chosen: list[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number % step == 0:
            chosen.append(text)
        yield text


def _compare_pieces(before: BaseEncoder, after: BaseEncoder, kept: Sequence[int], texts: Iterable[str]) -> _Tally:
    readers = [before.reading_tokenizer(), after.reading_tokenizer()]
    unknown = [encoder.tokenizer.unk_token_id for encoder in (before, after)]
    new_ids = np.full(max(before.table.pieces) + 1, -1)
    new_ids[kept] = np.arange(len(kept))
    tally = _Tally()
    for batch in batches(texts):
        encodings = (reader.encode_batch(batch, add_special_tokens=False) for reader in readers)
        for pair in zip(*encodings, strict=True):
            ids = [np.asarray(encoding.ids, dtype=np.int64) for encoding in pair]
            words, same_words = _same_words(pair, new_ids[ids[0]], ids[1])
            tally.texts += 1
            tally.words += words
            tally.same_texts += words == same_words
            tally.same_words += same_words
            tally.pieces += [len(found) for found in ids]
            tally.unknown += [np.count_nonzero(found == token) for found, token in zip(ids, unknown, strict=True)]
    return tally


def _same_words(pair: Sequence[Encoding], before: IntArray, after: IntArray) -> tuple[int, int]:
    """The number of words, and of those with the same pieces; both arrays hold ids of the cut vocabulary."""
    words_before, words_after = (np.asarray(encoding.word_ids, dtype=np.int64) for encoding in pair)
    words = int(max(words_before.max(initial=-1), words_after.max(initial=-1))) + 1
    lengths = np.bincount(words_before, minlength=words)
    same = lengths == np.bincount(words_after, minlength=words)
    # In words of as many pieces before as after, the pieces stand side by side.
    aligned = words_after[same[words_after]]
    differs = before[same[words_before]] != after[same[words_after]]
    same[aligned[differs]] = False
    written = lengths > 0
    return int(np.count_nonzero(written)), int(np.count_nonzero(same & written))


def _cosines(before: BaseEncoder, after: BaseEncoder, texts: Sequence[str]) -> torch.Tensor:
    """The cosine between the embeddings of each text in both encoders; (texts,)."""
    return torch.nn.functional.cosine_similarity(_embeddings(before, texts), _embeddings(after, texts))


def _embeddings(encoder: BaseEncoder, texts: Sequence[str]) -> torch.Tensor:
    """The mean of the states of each text; (texts, width)."""
    reader = encoder.reading_tokenizer()
    reader.enable_truncation(encoder.window_tokens)
    network = encoder.network()
    means = []
    with torch.inference_mode():
        for text in tqdm(texts, desc="embedding", unit="text", delay=2, disable=None):
            states = network(torch.tensor([reader.encode(text).ids])).last_hidden_state
            means.append(states[0].mean(dim=0))
    return torch.stack(means)
