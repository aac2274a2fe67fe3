"""How many articles are longer than a window of the shipped model; another base cuts words in a similar way."""

import json
from importlib.resources import files

from tokenizers import Tokenizer

from wasit.models.text_side import SHIPPED_MODEL

_TEXTS_TOGETHER = 256
_SPECIAL_TOKENS = 2


class WindowCounts:
    """Counts the tokens of articles.

    Attributes:
        window_tokens: Length of a window, special tokens included.
    """

    def __init__(self) -> None:
        """Loads the tokenizer and nothing else of the model."""
        folder = files("wasit.models") / SHIPPED_MODEL
        self.window_tokens = int(json.loads((folder / "config.json").read_bytes())["window_tokens"])
        self._tokenizer = Tokenizer.from_buffer((folder / "tokenizer.json").read_bytes())
        self._waiting: list[str] = []
        self._longer = 0

    def add(self, text: str) -> None:
        """Counts an article."""
        room = self.window_tokens - _SPECIAL_TOKENS
        # A token is at least a character, and a word at least a token: most texts need no tokenizer.
        if len(text.split()) > room:
            self._longer += 1
        elif len(text) > room:
            self._waiting.append(text)
        if len(self._waiting) >= _TEXTS_TOGETHER:
            self._count_waiting()

    def longer(self) -> int:
        """How many of the articles are longer than a window."""
        self._count_waiting()
        return self._longer

    def _count_waiting(self) -> None:
        encodings = self._tokenizer.encode_batch_fast(self._waiting, add_special_tokens=False)
        self._longer += sum(len(encoding) > self.window_tokens - _SPECIAL_TOKENS for encoding in encodings)
        self._waiting.clear()
