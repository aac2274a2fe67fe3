"""The plain model in other runtimes on a CPU, text by text: nothing is padded, as suits them best there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import torch
from answers import FloatArray, Peer
from shapes import Models
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer

_NAMES = ("input_ids", "attention_mask", "token_type_ids")
Run = Callable[[dict[str, Any]], Any]


class _Logits(nn.Module):
    """The plain model with tensors in and out."""

    def __init__(self, models: Models) -> None:
        super().__init__()
        self.network = AutoModelForSequenceClassification.from_pretrained(models.plain, dtype=torch.float32).eval()

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        logits: Tensor = self.network(input_ids, attention_mask, token_type_ids).logits
        return logits


def onnxruntime_peer(models: Models, threads: int, precision: str) -> Peer:
    """ONNX Runtime; ``int8`` quantises weights beforehand and activations as they come."""
    import onnxruntime

    path = _export(models)
    if precision == "int8":
        path = _quantised(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return _one_by_one(models, lambda inputs: session.run(None, inputs)[0])


def openvino_peer(models: Models, threads: int, precision: str) -> Peer:
    """OpenVINO, for the lowest latency of a text; ``bfloat16`` is what it takes by itself where the CPU has it."""
    import openvino

    example = {name: torch.ones(1, 16, dtype=torch.int64) for name in _NAMES}
    converted = openvino.convert_model(_Logits(models), example_input=example)
    compiled = openvino.compile_model(
        converted,
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
            "PERFORMANCE_HINT": "LATENCY",
        },
    )
    return _one_by_one(models, lambda inputs: compiled(inputs)[0])


def _one_by_one(models: Models, run: Run) -> Peer:
    tokenizer: Any = AutoTokenizer.from_pretrained(models.plain)

    def classify(texts: Sequence[str]) -> FloatArray:
        logits = []
        for text in texts:
            encoded = tokenizer(text, truncation=True, max_length=models.window_tokens, return_tensors="np")
            ids = encoded["input_ids"]
            inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            logits.append(run(inputs))
        scores: FloatArray = torch.from_numpy(np.concatenate(logits)).softmax(-1).numpy()
        return scores

    return classify


def _export(models: Models) -> Path:
    path = Path(mkdtemp()) / "model.onnx"
    network = _Logits(models)
    # The plain products, which the runtime melts together by itself.
    network.network.set_attn_implementation("eager")
    example = tuple(torch.ones(2, 16, dtype=torch.int64) for _ in _NAMES)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=models.window_tokens)
    torch.onnx.export(
        network,
        example,
        path,
        input_names=list(_NAMES),
        output_names=["logits"],
        dynamic_shapes=tuple({0: batch, 1: length} for _ in _NAMES),
        dynamo=True,
        verbose=False,
    )
    return path


def _quantised(path: Path) -> Path:
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    exported = onnx.load(path)
    # The exporter's shapes of inner values no longer hold once weights are turned over.
    exported.graph.ClearField("value_info")
    quantised = path.with_name("int8.onnx")
    quantize_dynamic(exported, quantised)
    return quantised
