"""Encoded articles, laid out as the tensors of one forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wasit.models.encoding import EncodedArticle, IntArray


@dataclass(frozen=True)
class Batch:
    """The windows of some articles and where their mentions stand.

    A pair is one mediator in one article; all its mentions, in whichever window, belong to it.

    Attributes:
        input_ids: (windows, length), padded at the end.
        attention_mask: (windows, length), 1 for tokens.
        window_article: Article of each window; (windows,).
        marker_window: Window of each marker; (mentions,).
        marker_column: Position of each marker in its window; (mentions,).
        marker_pair: Pair that each mention belongs to; (mentions,).
        article_count: Number of articles.
        pairs: Article and mediator of each pair, in order of first mention.
    """

    input_ids: Tensor
    attention_mask: Tensor
    window_article: Tensor
    marker_window: Tensor
    marker_column: Tensor
    marker_pair: Tensor
    article_count: int
    pairs: tuple[tuple[int, str], ...]

    def model_inputs(self, device: torch.device | str = "cpu") -> dict[str, Tensor | int]:
        """The keyword arguments of the network's forward pass, tensors on the given device."""
        tensors = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in (
                "input_ids",
                "attention_mask",
                "window_article",
                "marker_window",
                "marker_column",
                "marker_pair",
            )
        }
        return {**tensors, "article_count": self.article_count, "pair_count": len(self.pairs)}


def collate(articles: Sequence[EncodedArticle], pad_token_id: int) -> Batch:
    """Lays out articles as one padded batch.

    Args:
        articles: At least one encoded article.
        pad_token_id: What fills the rows up.
    """
    lengths = np.concatenate([article.window_lengths for article in articles])
    windows_of = np.array([len(article.window_lengths) for article in articles])
    flat = np.concatenate([article.input_ids for article in articles])
    mask = np.arange(lengths.max()) < lengths[:, None]
    input_ids = np.full(mask.shape, pad_token_id, dtype=np.int64)
    input_ids[mask] = flat
    window, column = _marker_places(articles, lengths)
    marker_pair, pairs = _pairs(articles)
    return Batch(
        input_ids=torch.from_numpy(input_ids),
        attention_mask=torch.from_numpy(mask.astype(np.int64)),
        window_article=torch.from_numpy(np.repeat(np.arange(len(articles)), windows_of)),
        marker_window=torch.from_numpy(window),
        marker_column=torch.from_numpy(column),
        marker_pair=torch.tensor(marker_pair, dtype=torch.long),
        article_count=len(articles),
        pairs=tuple(pairs),
    )


def _marker_places(articles: Sequence[EncodedArticle], lengths: IntArray) -> tuple[np.ndarray, np.ndarray]:
    article_starts = np.cumsum([0, *(len(article.input_ids) for article in articles[:-1])])
    positions = np.concatenate(
        [article.marker_positions + start for article, start in zip(articles, article_starts, strict=True)]
    ).astype(np.int64)
    ends = np.cumsum(lengths, dtype=np.int64)
    window = np.searchsorted(ends, positions, side="right")
    return window, positions - (ends - lengths)[window]


def _pairs(articles: Sequence[EncodedArticle]) -> tuple[list[int], list[tuple[int, str]]]:
    numbers: dict[tuple[int, str], int] = {}
    marker_pair = [
        numbers.setdefault((index, mention.mediator), len(numbers))
        for index, article in enumerate(articles)
        for mention in article.mentions
    ]
    return marker_pair, list(numbers)
