"""A multilingual base of each kind is cut to Arabic, and what it says of Arabic stays what it was."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.bert import BertConfig, BertForMaskedLM, BertModel
from transformers.models.roberta import RobertaConfig

from wasit.models.errors import InputError
from wasit.models.tokenizer import load_base_tokenizer
from wasit.train.base_encoder import BaseEncoder
from wasit.train.plain_texts import PlainTexts
from wasit.train.vocabulary import Cut, cut_vocabulary

ARABIC = (
    "وصل الوفد إلى العاصمة صباح اليوم لاستئناف جولة جديدة من المحادثات بين الطرفين.",
    "وقال مسؤول في القاهرة إن الوسطاء يعملون على صياغة مقترح يقبله الجميع، وإن الرد وصل.",
    "أعلنت المنظمة أن قافلة من 30 شاحنة عبرت الحدود محملة بالدقيق والدواء؟",
    "ارتفعت أسعار النفط في الأسواق العالمية بعد قرار خفض الإنتاج (4.5%) لشهرين متتاليين.",
    "فاز المنتخب بهدفين مقابل هدف واحد في المباراة النهائية على ملعب المدينة.",
    "غضب الضباط بعد ضبط شحنة ثقيلة من المخدرات في مرفأ صغير شرق البلاد، كما ظهر ذلك في الصور.",
    "وأشاد الرئيس بالدور الذي تقوم به الوساطة في تقريب وجهات النظر بين الجانبين.",
    "قال باحثون في الجامعة إن اللقاح الجديد خفض الإصابات إلى النصف خلال عام ظهرت فيه سلالة أخرى.",
    "تستضيف الدوحة جولة جديدة من المحادثات بين الوفدين يوم الأحد المقبل.",
    "بحث الوزيران سبل تعزيز العلاقات بين البلدين وآخر التطورات في المنطقة.",
)
OTHER = (
    "The talks resume on Monday, 25 May 2024, at 10:30 (GMT), an official said.",
    "Quick judges vow to fix the example box: pay 7 or 8 € by the zone, #1 & co!",
    "Делегация прибыла в столицу утром, чтобы возобновить переговоры между сторонами.",
    "Цены на нефть выросли на мировых рынках после решения сократить добычу щедро.",
)
UNIGRAM_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
WORDPIECE_SPECIAL = ("[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WINDOW_TOKENS = 64
UNUSED_ROWS = 5
PIECES = 210
PIECES_OF_WORDPIECE = 420


def unigram_base(folder: Path) -> Path:
    """As multilingual-e5-small on the Hub: of XLM-R's class, more embeddings than pieces, a wrong pad id."""
    trained = Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=500, show_progress=False, unk_token="<unk>")
    trained.train_from_iterator(ARABIC + OTHER, trainer)
    pieces = [entry for entry in json.loads(trained.to_str())["model"]["vocab"] if entry[0] != "<unk>"]
    entries = [*((name, 0.0) for name in UNIGRAM_SPECIAL), *map(tuple, pieces), ("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(entries, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(list(UNIGRAM_SPECIAL))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.enable_truncation(WINDOW_TOKENS)
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>")
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "unk": "<unk>", "pad": "<pad>"}
    mask = {"content": "<mask>", "lstrip": True, "__type": "AddedToken"}
    class_name = {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": WINDOW_TOKENS}
    content = {f"{name}_token": token for name, token in names.items()} | {"mask_token": mask} | class_name
    (folder / "tokenizer_config.json").write_text(json.dumps(content), encoding="utf-8")
    config = bert_config(len(entries) + UNUSED_ROWS, pad_token_id=0, tokenizer_class="XLMRobertaTokenizer")
    torch.manual_seed(0)
    BertModel(config).half().save_pretrained(folder)
    return folder


def wordpiece_base(folder: Path) -> Path:
    """As CAMeLBERT stands on the Hub: a masked language model with a list of its pieces."""
    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=600, special_tokens=list(WORDPIECE_SPECIAL), show_progress=False
    )
    trained.train_from_iterator(ARABIC + OTHER, trainer)
    pieces = sorted(trained.get_vocab(), key=trained.get_vocab().__getitem__)
    folder.mkdir()
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    content = {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "model_max_length": WINDOW_TOKENS}
    (folder / "tokenizer_config.json").write_text(json.dumps(content), encoding="utf-8")
    torch.manual_seed(0)
    BertForMaskedLM(bert_config(len(pieces), pad_token_id=0)).save_pretrained(folder)
    return folder


def bert_config(vocabulary: int, **settings: object) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=WINDOW_TOKENS,
        initializer_range=0.2,
        **settings,
    )


MAKERS: dict[str, Callable[[Path], Path]] = {"unigram": unigram_base, "wordpiece": wordpiece_base}


@pytest.fixture(scope="module", params=MAKERS)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MAKERS[request.param](tmp_path_factory.mktemp("bases") / request.param)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> PlainTexts:
    path = tmp_path_factory.mktemp("texts") / "arabic.txt"
    path.write_text("\n".join(ARABIC), encoding="utf-8")
    return PlainTexts((path,))


@pytest.fixture(scope="module")
def result(base: Path, texts: PlainTexts, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cut]:
    output = tmp_path_factory.mktemp("cut") / base.name
    return output, cut_vocabulary(str(base), texts, output, size(base))


@pytest.fixture(scope="module")
def cut(result: tuple[Path, Cut]) -> Path:
    return result[0]


def size(folder: Path) -> int:
    return PIECES if folder.name == "unigram" else PIECES_OF_WORDPIECE


def pieces_in_order(folder: Path) -> list[str]:
    vocabulary = AutoTokenizer.from_pretrained(folder).get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)


def model_of(folder: Path) -> dict[str, object]:
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return content["model"]  # type: ignore[no-any-return]


def states(folder: Path, text: str) -> torch.Tensor:
    network = AutoModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=False).eval()
    for parameter in network.parameters():
        # Weights in a mapped file may stand at odd addresses, where the same sums have other last bits.
        parameter.data = parameter.data.clone()
    with torch.inference_mode():
        inputs = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
        return network(**inputs).last_hidden_state  # type: ignore[no-any-return]


def test_the_vocabulary_has_the_size_that_was_asked_for(cut: Path) -> None:
    config = BertConfig.from_pretrained(cut)
    assert config.vocab_size == len(pieces_in_order(cut)) == size(cut)
    assert AutoModel.from_pretrained(cut).get_input_embeddings().weight.shape[0] == size(cut)


def test_pieces_stay_in_order_with_their_scores(base: Path, cut: Path) -> None:
    before, after = pieces_in_order(base), pieces_in_order(cut)
    kept = set(after)
    assert after == [piece for piece in before if piece in kept]
    if model_of(cut)["type"] == "Unigram":
        entries = model_of(base)["vocab"]
        assert model_of(cut)["vocab"] == [entry for entry in entries if entry[0] in kept]  # type: ignore[attr-defined]


def test_every_kept_row_is_bit_equal_and_nothing_else_is_touched(base: Path, cut: Path) -> None:
    before, after = load_file(base / "model.safetensors"), load_file(cut / "model.safetensors")
    names = pieces_in_order(base)
    rows = [names.index(piece) for piece in pieces_in_order(cut)]
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        has_row_a_piece = tensor.shape[0] in (len(names), len(names) + UNUSED_ROWS)
        expected = tensor[rows] if has_row_a_piece else tensor
        assert expected.dtype == after[name].dtype
        assert torch.equal(expected, after[name]), name


@pytest.mark.parametrize(
    "text", ["المحادثات بين الطرفين", "قال مسؤول إن الرد وصل (30).", "في العاصمة، صباح اليوم 30"]
)
def test_states_of_a_text_whose_pieces_stay_are_bit_equal(base: Path, cut: Path, text: str) -> None:
    tokenizers = [AutoTokenizer.from_pretrained(folder) for folder in (base, cut)]
    assert tokenizers[0].tokenize(text) == tokenizers[1].tokenize(text)
    assert tokenizers[0](text)["input_ids"] != tokenizers[1](text)["input_ids"]
    assert torch.equal(states(base, text), states(cut, text))


def test_special_tokens_keep_their_part(base: Path, cut: Path) -> None:
    before, after = (AutoTokenizer.from_pretrained(folder) for folder in (base, cut))
    assert before.special_tokens_map == after.special_tokens_map
    assert before.model_input_names == after.model_input_names
    assert before.model_max_length == after.model_max_length
    pair = ("جولة جديدة", f"من {before.mask_token} المحادثات")
    assert after.convert_ids_to_tokens(after(*pair)["input_ids"]) == before.convert_ids_to_tokens(
        before(*pair)["input_ids"]
    )
    padded = after([pair[0], " ".join(ARABIC)], padding=True, truncation=True)["input_ids"]
    assert padded[0][-1] == after.pad_token_id
    assert len(padded[0]) == len(padded[1]) == WINDOW_TOKENS
    assert BertConfig.from_pretrained(cut).pad_token_id == after.pad_token_id


def test_characters_that_were_unknown_are_unknown_still(base: Path, cut: Path) -> None:
    for text in ("漢字", "جولة 漢字 جديدة"):
        before, after = (AutoTokenizer.from_pretrained(folder) for folder in (base, cut))
        assert before.unk_token in before.convert_ids_to_tokens(before(text)["input_ids"])
        assert [before.convert_ids_to_tokens(before(text)["input_ids"])] == [
            after.convert_ids_to_tokens(after(text)["input_ids"])
        ]


def test_other_languages_give_way_to_arabic(base: Path, cut: Path) -> None:
    dropped = set(pieces_in_order(base)) - set(pieces_in_order(cut))
    assert any("а" <= sign <= "я" for piece in dropped for sign in piece)
    assert not any(len(piece) == 1 and ("ء" <= piece <= "ي" or piece.isascii()) for piece in dropped)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_text_of_kept_characters_has_an_unknown_piece(
    data: st.DataObject, cut: Path, request: pytest.FixtureRequest
) -> None:
    tokenizer = request.getfixturevalue("cut_tokenizer")
    vocabulary = tokenizer.get_vocab()
    joint = "" if "▁" in vocabulary else "##"
    letters = sorted(piece for piece in vocabulary if len(piece) == 1 and joint + piece in vocabulary)
    assert {*"ابتثجحخدذرزسشصضطظعغفقكلمنهويءأإآؤئىة"} < set(letters)
    text = data.draw(st.text([*letters, " "], max_size=60))
    assert tokenizer.unk_token not in tokenizer.tokenize(text)


@pytest.fixture(scope="module")
def cut_tokenizer(cut: Path) -> PreTrainedTokenizerFast:
    tokenizer: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(cut)
    return tokenizer


def test_a_model_can_be_trained_on_it(cut: Path) -> None:
    tokenizer = load_base_tokenizer(str(cut))
    assert len(tokenizer) == size(cut) + 1
    assert BaseEncoder.load(str(cut)).config.vocab_size == size(cut)


def test_the_figures_are_written_beside_the_weights(base: Path, result: tuple[Path, Cut]) -> None:
    output, cut = result
    written = json.loads((output / "cut.json").read_text(encoding="utf-8"))
    assert written["base"] == base.name
    assert written["pieces"] == {"before": len(pieces_in_order(base)), "after": size(base)}
    assert written["counted_texts"] == len(ARABIC) - 1
    assert written["held_out"]["texts"] == written["held_out"]["embedded_texts"] == 1
    assert written["held_out"]["mean_cosine"] == cut.held_out.mean_cosine > 0.5
    assert cut.megabytes.after < cut.megabytes.before
    assert 0 < cut.pieces_in_texts < size(base)
    assert 0 < cut.required_pieces < size(base)
    assert cut.counted_share_kept == 1
    modes = {stat.S_IMODE(path.stat().st_mode) for path in output.iterdir()}
    assert len(modes) == 1


def test_words_are_compared_one_by_one(base: Path, result: tuple[Path, Cut]) -> None:
    output, cut = result
    divided = [words_of(AutoTokenizer.from_pretrained(folder), ARABIC[-1]) for folder in (base, output)]
    same = sum(before == after for before, after in zip(*divided, strict=True))
    assert same > 0
    assert cut.held_out.words == len(divided[0])
    assert cut.held_out.same_words == same / len(divided[0])
    lengths = [sum(map(len, words)) / len(words) for words in divided]
    assert (cut.held_out.pieces_per_word.before, cut.held_out.pieces_per_word.after) == tuple(lengths)


def words_of(tokenizer: PreTrainedTokenizerFast, text: str) -> list[list[str]]:
    encoding = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
    words: list[list[str]] = [[] for _ in range(max(encoding.word_ids) + 1)]
    for word, piece in zip(encoding.word_ids, encoding.tokens, strict=True):
        words[word].append(piece)
    return words


def test_a_cut_to_the_whole_vocabulary_changes_no_piece(base: Path, texts: PlainTexts, tmp_path: Path) -> None:
    whole = len(pieces_in_order(base))
    cut = cut_vocabulary(str(base), texts, tmp_path / "whole", whole)
    assert pieces_in_order(tmp_path / "whole") == pieces_in_order(base)
    held_out = cut.held_out
    assert (held_out.same_texts, held_out.same_words, cut.counted_share_kept) == (1, 1, 1)
    assert held_out.mean_cosine == pytest.approx(1)


def test_too_few_or_too_many_pieces(base: Path, texts: PlainTexts, tmp_path: Path) -> None:
    whole = len(pieces_in_order(base))
    for pieces in (10, whole + 1):
        with pytest.raises(InputError, match=rf"--pieces: found {pieces}; allowed: from \d+, .* to {whole}, "):
            cut_vocabulary(str(base), texts, tmp_path / "out", pieces)
    assert list(tmp_path.iterdir()) == []


def test_a_base_of_another_kind(texts: PlainTexts, tmp_path: Path) -> None:
    RobertaConfig().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="is a 'roberta' model; allowed: a 'bert' encoder"):
        cut_vocabulary(str(tmp_path), texts, tmp_path / "out", PIECES)
    with pytest.raises(InputError, match="'nowhere/at/all' cannot be loaded"):
        cut_vocabulary("nowhere/at/all", texts, tmp_path / "out", PIECES)


def test_a_base_without_a_tokenizer(texts: PlainTexts, tmp_path: Path) -> None:
    bert_config(100).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="there is no tokenizer"):
        cut_vocabulary(str(tmp_path), texts, tmp_path / "out", PIECES)


def test_a_slow_tokenizer(
    monkeypatch: pytest.MonkeyPatch, texts: PlainTexts, tiny_base: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("wasit.models.tokenizer.AutoTokenizer.from_pretrained", lambda *_, **__: object())
    with pytest.raises(InputError, match="needs a fast tokenizer, found object"):
        cut_vocabulary(str(tiny_base), texts, tmp_path / "out", PIECES)


def test_a_tokenizer_of_another_type(texts: PlainTexts, tmp_path: Path) -> None:
    bert_config(100).save_pretrained(tmp_path)
    tokenizer = Tokenizer(models.BPE({"[UNK]": 0, "ب": 1}, [], unk_token="[UNK]"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(tmp_path)
    with pytest.raises(InputError, match="the tokenizer is of the type 'BPE'; allowed: Unigram or WordPiece"):
        cut_vocabulary(str(tmp_path), texts, tmp_path / "out", PIECES)


def test_weights_that_are_missing_or_do_not_fit(texts: PlainTexts, tmp_path: Path) -> None:
    base = wordpiece_base(tmp_path / "base")
    weights = load_file(base / "model.safetensors")
    name = "bert.embeddings.word_embeddings.weight"
    save_file({**weights, name: weights[name][:50].clone()}, base / "model.safetensors")
    with pytest.raises(InputError, match=r"has embeddings of 50 pieces, and a tokenizer of \d+"):
        cut_vocabulary(str(base), texts, tmp_path / "out", PIECES)
    (base / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(InputError, match=r"model\.safetensors cannot be read: "):
        cut_vocabulary(str(base), texts, tmp_path / "out", PIECES)
    (base / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"has no model\.safetensors, the only file"):
        cut_vocabulary(str(base), texts, tmp_path / "out", PIECES)


def test_a_single_text_cannot_be_counted_and_compared(tiny_base: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text(ARABIC[0], encoding="utf-8")
    with pytest.raises(InputError, match="the files hold 1 text; allowed: at least 2"):
        cut_vocabulary(str(tiny_base), PlainTexts((path,)), tmp_path / "out", PIECES)


def test_a_folder_that_is_in_use_is_left_alone(tiny_base: Path, texts: PlainTexts, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="is there already; allowed: a folder that is new or empty"):
        cut_vocabulary(str(tiny_base), texts, tmp_path, PIECES)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyboardInterrupt("stopped"), "stopped"),
        (OSError(28, "No space left on device"), "cannot be written: .*No space left on device"),
    ],
)
def test_what_fails_in_the_middle_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
    tiny_base: Path,
    texts: PlainTexts,
    tmp_path: Path,
    error: BaseException,
    message: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("wasit.train.base_encoder.save_file", fail)
    with pytest.raises(InputError if isinstance(error, OSError) else type(error), match=message):
        cut_vocabulary(str(tiny_base), texts, tmp_path / "out", PIECES)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tiny_base: Path, texts: PlainTexts, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written: File exists"):
        cut_vocabulary(str(tiny_base), texts, tmp_path / "file" / "out", PIECES)
