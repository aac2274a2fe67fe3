"""Windows of encoded articles, laid out as the tensors of one forward pass: padded for training, packed to run."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from wasit.models.encoded import EncodedArticles, Indexes

FEWEST_ROWS = 16
"""Matrices with fewer rows go to kernels that add up in another order: with at least so many, a row's result does
not depend on how many others there are, to the last bit in single precision."""


@dataclass(frozen=True)
class Batch:
    """Windows and where their mentions stand. Articles, pairs and mentions are counted anew from 0 in each batch.

    A place is a position in the rows, counted through from the first row to the last. A pair is one mediator in
    one article; all its mentions, in whichever window, belong to it.

    Attributes:
        input_ids: (rows, length). Padded, a window has a row; packed, all windows share one.
        attention_mask: (rows, length), 1 for tokens; None if packed.
        position_ids: (rows, length), positions in the window; None if padded.
        window_bounds: Place of each window's first token and the end of the last, that of a window of no article
            included if there is one; int32; None if padded.
        window_start: Place of each window's first token; (windows,).
        window_tokens: Tokens of each window; (windows,).
        window_article: Article of each window; (windows,).
        marker_place: Place of each marker; (mentions,).
        marker_window: Window of each marker; (mentions,).
        marker_pair: Pair that each mention belongs to; (mentions,).
        articles: Which articles they are of those that were encoded together; (articles,).
        pairs: The same for the pairs; (pairs,).
        mentions: The same for the mentions; (mentions,).
    """

    input_ids: Tensor
    attention_mask: Tensor | None
    position_ids: Tensor | None
    window_bounds: Tensor | None
    window_start: Tensor
    window_tokens: Tensor
    window_article: Tensor
    marker_place: Tensor
    marker_window: Tensor
    marker_pair: Tensor
    articles: Indexes
    pairs: Indexes
    mentions: Indexes

    def model_inputs(self) -> dict[str, Tensor | int]:
        """The keyword arguments of the network's forward pass."""
        tensors = {
            field.name: value for field in fields(self) if isinstance(value := getattr(self, field.name), Tensor)
        }
        return {**tensors, "article_count": len(self.articles), "pair_count": len(self.pairs)}


def pad_batch(encoded: EncodedArticles, pad_token_id: int) -> Batch:
    """Lays out all windows with a row for each.

    Args:
        encoded: At least one article.
        pad_token_id: What fills the rows up.
    """
    lengths = encoded.window_tokens
    mask = np.arange(lengths.max()) < lengths[:, None]
    input_ids = np.full(mask.shape, pad_token_id, dtype=np.int64)
    input_ids[mask] = encoded.input_ids
    return _batch(
        encoded,
        np.arange(len(lengths)),
        np.arange(len(lengths)) * mask.shape[1],
        input_ids=torch.from_numpy(input_ids),
        attention_mask=torch.from_numpy(mask.astype(np.int64)),
    )


def pack_batch(encoded: EncodedArticles, windows: Indexes) -> Batch:
    """Lays out some windows in one row, one behind the other.

    A row that is too short for its results to be the same in any company is filled up with a window of no article.

    Args:
        encoded: The articles.
        windows: Which of their windows, at least one, ascending.
    """
    lengths = encoded.window_tokens[windows].astype(np.int64)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    # Distance of each token of the row from its place among all tokens.
    source = np.cumsum(encoded.window_tokens, dtype=np.int64)[windows] - lengths
    shift = np.repeat(source - bounds[:-1], lengths)
    places = np.arange(bounds[-1])
    input_ids = encoded.input_ids[places + shift]
    position_ids = places - np.repeat(bounds[:-1], lengths)
    missing = max(0, FEWEST_ROWS - len(places))
    return _batch(
        encoded,
        windows,
        bounds[:-1],
        input_ids=torch.from_numpy(np.pad(input_ids, (0, missing), mode="edge"))[None],
        position_ids=torch.from_numpy(np.pad(position_ids, (0, missing)))[None],
        window_bounds=torch.from_numpy(
            np.append(bounds, bounds[-1] + missing if missing else []).astype(np.int32)
        ),
    )


def _batch(
    encoded: EncodedArticles,
    windows: Indexes,
    window_start: Indexes,
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    position_ids: Tensor | None = None,
    window_bounds: Tensor | None = None,
) -> Batch:
    number = np.full(len(encoded.window_tokens), -1)
    number[windows] = np.arange(len(windows))
    mentions = np.flatnonzero(number[encoded.marker_window] >= 0)
    marker_window = number[encoded.marker_window[mentions]]
    first_place = np.cumsum(encoded.window_tokens, dtype=np.int64) - encoded.window_tokens
    column = encoded.marker_place[mentions] - first_place[encoded.marker_window[mentions]]
    articles, window_article = np.unique(encoded.window_article[windows], return_inverse=True)
    pairs, marker_pair = np.unique(encoded.marker_pair[mentions], return_inverse=True)
    return Batch(
        input_ids=input_ids,
        attention_mask=attention_mask,
        position_ids=position_ids,
        window_bounds=window_bounds,
        window_start=torch.from_numpy(window_start),
        window_tokens=torch.from_numpy(encoded.window_tokens[windows].astype(np.int64)),
        window_article=torch.from_numpy(window_article),
        marker_place=torch.from_numpy(window_start[marker_window] + column),
        marker_window=torch.from_numpy(marker_window),
        marker_pair=torch.from_numpy(marker_pair),
        articles=articles.astype(np.int64),
        pairs=pairs.astype(np.int64),
        mentions=mentions,
    )
