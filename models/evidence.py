"""The sentence that a mention stands in, as evidence that a reader can check."""

import re
from typing import NamedTuple

LONGEST = 400
"""Characters of evidence at most: some texts have lost their punctuation and are one sentence."""

# A line break ends a sentence; so does a stop that white space or the end follows, but not the one in 3.5.
_SENTENCE_END = re.compile(r"[.!?؟…۔]+[»”\"')\]]*(?=\s|$)|[\n\r\u2028\u2029]")


class Evidence(NamedTuple):
    """A sentence and the mention in it, in characters of the article's text."""

    start: int
    end: int
    mention_start: int
    mention_end: int


def evidence_for(text: str, first: int, last: int) -> Evidence:
    """Finds the sentence around a mention.

    Args:
        text: The text of the article.
        first: Where a mention in it starts, in characters.
        last: Where the mention ends.

    Returns:
        The sentence without the white space around it; of a sentence longer than ``LONGEST`` characters, the whole
        words around the mention that fit.
    """
    start, end = _shortened(text, *_sentence(text, first, last), first, last)
    while start < first and text[start].isspace():
        start += 1
    while end > last and text[end - 1].isspace():
        end -= 1
    return Evidence(start, end, first, last)


def _sentence(text: str, first: int, last: int) -> tuple[int, int]:
    # Looking no farther than what could be shown keeps a long sentence from being read again for each mention.
    start, end = max(0, first - LONGEST - 1), min(len(text), last + LONGEST + 1)
    for found in _SENTENCE_END.finditer(text, start, first):
        start = found.end()
    after = _SENTENCE_END.search(text, last, end)
    return start, after.end() if after else end


def _shortened(text: str, start: int, end: int, first: int, last: int) -> tuple[int, int]:
    if end - start <= LONGEST:
        return start, end
    spare = max(0, LONGEST - (last - first))
    left = min(first - start, max(spare // 2, spare - (end - last)))
    right = min(end - last, spare - left)
    return _word_start(text, first - left, first), _word_end(text, last + right, last)


def _word_start(text: str, position: int, stop: int) -> int:
    if position == 0 or text[position - 1].isspace():
        return position
    while position < stop and not text[position].isspace():
        position += 1
    return position


def _word_end(text: str, position: int, stop: int) -> int:
    if position == len(text) or text[position].isspace():
        return position
    while position > stop and not text[position - 1].isspace():
        position -= 1
    return position
