"""From the texts of articles to the windows of token ids that the encoder reads.

A marker token stands before every mention of a mediator, so that one pass of the encoder serves the topic and all
mediators (entity markers: Baldini Soares et al. 2019, "Matching the Blanks"; one generic marker, so that mediators
can be added without training). Articles longer than the encoder are read whole, in overlapping windows.
"""

from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerFast

from wasit.models.encoded import EncodedArticles, Indexes, IntArray, Mentions
from wasit.models.mentions import Mention, MentionFinder
from wasit.models.tokenizer import MARKER, marker_id
from wasit.models.windows import Windows
from wasit.models.word_tokens import fastest

# The same length, so that no offset moves; no longer the marker, so that a page cannot place one.
_NEUTRALISED_MARKER = MARKER.replace("<", "‹").replace(">", "›")


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
        """Finds out how to tokenise fastest."""
        self.content_tokens = window_tokens - 2
        if not 0 <= overlap < self.content_tokens:
            raise ValueError(f"overlap must be from 0 to {self.content_tokens - 1}, found {overlap}")
        self.overlap = overlap
        self.finder = finder
        self.marker_id = marker_id(tokenizer)
        self._first, self._last = tokenizer.cls_token_id, tokenizer.sep_token_id
        backend = tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        # A page may contain "</s>" or "[SEP]" as text: it must not become the token. A Unigram vocabulary has such
        # tokens among its pieces all the same, which is mended behind it.
        backend.encode_special_tokens = True
        self._tokenise = fastest(backend, MARKER)
        self._unknown = tokenizer.unk_token_id
        self._special = np.array(sorted({*tokenizer.all_special_ids} - {self._unknown}), dtype=np.int32)

    def encode(self, texts: Sequence[str]) -> EncodedArticles:
        """Encodes the texts of articles, each on its own and in full.

        A mention is read in the window that shows most of its surroundings.
        """
        clean = [text.replace(MARKER, _NEUTRALISED_MARKER) for text in texts]
        found = [self.finder.find(text) for text in clean]
        ids, tokens = self._tokenise(list(map(_mark, clean, found)))
        ids[np.isin(ids, self._special)] = self._unknown
        markers, article = self._markers(ids, tokens, found)
        starts = np.cumsum(tokens) - tokens
        windows = Windows.over(tokens, self.content_tokens, self.overlap)
        position = markers - starts[article]
        window = windows.best(article, position)
        # One place for the first special token of the window that the marker stands in.
        offset = np.cumsum(windows.tokens + 2) - windows.tokens - 1
        return EncodedArticles.of_windows(
            input_ids=windows.lay_out(ids, starts, self._first, self._last),
            window_tokens=(windows.tokens + 2).astype(np.int32),
            window_article=windows.article.astype(np.int32),
            marker_place=position - windows.start[window] + offset[window],
            mentions=self._mentions(found),
            tokens=tokens.astype(np.int32),
        )

    def _markers(
        self, ids: IntArray, tokens: Indexes, found: Sequence[Sequence[Mention]]
    ) -> tuple[Indexes, Indexes]:
        """Where the markers stand among the tokens of all articles, and the article of each."""
        markers = np.flatnonzero(ids == self.marker_id)
        article = np.searchsorted(np.cumsum(tokens), markers, side="right")
        counts = np.bincount(article, minlength=len(found))
        for mentions, count in zip(found, counts.tolist(), strict=True):
            if len(mentions) != count:
                raise AssertionError(f"{len(mentions)} mentions gave {count} markers")
        return markers, article

    def _mentions(self, found: Sequence[Sequence[Mention]]) -> Mentions:
        place = {mediator: index for index, mediator in enumerate(self.finder.mediators)}
        flat = [
            (mention.start, mention.end, place[mention.mediator]) for mentions in found for mention in mentions
        ]
        start, end, mediator = np.array(flat, dtype=np.int32).reshape(-1, 3).T
        return Mentions(start.copy(), end.copy(), mediator.copy(), self.finder.mediators)


def _mark(text: str, mentions: Sequence[Mention]) -> str:
    pieces: list[str] = []
    position = 0
    for mention in mentions:
        before = text[position : mention.start]
        # The marker takes in the white space before it.
        has_space = not before or before[-1].isspace()
        pieces += (before, f"{MARKER} " if has_space else f" {MARKER} ")
        position = mention.start
    return "".join((*pieces, text[position:]))
