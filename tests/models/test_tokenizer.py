from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.bert import BertConfig

from wasit.models.errors import InputError
from wasit.models.tokenizer import MARKER, load_base_tokenizer, load_tokenizer, marker_id


def ids(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("وَصَلَ الوَفْدُ", "وصل الوفد"),
        ("المفـــاوضات", "المفاوضات"),
        ("\u200fالوفد\u200e القطري", "الوفد القطري"),
        ("ﻭﺻﻞ الوفد", "وصل الوفد"),
    ],
)
def test_diacritics_tatweel_and_invisible_signs_make_no_difference(
    tiny_base: Path, written: str, plain: str
) -> None:
    tokenizer = load_base_tokenizer(str(tiny_base))
    assert ids(tokenizer, written) == ids(tokenizer, plain)


def test_letters_are_not_folded(tmp_path: Path) -> None:
    backend = Tokenizer(models.WordLevel({"[UNK]": 0, "إلى": 1, "الى": 2}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]").save_pretrained(tmp_path)
    assert ids(load_base_tokenizer(str(tmp_path)), "إلى الى") == [1, 2]


@pytest.mark.parametrize(
    ("settings", "pieces"),
    [
        ("{}", ["أحمد", "إلى"]),
        ('{"do_lower_case": false}', ["أحمد", "إلى"]),
        ('{"do_lower_case": true, "strip_accents": true}', ["احمد", "الى"]),
        (None, ["أحمد", "إلى"]),
    ],
)
def test_a_vocabulary_alone_keeps_the_letters_that_it_knows(
    tmp_path: Path, settings: str | None, pieces: list[str]
) -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "أ", "إ", "أحمد", "احمد", "إلى", "الى", "##ون"]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertConfig().save_pretrained(tmp_path)
    if settings is not None:
        (tmp_path / "tokenizer_config.json").write_text(settings, encoding="utf-8")
    tokenizer = load_base_tokenizer(str(tmp_path))
    tokenizer.save_pretrained(tmp_path)
    for same in (tokenizer, load_tokenizer(str(tmp_path))):
        assert same.convert_ids_to_tokens(ids(same, f"أَحـمد إلى {MARKER}")) == [*pieces, MARKER]
        assert (same.mask_token_id, same.pad_token_id) == (4, 0)
        assert same("إلى")["input_ids"] == [2, vocabulary.index(pieces[1]), 3]


def test_a_vocabulary_without_letters_with_hamza_folds_them_as_its_encoder_did(tmp_path: Path) -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "احمد"]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertConfig().save_pretrained(tmp_path)
    assert ids(load_base_tokenizer(str(tmp_path)), "أحمد") == [5]


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    BertConfig().save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"there is no tokenizer; allowed: a tokenizer\.json or a vocab\.txt"):
        load_tokenizer(str(tmp_path))


def test_the_normaliser_and_the_marker_are_saved_with_the_tokenizer(tiny_base: Path, tmp_path: Path) -> None:
    tokenizer = load_base_tokenizer(str(tiny_base))
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    text = f"وصـل {MARKER} الوفْد"
    assert ids(again, text) == ids(tokenizer, text)
    assert marker_id(again) == marker_id(tokenizer)
    assert ids(again, text).count(marker_id(again)) == 1


def test_a_plain_tokenizer_is_not_one_of_a_wasit_model(tiny_base: Path) -> None:
    with pytest.raises(InputError, match="not the folder of a wasit model"):
        marker_id(load_tokenizer(str(tiny_base)))
