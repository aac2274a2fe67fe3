"""The recipes for CAMeLBERT, run on a narrow encoder of random weights in the files that CAMeLBERT comes in."""

import json
from importlib.resources import files
from itertools import product
from pathlib import Path

import pytest
import torch
from transformers.models.bert import BertConfig, BertModel

from wasit.models.checkpoint import Checkpoint
from wasit.models.configuration import WasitConfig
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.train.recipe import load_recipe
from wasit.train.training import train

PIECES = 30_000
LETTERS = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"
TEXTS = (
    "قالت قطر إنها تستضيف جولة جديدة من المحادثات بين الوفدين يوم {}.",
    "فاز المنتخب في مباراته رقم {} وسجل اللاعب هدفين.",
    "أشادت الأمم المتحدة بجهود مصر في تقريب وجهات النظر، في بيانها رقم {}.",
)
LABELS = (
    {"topic": "peace_process", "mediators": {"qatar": {"role": "facilitator", "stance": "neutral"}}},
    {"topic": "sport"},
    {"topic": "humanitarian", "mediators": {"egypt": {"role": "formulator", "stance": "favourable"}}},
)


def camelbert_config(**changes: int) -> BertConfig:
    return BertConfig(vocab_size=PIECES, **changes)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("camelbert") / "base"
    torch.manual_seed(0)
    BertModel(camelbert_config(hidden_size=48, intermediate_size=96)).save_pretrained(folder)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"().,،؟:0123456789", *LETTERS]
    pieces += [f"##{letter}" for letter in LETTERS]
    pieces += ["".join(letters) for length in (2, 3) for letters in product(LETTERS, repeat=length)]
    (folder / "vocab.txt").write_text("\n".join(pieces[:PIECES]) + "\n", encoding="utf-8")
    settings = {"do_lower_case": False, "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    special = {f"{name.lower()}_token": f"[{name}]" for name in ("PAD", "UNK", "CLS", "SEP", "MASK")}
    (folder / "special_tokens_map.json").write_text(json.dumps(special), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name, numbers in (("train", range(12)), ("dev", range(20, 23))):
        rows = ({"text": TEXTS[number % 3].format(number), **LABELS[number % 3]} for number in numbers)
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def recipe_file(variant: str) -> Path:
    return Path(str(files("wasit.configs") / "train" / f"camelbert-{variant}.yaml"))


@pytest.mark.parametrize("variant", ["msa", "mix"])
def test_a_recipe_runs_to_the_end(variant: str, base: Path, data: Path, tmp_path: Path) -> None:
    settings = [f"base={base}", f"data_folder={data}", f"output={tmp_path / 'model'}", "stages.0.epochs=2"]
    metrics = train(load_recipe(recipe_file(variant), settings))
    assert {"eval_topic_accuracy", "eval_role_accuracy", "eval_stance_accuracy"} <= metrics.keys()
    model = Checkpoint.load(str(tmp_path / "model"))
    config = model.network.config
    assert (config.encoder.num_hidden_layers, config.encoder.vocab_size) == (12, PIECES + 1)
    assert config.window_tokens == 512
    assert model.tokenizer.tokenize("أَبـي") == ["أبي"]


def test_the_recipes_differ_by_their_base_alone() -> None:
    msa, mix = (load_recipe(recipe_file(variant)) for variant in ("msa", "mix"))
    assert (msa.base, mix.base) == tuple(f"CAMeL-Lab/bert-base-arabic-camelbert-{name}" for name in ("msa", "mix"))
    assert msa.model_copy(update={"base": mix.base, "output": mix.output}) == mix
    assert (msa.batch_size, msa.stages[0].learning_rate) == (32, 3e-5)


def test_the_network_of_the_full_shape_can_be_built() -> None:
    with torch.device("meta"):
        network = WasitModel(WasitConfig(camelbert_config(), Taxonomy.default().to_dict()))
    assert network.encoder.embeddings.word_embeddings.weight.shape == (PIECES, 768)
    assert len(network.encoder.encoder.layer) == 12
    assert network.mention_pooler.weight.shape == (128, 3 * 4 * 768)
