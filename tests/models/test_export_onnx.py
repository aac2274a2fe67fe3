"""The ONNX file is asked by the real consumer, ONNX Runtime, on pages."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard

from wasit.inference.classifier import Classifier
from wasit.models import export_onnx as export_onnx_module
from wasit.models.batch import pad_batch
from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.export_onnx import export_onnx
from wasit.models.network import WasitModel
from wasit.models.prediction import Decoder, Logits
from wasit.models.text_side import TextSide

TEMPERATURES = {"topic": 1.7, "role": 0.6}


@pytest.fixture(scope="module")
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "mine"
    checkpoint = Checkpoint.load(str(tiny_model))
    checkpoint.network.config.temperatures = TEMPERATURES
    checkpoint.save(folder)
    return folder


@pytest.fixture(scope="module")
def differences() -> dict[str, float]:
    return {}


@pytest.fixture(scope="module")
def exported(model: Path, differences: dict[str, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    for library in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("exports") / "mine-onnx"
    differences |= export_onnx(str(model), folder)
    return folder


@pytest.fixture(scope="module")
def session(exported: Path) -> Any:
    onnxruntime = pytest.importorskip("onnxruntime")
    return onnxruntime.InferenceSession(exported / "model.onnx", providers=["CPUExecutionProvider"])


def mean(values: np.ndarray, group: np.ndarray, weight: np.ndarray) -> np.ndarray:
    groups = range(int(group.max(initial=-1)) + 1)
    means = [np.average(values[group == one], axis=0, weights=weight[group == one]) for one in groups]
    return np.array(means, dtype=np.float32).reshape(-1, values.shape[1])


def logits_of_runtime(session: Any, side: TextSide, texts: list[str]) -> Logits:
    """All that the card says: windows and markers in, means out."""
    encoded = side.encoder().encode(texts)
    batch = pad_batch(encoded, side.tokenizer.pad_token_id)
    assert batch.attention_mask is not None
    length = batch.input_ids.shape[1]
    values = session.run(
        None,
        {
            "input_ids": batch.input_ids.numpy(),
            "attention_mask": batch.attention_mask.numpy(),
            "marker_window": batch.marker_window.numpy().astype(np.int64),
            "marker_position": batch.marker_place.numpy() % length,
        },
    )
    outputs = dict(zip((output.name for output in session.get_outputs()), values, strict=True))
    mentions = {task.name: outputs[f"{task.name}_logits"] for task in side.taxonomy.mediator_tasks}
    tokens = batch.attention_mask.sum(1).numpy()
    answers = {
        task.name: mean(outputs[f"{task.name}_logits"], batch.window_article.numpy(), tokens)
        for task in side.taxonomy.article_tasks
    }
    pairs = batch.marker_pair.numpy()
    answers |= {name: mean(values, pairs, np.ones(len(pairs))) for name, values in mentions.items()}
    return Logits(answers, mentions)


def test_pages_get_the_answers_of_wasit(session: Any, model: Path, pages: dict[str, str]) -> None:
    long = pages["doha.txt"].replace("\nالمصدر", " أضاف أن مصر تعمل على صياغة مقترح جديد." * 12 + "\nالمصدر")
    rows = Classifier.from_pretrained(str(model), device="cpu", dtype="float32")(
        [pages["doha.txt"], pages["sport/final.txt"], long], keep_text=True
    )
    assert rows[2]["windows"] > 1
    assert [len(row["mediators"]) for row in rows] == [2, 0, 2]
    side = TextSide.load(str(model))
    texts = [row["text"] for row in rows]
    logits = logits_of_runtime(session, side, texts)
    decoded = Decoder(side.taxonomy, {})(texts, side.encoder().encode(texts).outline, logits)
    found = [mediator for row in rows for mediator in row["mediators"]]
    for task, owners in {"topic": rows, "role": found, "stance": found}.items():
        expected = [[one["score"] for one in owner[f"{task}_scores"]] for owner in owners]
        np.testing.assert_allclose(decoded.scores[task], expected, atol=1e-4)


def test_a_text_without_mentions(session: Any, model: Path) -> None:
    logits = logits_of_runtime(session, TextSide.load(str(model)), ["ارتفعت أسعار النفط."])
    assert len(logits.answers["topic"]) == 1
    assert len(logits.mentions["role"]) == 0


def test_the_export_was_compared_with_torch(exported: Path, differences: dict[str, float]) -> None:
    assert differences.keys() == {"topic_logits", "role_logits", "stance_logits"}
    assert 0 < max(differences.values()) < 1e-4
    assert f"differed from torch's by {max(differences.values()):.1e}" in (exported / "README.md").read_text(
        "utf-8"
    )


def test_the_code_of_the_card_runs(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(r"```python\n(.*?)```", (exported / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    monkeypatch.chdir(exported.parent)
    names: dict[str, Any] = {}
    exec(code[1], names)
    assert {name: values.shape for name, values in names["logits"].items()} == {
        "topic_logits": (1, 15),
        "role_logits": (1, 8),
        "stance_logits": (1, 3),
    }


def test_the_folder_says_what_the_numbers_mean(exported: Path, session: Any, model: Path) -> None:
    assert {path.name for path in exported.iterdir()} == {
        "README.md",
        "model.onnx",
        "taxonomy.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    taxonomy = json.loads((exported / "taxonomy.json").read_text(encoding="utf-8"))
    assert taxonomy == TextSide.load(str(model)).taxonomy.to_dict()
    card = ModelCard.load(exported / "README.md")
    assert card.data.library_name == "onnx"
    for one in (*session.get_inputs(), *session.get_outputs()):
        assert f"| `{one.name}` |" in card.text


def test_the_file_tells_nothing_of_this_machine(exported: Path) -> None:
    assert b".py" not in (exported / "model.onnx").read_bytes()


def test_a_model_without_tasks_of_mediators_needs_no_markers(model: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    checkpoint = Checkpoint.load(str(model))
    config = checkpoint.network.config
    config.taxonomy = {**config.taxonomy, "tasks": config.taxonomy["tasks"][:1], "mediators": []}
    Checkpoint("topics", WasitModel(config), checkpoint.tokenizer, checkpoint.taxonomy).save(tmp_path / "topics")
    assert export_onnx(str(tmp_path / "topics"), tmp_path / "out").keys() == {"topic_logits"}
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx", providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == ["input_ids", "attention_mask"]
    assert "marker" not in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_answers_that_differ_from_those_of_torch_are_not_written(
    exported: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The file of a model with other temperatures.
    monkeypatch.setattr(
        export_onnx_module, "_write", lambda network, path: shutil.copy(exported / "model.onnx", path)
    )
    differing = (
        r"ONNX Runtime and torch differ: topic_logits by [^,]*, role_logits by [^,]*; .*Nothing was written"
    )
    with pytest.raises(InputError, match=differing):
        export_onnx(str(tiny_model), tmp_path / "out")
    assert list(tmp_path.glob("out/*")) == []


@pytest.mark.parametrize("library", ["onnx", "onnxscript", "onnxruntime"])
def test_without_a_library_the_error_says_how_to_get_it(
    library: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ("onnx", "onnxscript", "onnxruntime"):
        monkeypatch.setitem(sys.modules, one, None if one == library else sys)
    with pytest.raises(InputError, match=rf'for which {library} is not installed: pip install "wasit\[onnx\]"'):
        export_onnx(str(model), tmp_path / "out")
    assert not (tmp_path / "out").exists()
