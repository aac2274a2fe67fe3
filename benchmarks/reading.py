"""What is read: pages with one article each, what peers get of them, and how many tokens and products that is.

Peers read one window of a text, wasit reads all of it. Three ways make that comparable:

- ``capped``: articles end where the window ends, so that all read the same.
- ``passages``: articles are as long as in the news, and peers get each window of them as a text of its own.
- ``truncated``: articles are as long as in the news, and peers read their beginnings, as their users have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from news_pages import TOKENS_PER_WORD, NewsPage, news_pages
from shapes import Models
from transformers import AutoTokenizer

from wasit.inference.pages import PageSplitter
from wasit.models.checkpoint import Checkpoint
from wasit.models.encoded import EncodedArticles

READINGS = ("capped", "passages", "truncated")
_SHORTER = 0.95
_SPECIAL_TOKENS = 2

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Load:
    """How much work each article is, for one side.

    Attributes:
        tokens: Tokens of its text that are read; markers, special tokens and overlaps not counted; (articles,).
        products: Floating point operations of the encoder for it, padding not counted; (articles,).
    """

    tokens: Numbers
    products: Numbers

    def of(self, count: int) -> tuple[float, float]:
        """Tokens and operations of the first articles."""
        return float(self.tokens[:count].sum()), float(self.products[:count].sum())


@dataclass(frozen=True)
class Reading:
    """What is read.

    Attributes:
        pages: The pages.
        texts: The article of each.
        passages: What peers get of each article.
        own: The work that it is for wasit.
        peers: The same for the others.
    """

    pages: tuple[str, ...]
    texts: tuple[str, ...]
    passages: tuple[tuple[str, ...], ...]
    own: Load
    peers: Load


def read(models: Models, way: str, count: int, seed: int) -> Reading:
    """Makes the pages and measures them.

    Args:
        models: The model that reads them.
        way: One of ``READINGS``.
        count: How many pages.
        seed: Of the pages.
    """
    checkpoint = Checkpoint.load(models.wasit)
    config = checkpoint.network.config
    pages = list(news_pages(count, seed))
    texts = [_article(page.text) for page in pages]
    encoded = encode(checkpoint, texts)
    if way == "capped":
        pages, texts = _capped(checkpoint, pages, texts, encoded, seed)
        encoded = encode(checkpoint, texts)
    cuts = _cut(models, texts, config.window_overlap)
    passages = [
        cut.passages(text) if way == "passages" else (text,) for text, cut in zip(texts, cuts, strict=True)
    ]
    windows = [cut.lengths if way == "passages" else cut.lengths[:1] for cut in cuts]
    lengths = np.array([cut.tokens for cut in cuts], dtype=np.float64)
    begun = np.array([cut.lengths[0] - _SPECIAL_TOKENS for cut in cuts], dtype=np.float64)
    own_windows: list[list[int]] = [[] for _ in texts]
    for article, length in zip(encoded.window_article, encoded.window_tokens, strict=True):
        own_windows[article].append(int(length))
    return Reading(
        tuple(page.text for page in pages),
        tuple(texts),
        tuple(passages),
        Load(lengths, _products(config.encoder, own_windows)),
        Load(begun if way == "truncated" else lengths, _products(config.encoder, windows)),
    )


def encode(checkpoint: Checkpoint, texts: Sequence[str]) -> EncodedArticles:
    """Tokenises articles, with their markers."""
    return checkpoint.text_side.encoder().encode(texts)


@dataclass(frozen=True)
class _Cut:
    """How peers cut a text: its tokens, and of each window the characters and the tokens with the special ones."""

    tokens: int
    spans: list[tuple[int, int]]
    lengths: list[int]

    def passages(self, text: str) -> tuple[str, ...]:
        return tuple(text[start:end] for start, end in self.spans)


def _cut(models: Models, texts: Sequence[str], overlap: int) -> list[_Cut]:
    tokenizer: Any = AutoTokenizer.from_pretrained(models.plain)
    encoded = tokenizer(
        list(texts),
        truncation=True,
        max_length=models.window_tokens,
        stride=overlap,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    cuts = [_Cut(0, [], []) for _ in texts]
    for text, offsets in zip(encoded["overflow_to_sample_mapping"], encoded["offset_mapping"], strict=True):
        repeated = overlap if cuts[text].spans else 0
        content = len(offsets) - _SPECIAL_TOKENS
        spans, lengths = [*cuts[text].spans, (offsets[1][0], offsets[-2][1])], [*cuts[text].lengths, len(offsets)]
        cuts[text] = _Cut(cuts[text].tokens + content - repeated, spans, lengths)
    return cuts


def _capped(
    checkpoint: Checkpoint, pages: list[NewsPage], texts: list[str], encoded: EncodedArticles, seed: int
) -> tuple[list[NewsPage], list[str]]:
    """Has articles of several windows end earlier, until they have one."""
    pages, texts = list(pages), list(texts)
    longest = round(checkpoint.network.config.window_tokens / TOKENS_PER_WORD)
    numbers = np.arange(len(texts))
    while len(numbers := numbers[np.bincount(encoded.window_article, minlength=len(numbers)) > 1]):
        for number in numbers:
            (page,) = news_pages(1, seed, longest, first=int(number))
            pages[number], texts[number] = page, _article(page.text)
        encoded = encode(checkpoint, [texts[number] for number in numbers])
        longest = int(longest * _SHORTER)
    return pages, texts


def _article(page: str) -> str:
    (article,) = PageSplitter.default().split(page)
    return article.text


def _products(encoder: Any, windows: list[list[int]]) -> Numbers:
    """Operations of matrix products: two for each weight and token, and those of attention."""
    width, layers = encoder.hidden_size, encoder.num_hidden_layers
    weights = 2 * (4 * width**2 + 2 * width * encoder.intermediate_size)
    return np.array(
        [sum(layers * (weights * length + 4 * width * length**2) for length in own) for own in windows],
        dtype=np.float64,
    )
