"""The pieces of a fast tokenizer, and the same tokenizer with fewer of them.

The tokenizer is taken as the JSON that the library ``tokenizers`` writes and reads. What is in it besides pieces
and ids stays as it is.
"""

import copy
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wasit.models.errors import InputError

SUPPORTED_MODELS = ("Unigram", "WordPiece")
_WORD_START = "▁"
_LATIN_1_END = 0x100


class PieceTable:
    """The pieces of a tokenizer by id.

    Args:
        content: The JSON of the tokenizer.
        base: What the user called it, for messages.

    Attributes:
        pieces: Every piece and added token by its id, in the order of the ids.

    Raises:
        InputError: If the tokenizer is neither Unigram nor WordPiece.
    """

    def __init__(self, content: dict[str, Any], base: str) -> None:
        """Reads the pieces."""
        self._content = content
        self._model = content["model"]
        if self._model["type"] not in SUPPORTED_MODELS:
            allowed = " or ".join(SUPPORTED_MODELS)
            raise InputError(f"{base}: the tokenizer is of the type {self._model['type']!r}; allowed: {allowed}")
        self._is_unigram = self._model["type"] == "Unigram"
        added = {token["id"]: token["content"] for token in self._content["added_tokens"]}
        self.pieces: dict[int, str] = dict(sorted((self._model_pieces() | added).items()))

    def _model_pieces(self) -> dict[int, str]:
        if self._is_unigram:
            return {number: piece for number, (piece, _) in enumerate(self._model["vocab"])}
        return {number: piece for piece, number in self._model["vocab"].items()}

    def required(self) -> set[int]:
        """The ids that no cut may drop.

        They are added tokens, the unknown piece, pieces that stand for bytes, and all pieces of one character that
        is Arabic, Latin-1, punctuation or a currency sign, in each form: as the start of a word and within it.
        """
        required = {token["id"] for token in self._content["added_tokens"]}
        required |= {number for number, piece in self.pieces.items() if self._is_required(piece)}
        if self._is_unigram and self._model["unk_id"] is not None:
            required.add(self._model["unk_id"])
        return required

    def _is_required(self, piece: str) -> bool:
        if self._model.get("byte_fallback") and piece.startswith("<0x"):
            return True
        if piece == self._model.get("unk_token"):
            return True
        written = self._written(piece)
        return len(written) <= 1 and self._is_spelled(written)

    def spelled(self) -> set[int]:
        """The ids of all pieces that consist of required characters."""
        return {number for number, piece in self.pieces.items() if self._is_spelled(self._written(piece))}

    def _written(self, piece: str) -> str:
        sign = _WORD_START if self._is_unigram else self._model["continuing_subword_prefix"]
        return piece.removeprefix(sign)

    @staticmethod
    def _is_spelled(text: str) -> bool:
        return all(map(is_required_character, text))

    def cut(self, kept: Sequence[int]) -> dict[str, Any]:
        """The JSON of the tokenizer with these pieces only; the n-th of them gets the id n.

        Args:
            kept: Ascending ids, among them all that :meth:`required` names.
        """
        new = {old: number for number, old in enumerate(kept)}
        content = copy.deepcopy(self._content)
        model = content["model"]
        if self._is_unigram:
            model["vocab"] = [entry for number, entry in enumerate(model["vocab"]) if number in new]
            model["unk_id"] = new.get(model["unk_id"])
        else:
            ids = sorted((number, piece) for piece, number in model["vocab"].items() if number in new)
            model["vocab"] = {piece: new[number] for number, piece in ids}
        for token in content["added_tokens"]:
            token["id"] = new[token["id"]]
        if content["padding"] is not None:
            content["padding"]["pad_id"] = new[content["padding"]["pad_id"]]
        if content["post_processor"] is not None:
            _renumber(content["post_processor"], new)
        return content


def is_required_character(character: str) -> bool:
    """Whether a cut vocabulary must still be able to write a character."""
    category = unicodedata.category(character)
    return (
        ord(character) < _LATIN_1_END
        or "ARABIC" in unicodedata.name(character, "")
        or category[0] == "P"
        or category == "Sc"
    )


def choose_pieces(table: PieceTable, counts: npt.NDArray[np.int64], size: int) -> list[int]:
    """Chooses the pieces that are worth their place.

    After what is required come the most frequent pieces. Of pieces as frequent as each other, those of required
    characters come first, then those that the base has first.

    Args:
        table: The pieces of the base.
        counts: How often each id occurs; (ids,).
        size: How many to choose, at least as many as are required.

    Returns:
        Their ids, ascending.
    """
    required = table.required()
    spelled = table.spelled()
    ranked = sorted(
        (number for number in table.pieces if number not in required),
        key=lambda number: (-counts[number], number not in spelled, number),
    )
    return sorted([*required, *ranked[: size - len(required)]])


def _renumber(processor: dict[str, Any], new: dict[int, int]) -> None:
    kind = processor["type"]
    if kind == "Sequence":
        for part in processor["processors"]:
            _renumber(part, new)
    elif kind == "TemplateProcessing":
        for token in processor["special_tokens"].values():
            token["ids"] = [new[number] for number in token["ids"]]
    elif kind in ("BertProcessing", "RobertaProcessing"):
        for name in ("sep", "cls"):
            piece, number = processor[name]
            processor[name] = [piece, new[number]]
