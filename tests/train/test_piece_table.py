import json
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from wasit.models.errors import InputError
from wasit.train.piece_table import PieceTable, choose_pieces, is_required_character

UNIGRAM_PIECES = ["<s>", "</s>", "<unk>", "▁", "ab", "ب", "▁ب", "برد", "я", "да", "<0x41>", "‘", "€", "漢", "▁بر"]
WORDPIECES = ["[UNK]", "[CLS]", "[SEP]", "ب", "##ب", "بر", "##رد", "я", "##да", "a", "##"]


def unigram(byte_fallback: bool = False) -> Tokenizer:
    entries = [(piece, -float(number)) for number, piece in enumerate(UNIGRAM_PIECES)]
    tokenizer = Tokenizer(models.Unigram(entries, unk_id=2, byte_fallback=byte_fallback))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def wordpiece() -> Tokenizer:
    vocabulary = {piece: number for number, piece in enumerate(WORDPIECES)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def table(tokenizer: Tokenizer) -> PieceTable:
    return PieceTable(content(tokenizer), "base")


def content(tokenizer: Tokenizer) -> dict[str, Any]:
    return json.loads(tokenizer.to_str())  # type: ignore[no-any-return]


def cut(tokenizer: Tokenizer, kept: list[int]) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(table(tokenizer).cut(kept)))


@pytest.mark.parametrize("character", "ءيڤپ٣ًـ،؛ﷺaZ9é~«»—…€﴾")
def test_characters_that_arabic_news_are_written_in_are_required(character: str) -> None:
    assert is_required_character(character)


@pytest.mark.parametrize("character", "яω漢한अא😀")
def test_characters_of_other_scripts_are_not(character: str) -> None:
    assert not is_required_character(character)


def test_required_pieces_of_unigram() -> None:
    tokenizer = unigram()
    tokenizer.add_tokens(["да"])
    found = table(tokenizer).required()
    assert {UNIGRAM_PIECES[number] for number in found} == {"<unk>", "▁", "ب", "▁ب", "да", "‘", "€"}


def test_pieces_for_bytes_are_required_where_they_stand_for_bytes() -> None:
    assert UNIGRAM_PIECES.index("<0x41>") in table(unigram(byte_fallback=True)).required()


def test_required_pieces_of_wordpiece() -> None:
    found = table(wordpiece()).required()
    assert {WORDPIECES[number] for number in found} == {"[UNK]", "ب", "##ب", "a", "##"}


def test_frequent_pieces_come_first_then_pieces_of_required_characters_then_the_order_of_the_base() -> None:
    pieces = table(unigram())
    counts = np.zeros(len(UNIGRAM_PIECES), dtype=np.int64)
    counts[UNIGRAM_PIECES.index("漢")] = 2
    counts[UNIGRAM_PIECES.index("ab")] = 1
    required = pieces.required()
    ranked = [
        {*choose_pieces(pieces, counts, size)} - {*choose_pieces(pieces, counts, size - 1)}
        for size in range(len(required) + 1, len(UNIGRAM_PIECES) + 1)
    ]
    names = [UNIGRAM_PIECES[number] for (number,) in ranked]
    assert names == ["漢", "ab", "<s>", "</s>", "برد", "<0x41>", "▁بر", "я", "да"]
    assert choose_pieces(pieces, counts, len(required)) == sorted(required)


@pytest.mark.parametrize(
    "processor",
    [
        processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)),
        processors.RobertaProcessing(("[SEP]", 2), ("[CLS]", 1)),
        processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
        ),
    ],
)
@pytest.mark.parametrize("in_sequence", [False, True])
def test_every_id_in_the_tokenizer_is_the_new_one(processor: Any, in_sequence: bool) -> None:
    # All ids move by one: the first piece goes.
    order = ["я", "[CLS]", "[SEP]", "[UNK]", "ب", "##ب"]
    before = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(order)}, unk_token="[UNK]"))
    before.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    before.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "<new>"])
    before.post_processor = processors.Sequence([processor]) if in_sequence else processor
    before.enable_padding(pad_id=3, pad_token="[UNK]", length=8)
    after = cut(before, [1, 2, 3, 4, 5, 6])
    assert after.get_vocab() == {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "ب": 3, "##ب": 4, "<new>": 5}
    old, new = before.encode("بب <new>"), after.encode("بب <new>")
    assert new.tokens == old.tokens == ["[CLS]", "ب", "##ب", "<new>", "[SEP]", "[UNK]", "[UNK]", "[UNK]"]
    assert new.ids == [number - 1 for number in old.ids] == [0, 3, 4, 5, 1, 2, 2, 2]


def test_another_type_of_tokenizer() -> None:
    with pytest.raises(
        InputError, match="base: the tokenizer is of the type 'WordLevel'; allowed: Unigram or Word"
    ):
        table(Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")))
