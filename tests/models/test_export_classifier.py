"""The classifier is asked by the real consumer: transformers, in a process that cannot import wasit."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors import safe_open
from transformers.models.bert import BertConfig

from wasit.models.checkpoint import Checkpoint
from wasit.models.configuration import WasitConfig
from wasit.models.errors import InputError
from wasit.models.export_classifier import export_classifier
from wasit.models.network import WasitModel
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import SHIPPED_MODEL
from wasit.models.tokenizer import MARKER, load_base_tokenizer

CONSUMER = """
import json, os, sys

class NoWasit:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "wasit":
            raise ModuleNotFoundError("there is no wasit here")

sys.meta_path.insert(0, NoWasit())
from transformers import pipeline

answers = []
for job in json.load(sys.stdin):
    if "code" in job:
        os.chdir(job["folder"])
        exec(job["code"])
        continue
    classify = pipeline("text-classification", model=job["model"], top_k=None, truncation=True, device="cpu")
    answers.append(classify(job["texts"]))
print(json.dumps(answers))
"""
PLAIN = [
    "فاز الفريق بهدفين في المباراة النهائية على ملعب المدينة.",
    "ارتفعت أسعار النفط في الأسواق العالمية.",
    "قال بَاحثونَ في الجامعـــة إن اللقاح خفض الإصابات [SEP] إلى النصف.",
    "شهد اليوم",
]
LONG = "غضب الضباط بعد ضبط شحنة ثقيلة من المخدرات في مرفأ صغير شرق البلاد. "
NEWS = [
    "أعلنت قطر أن الوفدين سيعودان إلى طاولة المفاوضات الأسبوع المقبل لبحث وقف إطلاق النار وتبادل الأسرى، وقال "
    "متحدث إن مصر نقلت ردا مكتوبا على المقترح.",
    "فاز منتخب تركيا على ضيفه بثلاثة أهداف مقابل هدف في التصفيات، وسجل المهاجم هدفين في الشوط الأول أمام روسيا.",
    "ارتفعت أسعار النفط في تعاملات الخميس بعد أن خفضت السعودية صادراتها، وتراجعت أسهم المصارف في البورصة.",
    "أدخلت الأمم المتحدة عشرين شاحنة محملة بالدقيق والخيام إلى المخيم، وقالت منظمات إغاثة إن الغذاء لا يكفي آلاف "
    "النازحين.",
    "توجه الناخبون في تركيا إلى صناديق الاقتراع لاختيار أعضاء البرلمان، وأوفدت واشنطن مراقبين إلى العاصمة.",
    "شنت طائرات حربية غارات على مواقع عسكرية قرب الحدود وقتل ثمانية جنود، ودانت إيران الهجوم فيما دعت القاهرة إلى "
    "ضبط النفس.",
    "ضرب زلزال قوته ست درجات شرق البلاد وانهارت عشرات المنازل، وأرسلت قطر فرق إنقاذ إلى القرى المنكوبة.",
    "أطلقت شركة من الولايات المتحدة هاتفا جديدا يعمل بالذكاء الاصطناعي، وقال مهندسوها إن معالجه أسرع بمرتين.",
]
TAXONOMY: dict[str, Any] = {
    "tasks": [
        {
            "name": name,
            "scope": scope,
            "problem": problem,
            "ar": "مهمة",
            "en": name.title(),
            "labels": [
                {"name": label, "ar": label, "en": label, "definition": f"It is {label} | or so."}
                for label in labels
            ],
        }
        for name, scope, problem, labels in (
            ("stance", "mediator", "single_label", ("for", "against")),
            ("section", "article", "single_label", ("home", "abroad", "sport")),
            ("concerns", "article", "multi_label", ("cost", "safety", "rights")),
        )
    ],
    "mediators": [],
}


@pytest.fixture(scope="module")
def model(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a task of each kind, calibrated, and with a card."""
    folder = tmp_path_factory.mktemp("model") / "mine"
    taxonomy = Taxonomy.from_dict(TAXONOMY)
    tokenizer = load_base_tokenizer(str(tiny_base))
    torch.manual_seed(1)
    # A row more than the vocabulary has, as an encoder may come.
    encoder = BertConfig.from_pretrained(tiny_base, vocab_size=len(tokenizer) + 1, initializer_range=0.5)
    config = WasitConfig(encoder, taxonomy.to_dict(), window_tokens=64, window_overlap=8, initializer_range=0.2)
    config.temperatures = {"section": 1.7, "concerns": 0.6}
    Checkpoint("mine", WasitModel(config).eval(), tokenizer, taxonomy).save(folder)
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\nlanguage: ar\n---\n# Mine\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def exports(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    export_classifier(str(model), folder / "section")
    export_classifier(str(model), folder / "concerns", "concerns")
    export_classifier(SHIPPED_MODEL, folder / "shipped")
    return folder


@pytest.fixture(scope="module")
def consumed(exports: Path) -> dict[str, Any]:
    """What a pipeline says, by export, and what the code of the card prints."""
    card = (exports / "concerns" / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert code is not None
    texts = {"section": [*PLAIN, LONG * 9, LONG * 99], "concerns": PLAIN, "shipped": [*PLAIN, *NEWS]}
    jobs = [{"model": str(exports / name), "texts": asked} for name, asked in texts.items()]
    done = subprocess.run(
        [sys.executable, "-I", "-c", CONSUMER],
        input=json.dumps([{"folder": str(exports), "code": code[1]}, *jobs]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *printed, answers = done.stdout.splitlines()
    return {**dict(zip(texts, json.loads(answers), strict=True)), "card": printed}


def scores_of(answers: list[list[dict[str, Any]]]) -> list[dict[str, float]]:
    return [{one["label"]: one["score"] for one in answer} for answer in answers]


@pytest.mark.parametrize("task", ["section", "concerns"])
def test_scores_of_texts_without_mediators_are_those_of_wasit(
    model: Path, consumed: dict[str, Any], task: str
) -> None:
    expected = Predictor(Checkpoint.load(str(model)), torch.device("cpu"))(PLAIN)
    for found, prediction in zip(scores_of(consumed[task][: len(PLAIN)]), expected, strict=True):
        assert found == pytest.approx(prediction.answers[task].scores, abs=1e-5)


def test_the_shipped_model_agrees_on_topics(consumed: dict[str, Any]) -> None:
    expected = Predictor(Checkpoint.load(), torch.device("cpu"))([*PLAIN, *NEWS])
    for answer, prediction in zip(consumed["shipped"], expected, strict=True):
        assert answer[0]["label"] == prediction.answers["topic"].labels[0]
    plain = scores_of(consumed["shipped"])[: len(PLAIN)]
    for found, prediction in zip(plain, expected, strict=False):
        assert found == pytest.approx(prediction.answers["topic"].scores, abs=1e-4)


def test_what_stands_behind_the_first_window_is_not_read(consumed: dict[str, Any]) -> None:
    longer, longest = scores_of(consumed["section"])[-2:]
    assert longer == pytest.approx(longest)


def test_the_code_of_the_card_runs(consumed: dict[str, Any]) -> None:
    (printed,) = consumed["card"]
    assert all(f"'label': '{label}'" in printed for label in ("cost", "safety", "rights"))


def test_the_folder_is_plain(exports: Path) -> None:
    folder = exports / "section"
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["BertForSequenceClassification"]
    assert config["id2label"] == {"0": "home", "1": "abroad", "2": "sport"}
    assert config["label2id"] == {"home": 0, "abroad": 1, "sport": 2}
    assert config["problem_type"] == "single_label_classification"
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert (tokenizer["tokenizer_class"], tokenizer["model_max_length"]) == ("PreTrainedTokenizerFast", 64)


def test_the_marker_and_its_weights_stay_behind(exports: Path, model: Path) -> None:
    before, after = model, exports / "section"
    assert MARKER in (before / "tokenizer.json").read_text(encoding="utf-8")
    assert MARKER not in (after / "tokenizer.json").read_text(encoding="utf-8")
    with safe_open(after / "model.safetensors", "pt") as weights:
        rows = len(weights.get_tensor("bert.embeddings.word_embeddings.weight"))
    tokens = json.loads((after / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert rows == len(tokens)


def test_the_card_tells_what_it_is_and_how_it_differs(exports: Path) -> None:
    card = ModelCard.load(exports / "section" / "README.md")
    assert (card.data.license, card.data.language, card.data.library_name) == ("cc-by-4.0", "ar", "transformers")
    assert "first 64 tokens" in card.text
    assert "| `abroad` | abroad | abroad | It is abroad &#124; or so. |" in card.text
    assert str(exports) not in card.content


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("mood", r"--task: found 'mood'; allowed: section, concerns"),
        ("stance", r"--task: found 'stance', which is asked of each mediator .*; allowed: section, concerns"),
    ],
)
def test_a_task_that_cannot_be_exported(model: Path, tmp_path: Path, task: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        export_classifier(str(model), tmp_path / "out", task)
    assert not (tmp_path / "out").exists()


def test_a_model_of_mediators_only(model: Path, tmp_path: Path) -> None:
    checkpoint = Checkpoint.load(str(model))
    config = checkpoint.network.config
    config.taxonomy = {**TAXONOMY, "tasks": TAXONOMY["tasks"][:1]}
    Checkpoint("roles", WasitModel(config), checkpoint.tokenizer, checkpoint.taxonomy).save(tmp_path / "roles")
    with pytest.raises(InputError, match=r"has tasks of mediators only, .*; allowed: onnx"):
        export_classifier(str(tmp_path / "roles"), tmp_path / "out")


def test_a_card_that_cannot_be_read(tiny_model: Path, tmp_path: Path) -> None:
    checkpoint = Checkpoint.load(str(tiny_model))
    checkpoint.save(tmp_path / "odd")
    (tmp_path / "odd" / "README.md").write_text("---\nlicense: [\n---\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"the header of its README.md cannot be read: .*; mend it, or move"):
        export_classifier(str(tmp_path / "odd"), tmp_path / "out")
