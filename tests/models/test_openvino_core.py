import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.encoded import EncodedArticles
from wasit.models.errors import InputError
from wasit.models.openvino_core import OpenVinoCore
from wasit.models.prediction import Logits
from wasit.models.predictor import Predictor

TEXTS = [
    "أعلنت قطر استئناف المحادثات.",
    "ارتفعت أسعار النفط.",
    "",
    "وصل وفد من مصر إلى مسقط. " * 40,
    "قال أنطونيو غوتيريش.",
]


@pytest.fixture(scope="module")
def checkpoint(tiny_model: Path) -> Checkpoint:
    return Checkpoint.load(str(tiny_model))


@pytest.fixture(scope="module")
def core(checkpoint: Checkpoint) -> OpenVinoCore:
    pytest.importorskip("openvino")
    return OpenVinoCore(checkpoint)


def encode(checkpoint: Checkpoint, *texts: str) -> EncodedArticles:
    return checkpoint.text_side.encoder().encode(texts)


def assert_same(found: Logits, expected: Logits, tolerance: float = 1e-4) -> None:
    for name, logits in expected.answers.items():
        np.testing.assert_allclose(found.answers[name], logits, atol=tolerance, rtol=0)
    for name, logits in expected.mentions.items():
        np.testing.assert_allclose(found.mentions[name], logits, atol=tolerance, rtol=0)


def test_the_answers_are_those_of_torch(checkpoint: Checkpoint, core: OpenVinoCore) -> None:
    encoded = encode(checkpoint, *TEXTS)
    seen: list[int] = []
    assert_same(core.run(encoded, seen.append), Predictor(checkpoint, torch.device("cpu")).run(encoded))
    assert sum(seen) == len(TEXTS)


def test_an_article_gets_the_same_in_any_company(checkpoint: Checkpoint, core: OpenVinoCore) -> None:
    together = core.run(encode(checkpoint, *TEXTS))
    pair = 0
    for index, text in enumerate(TEXTS):
        alone = core.run(encode(checkpoint, text))
        pairs = len(alone.answers["role"])
        np.testing.assert_allclose(together.answers["topic"][index], alone.answers["topic"][0], atol=1e-4)
        np.testing.assert_allclose(together.answers["role"][pair : pair + pairs], alone.answers["role"], atol=1e-4)
        pair += pairs


def test_no_articles_give_no_answers(checkpoint: Checkpoint, core: OpenVinoCore) -> None:
    assert len(core.run(encode(checkpoint)).answers["topic"]) == 0


def test_the_model_that_was_handed_over_still_runs_in_torch(checkpoint: Checkpoint, core: OpenVinoCore) -> None:
    encoded = encode(checkpoint, *TEXTS)
    before = Predictor(Checkpoint.load(checkpoint.name), torch.device("cpu")).run(encoded)
    assert_same(Predictor(checkpoint, torch.device("cpu")).run(encoded), before, tolerance=0)


def test_a_model_in_bfloat16_answers_about_the_same(
    tiny_model: Path, checkpoint: Checkpoint, core: OpenVinoCore
) -> None:
    openvino = pytest.importorskip("openvino")
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("the processor has no bfloat16")
    half = OpenVinoCore(Checkpoint.load(str(tiny_model), torch.bfloat16))
    encoded = encode(checkpoint, *TEXTS)
    found, expected = half.run(encoded).answers["topic"], core.run(encoded).answers["topic"]
    assert np.abs(found - expected).max() > 0
    # One number alone may be far off: random weights amplify the rounding, in other places on other processors.
    assert np.linalg.norm(found - expected) < 0.3 * np.linalg.norm(expected)


def test_a_precision_that_the_processor_lacks_is_refused(tiny_model: Path) -> None:
    openvino = pytest.importorskip("openvino")
    if "FP16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("the processor has float16")
    with pytest.raises(InputError, match=r"--dtype: found 'float16'; allowed with --backend openvino .*: float32"):
        OpenVinoCore(Checkpoint.load(str(tiny_model), torch.float16))


def test_without_the_library_the_error_says_how_to_get_it(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(InputError, match=r'not installed: pip install "wasit\[openvino\]"'):
        OpenVinoCore(checkpoint)
