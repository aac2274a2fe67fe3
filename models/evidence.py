"""The sentence that a mention stands in, as evidence that a reader can check."""

import re
from typing import NamedTuple

from wasit.models.mentions import Mention

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


def evidence_for(text: str, mention: Mention) -> Evidence:
    """Finds the sentence around a mention.

    Args:
        text: The text of the article.
        mention: A mention in it.

    Returns:
        The sentence without the white space around it; of a sentence longer than ``LONGEST`` characters, the whole
        words around the mention that fit.
    """
    start, end = _sentence(text, mention)
    start, end = _shortened(text, start, end, mention)
    while start < mention.start and text[start].isspace():
        start += 1
    while end > mention.end and text[end - 1].isspace():
        end -= 1
    return Evidence(start, end, mention.start, mention.end)


def _sentence(text: str, mention: Mention) -> tuple[int, int]:
    # Looking no farther than what could be shown keeps a long sentence from being read again for each mention.
    first, last = max(0, mention.start - LONGEST - 1), min(len(text), mention.end + LONGEST + 1)
    before = [found.end() for found in _SENTENCE_END.finditer(text, first, mention.start)]
    after = _SENTENCE_END.search(text, mention.end, last)
    return before[-1] if before else first, after.end() if after else last


def _shortened(text: str, start: int, end: int, mention: Mention) -> tuple[int, int]:
    if end - start <= LONGEST:
        return start, end
    spare = max(0, LONGEST - (mention.end - mention.start))
    left = min(mention.start - start, max(spare // 2, spare - (end - mention.end)))
    right = min(end - mention.end, spare - left)
    return _word_start(text, mention.start - left, mention.start), _word_end(
        text, mention.end + right, mention.end
    )


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
