"""From the text of an article to the windows of token ids that the encoder reads.

A marker token stands before every mention of a mediator, so that one pass of the encoder serves the topic and all
mediators (entity markers: Baldini Soares et al. 2019, "Matching the Blanks"; one generic marker, so that mediators
can be added without training). Articles longer than the encoder are read whole, in overlapping windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerFast

from wasit.models.mentions import Mention, MentionFinder
from wasit.models.tokenizer import MARKER, marker_id

IntArray = npt.NDArray[np.int32]

# The same length, so that no offset moves; no longer the marker, so that a page cannot place one.
_NEUTRALISED_MARKER = MARKER.replace("<", "‹").replace(">", "›")


@dataclass(frozen=True)
class EncodedArticle:
    """An article as flat arrays.

    Attributes:
        input_ids: Token ids of all windows, one window after another, each with its special tokens; (tokens,).
        window_lengths: Tokens of each window, special tokens included; (windows,).
        marker_positions: Where the markers stand in ``input_ids``; (mentions,). Each mention has exactly one, in
            the window that shows most of its surroundings; markers that an overlap repeats are not listed.
        mentions: The mentions in text order, aligned with ``marker_positions``.
        tokens: Tokens of the article with its markers, overlaps counted once, without special tokens.
    """

    input_ids: IntArray
    window_lengths: IntArray
    marker_positions: IntArray
    mentions: tuple[Mention, ...]
    tokens: int


class ArticleEncoder:
    """Finds mentions, places markers, tokenises and cuts into windows.

    Args:
        tokenizer: A tokenizer with the marker, from a wasit model.
        finder: Finds the mediators to mark.
        window_tokens: Length of a window with its two special tokens; at most what the encoder has positions for.
        overlap: Tokens that neighbouring windows share.

    Raises:
        ValueError: If the overlap leaves a window nothing new to read.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, finder: MentionFinder, window_tokens: int, overlap: int
    ) -> None:
        """Keeps the parts; nothing is computed before the first call."""
        self.content_tokens = window_tokens - 2
        if not 0 <= overlap < self.content_tokens:
            raise ValueError(f"overlap must be from 0 to {self.content_tokens - 1}, found {overlap}")
        self.overlap = overlap
        self.finder = finder
        self.marker_id = marker_id(tokenizer)
        self._first, self._last = tokenizer.cls_token_id, tokenizer.sep_token_id
        self._backend = tokenizer.backend_tokenizer
        self._backend.no_truncation()
        self._backend.no_padding()
        # A page may contain "</s>" or "[SEP]" as text: it must not become the token. A Unigram vocabulary has such
        # tokens among its pieces all the same, which is mended behind it.
        self._backend.encode_special_tokens = True
        self._unknown = tokenizer.unk_token_id
        self._special = np.array(sorted({*tokenizer.all_special_ids} - {self._unknown}), dtype=np.int32)

    def __call__(self, texts: Sequence[str]) -> list[EncodedArticle]:
        """Encodes the texts of articles, each on its own and in full."""
        clean = [text.replace(MARKER, _NEUTRALISED_MARKER) for text in texts]
        mentions = [self.finder.find(text) for text in clean]
        marked = [_mark(text, found) for text, found in zip(clean, mentions, strict=True)]
        encodings = self._backend.encode_batch_fast(marked, add_special_tokens=False)
        return [
            self._windows(np.asarray(encoding.ids, dtype=np.int32), found)
            for encoding, found in zip(encodings, mentions, strict=True)
        ]

    def _windows(self, ids: IntArray, mentions: list[Mention]) -> EncodedArticle:
        ids[np.isin(ids, self._special)] = self._unknown
        markers = np.flatnonzero(ids == self.marker_id)
        if len(markers) != len(mentions):
            raise AssertionError(f"{len(mentions)} mentions gave {len(markers)} markers")
        starts = np.array(list(window_starts(len(ids), self.content_tokens, self.overlap)), dtype=np.int64)
        ends = np.minimum(starts + self.content_tokens, len(ids))
        window = best_window(markers, starts, ends)
        lengths = ends - starts + 2
        # One place for the first special token of the window that the marker stands in.
        offsets = np.cumsum(lengths) - lengths + 1
        pieces = [(self._first, *ids[start:end], self._last) for start, end in zip(starts, ends, strict=True)]
        return EncodedArticle(
            input_ids=np.concatenate(pieces).astype(np.int32),
            window_lengths=lengths.astype(np.int32),
            marker_positions=(markers - starts[window] + offsets[window]).astype(np.int32),
            mentions=tuple(mentions),
            tokens=len(ids),
        )


def _mark(text: str, mentions: Sequence[Mention]) -> str:
    pieces: list[str] = []
    position = 0
    for mention in mentions:
        pieces += (text[position : mention.start], f" {MARKER} ")
        position = mention.start
    return "".join((*pieces, text[position:]))


def window_starts(tokens: int, size: int, overlap: int) -> Iterator[int]:
    """Where the windows over a text of so many tokens begin.

    Every token is in a window, neighbours share at least ``overlap`` tokens, and the last window is as long as the
    others, so that the end of an article is read with a full context. A text of no tokens has one empty window.
    """
    start = 0
    while start + size < tokens:
        yield start
        start = min(start + size - overlap, tokens - size)
    yield start


def best_window(
    positions: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """For each token position the window in which the nearer edge is farthest away; (positions,)."""
    room = np.minimum(positions[:, None] - starts, ends - 1 - positions[:, None])
    best: npt.NDArray[np.int64] = room.argmax(axis=1)
    return best
