"""Models that a stranger has made to do harm: they are refused, before there is memory for them."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import ConfigError, InputError
from wasit.models.mentions import MentionFinder
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import TextSide

LABEL = {"ar": "ن", "en": "n", "definition": "n"}
TASK = {
    "name": "topic",
    "scope": "article",
    "problem": "single_label",
    "ar": "م",
    "en": "t",
    "labels": [{"name": "a", **LABEL}, {"name": "b", **LABEL}],
}


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def change(folder: Path, edit: Callable[[dict[str, Any]], object], file: str = "config.json") -> None:
    content = json.loads((folder / file).read_text(encoding="utf-8"))
    edit(content)
    (folder / file).write_text(json.dumps(content), encoding="utf-8")


def taxonomy(mediators: list[dict[str, Any]]) -> Taxonomy:
    return Taxonomy.from_dict({"tasks": [TASK], "mediators": mediators})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("encoder.vocab_size", 10**12),
        ("encoder.hidden_size", 10**9),
        ("encoder.num_hidden_layers", 10**9),
        ("encoder.intermediate_size", -1),
        ("encoder.max_position_embeddings", 10**10),
        ("encoder.type_vocab_size", 10**10),
        ("encoder.num_attention_heads", 7),
        ("encoder.hidden_size", "768"),
        ("encoder.hidden_size", None),
        ("encoder.hidden_act", "os.system"),
        ("encoder.layer_norm_eps", float("nan")),
        ("encoder.is_decoder", True),
        ("encoder.model_type", "gpt2"),
        ("encoder.pad_token_id", 10**6),
        ("window_tokens", 10**6),
        ("window_tokens", 0),
        ("window_overlap", 127),
        ("window_overlap", -1),
        ("mention_width", 10**12),
        ("mention_dropout", 1.5),
        ("temperatures", {"topic": 0}),
        ("temperatures", {"topic": float("inf")}),
        ("format_version", "2"),
        ("taxonomy", []),
    ],
)
def test_absurd_settings_are_named(folder: Path, key: str, value: object) -> None:
    def edit(config: dict[str, Any]) -> None:
        *outer, last = key.split(".")
        for step in outer:
            config = config[step]
        config[last] = value

    change(folder, edit)
    with pytest.raises(ConfigError) as raised:
        Checkpoint.load(str(folder))
    assert all(line.startswith(f"{folder}/config.json: {key.split('.')[0]}") for line in raised.value.problems)


def test_sizes_that_are_absurd_together_are_refused(folder: Path) -> None:
    sizes = {
        "vocab_size": 4_000_000,
        "hidden_size": 16_384,
        "num_hidden_layers": 200,
        "intermediate_size": 131_072,
    }
    change(folder, lambda config: config["encoder"].update(sizes))
    with pytest.raises(ConfigError, match=r"encoder: is too large, found '[0-9,]+ weights'; allowed: up to"):
        Checkpoint.load(str(folder))


def test_sizes_that_the_weights_have_not_are_refused_before_there_is_memory_for_them(folder: Path) -> None:
    # 1.7 billion weights, which the file has not: they would take 7 GB.
    sizes = {"hidden_size": 4_096, "intermediate_size": 60_000, "num_hidden_layers": 3}
    change(folder, lambda config: config["encoder"].update(sizes))
    with pytest.raises(InputError, match=r"its weights do not fit .* is missing, .* and \d+ more"):
        Checkpoint.load(str(folder))


def test_a_config_that_is_none_is_told(folder: Path) -> None:
    for content, told in (
        (b"[" * 100_000, "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "found a list"),
        (b" " * 10_000_001, "found 10,000,001 bytes"),
    ):
        (folder / "config.json").write_bytes(content)
        with pytest.raises(InputError, match=told):
            TextSide.load(str(folder))
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"is not a wasit model: it has no config.json \(it holds .*tokenizer"):
        TextSide.load(str(folder))


def test_nothing_of_a_folder_is_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Evil(ran)))
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/nowhere"}', encoding="utf-8")
    code = {"AutoConfig": "evil.E", "AutoModel": "evil.E", "AutoTokenizer": ["evil.E", "evil.E"]}
    asks = {
        "auto_map": code,
        "attn_implementation": "somebody/kernels",
        "_attn_implementation": "somebody/kernels",
        "quantization_config": {"quant_method": "bitsandbytes"},
        "transformers_weights": "../../other.safetensors",
        "fusion_config": {"patch_embeddings": True},
    }
    change(folder, lambda config: (config.update(asks), config["encoder"].update(asks)))
    change(
        folder,
        lambda config: config.update(
            auto_map=code, tokenizer_class="Evil", tokenizer_file="/etc/passwd", vocab_file="../../vocab.txt"
        ),
        "tokenizer_config.json",
    )
    assert Checkpoint.load(str(folder)).tokenizer.get_vocab()
    assert not ran.exists()


class _Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.path), "w")


def test_pickles_are_refused_with_the_reason(folder: Path, tmp_path: Path) -> None:
    weights = folder / "model.safetensors"
    weights.rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"pytorch_model.bin only, a pickle, which can run any code"):
        Checkpoint.load(str(folder))
    weights.write_bytes(pickle.dumps(_Evil(tmp_path / "ran")))
    with pytest.raises(InputError, match=r"model.safetensors is damaged, or no safetensors"):
        Checkpoint.load(str(folder))
    assert not (tmp_path / "ran").exists()


def test_weights_in_several_files_lead_nowhere(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").rename(tmp_path / "outside.safetensors")
    index = {"weight_map": {"encoder.pooler.dense.bias": "../outside.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(InputError, match="in several files are not read"):
        Checkpoint.load(str(folder))


def test_weights_that_do_not_fit_are_named(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    key, other = sorted(weights)[:2]
    del weights[key]
    save_file(weights | {"more": torch.zeros(1), other: torch.zeros(3)}, folder / "model.safetensors")
    told = rf"{key} is missing, more has no place, {other} is \(3,\) instead of"
    with pytest.raises(InputError, match=told.replace(".", r"\.")):
        Checkpoint.load(str(folder))


def test_a_tokenizer_of_another_encoder_is_told(folder: Path) -> None:
    tokenizer = folder / "tokenizer.json"
    whole = tokenizer.read_text(encoding="utf-8")
    content = json.loads(whole)
    content["model"]["vocab"]["زائد"] = 100_000
    tokenizer.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=r"has 100001 pieces and its encoder knows \d+"):
        TextSide.load(str(folder))
    tokenizer.write_text(whole[:-9], encoding="utf-8")
    with pytest.raises(InputError, match=r"tokenizer.json cannot be read"):
        TextSide.load(str(folder))
    tokenizer.unlink()
    with pytest.raises(InputError, match=r"has no tokenizer.json"):
        TextSide.load(str(folder))


def test_a_taxonomy_with_a_mistake_in_every_byte_is_told_in_a_page(folder: Path) -> None:
    # Of each unknown key it is told what is allowed: of all of them that would take minutes.
    change(folder, lambda config: config["taxonomy"].update({f"k{number}": 0 for number in range(30_000)}))
    with pytest.raises(ConfigError) as raised:
        TextSide.load(str(folder))
    assert len(raised.value.problems) < 1_000
    assert raised.value.problems[-1].endswith("there are more problems than these")


def test_marked_forms_of_one_word_are_few() -> None:
    # All of them would be looked at wherever the word stands.
    marks = ("\u064e", "\u064f", "\u0650", "\u0651", "\u0652")
    forms = [f"ق{a}ط{b}ر{c}" for a in marks for b in marks for c in marks]
    with pytest.raises(ConfigError, match="is one marked form too many"):
        taxonomy([{"id": "a", "ar": "ا", "en": "a", "forms": ["كلمة"], "marked_forms": forms}])


def test_forms_that_almost_match_everywhere_cost_no_more() -> None:
    # A finder that starts anew at every word would read this text forty times, and one that tries each form, by
    # turns, eight hundred thousand times.
    almost = [" ".join(["ا"] * 40) + f" ب{number}" for number in range(1_000)]
    almost = [form[-100:] for form in almost]
    finder = MentionFinder(taxonomy([{"id": "a", "ar": "ا", "en": "a", "forms": almost}]))
    text = "ا " * 200_000
    assert finder.find(text) == []
    assert [found.end for found in finder.find(f"{text}{almost[7]}")] == [len(text) + len(almost[7])]


def test_a_word_that_is_all_marks_and_letters_that_repeat_are_read_once() -> None:
    forms = ["ا" * length for length in range(1, 101)]
    finder = MentionFinder(taxonomy([{"id": "a", "ar": "ا", "en": "a", "forms": forms}]))
    assert finder.find("ا" * 1_000_000) == []
    (found,) = finder.find("ا" + "\u064e" * 1_000_000)
    assert found.end == 1_000_001
