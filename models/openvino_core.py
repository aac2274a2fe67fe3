"""The encoder in OpenVINO: faster than torch on a processor, with the same answers.

Only the encoder is converted, when it is loaded, and nothing is written to the disk. What the heads do stays where
it is: a ``Predictor`` runs a network whose encoder hands each window to OpenVINO. Every core reads a window of its
own, without padding and without waiting for the others, so that a window's states do not depend on what else is
read.
"""

import copy
import dataclasses
import importlib
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.bert import BertModel

from wasit.models.checkpoint import Checkpoint
from wasit.models.encoded import EncodedArticles
from wasit.models.errors import InputError
from wasit.models.prediction import Logits
from wasit.models.predictor import Predictor

# As OpenVINO calls them, what a processor is capable of in capitals.
_PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}
_CAPABILITIES = {torch.float32: "FP32", torch.bfloat16: "BF16", torch.float16: "FP16"}

# Enough windows that the cores are seldom idle at the end of a row.
_ROW_TOKENS_OF_A_CORE = 4_096


class OpenVinoCore:
    """Runs a model over articles, its encoder in OpenVINO on the processor.

    Args:
        checkpoint: The model; it stays as it is. The encoder computes in the precision of its weights.
        cores: How many windows are read at a time, each by one thread; as many as torch has threads by default.

    Raises:
        InputError: If OpenVINO is not installed, or the processor has no such precision.
    """

    def __init__(self, checkpoint: Checkpoint, cores: int | None = None) -> None:
        """Converts and compiles the encoder, which takes some seconds."""
        cores = cores or torch.get_num_threads()
        encoder = _OpenVinoEncoder(checkpoint.network.encoder, checkpoint.network.mention_layers, cores)
        # The copy has the heads, and in the place of the encoder the converted one.
        network = copy.deepcopy(checkpoint.network, {id(checkpoint.network.encoder): encoder})
        nn.Module.to(network, torch.float32)
        # One row at a time: its windows are dealt to the cores.
        self._predictor = Predictor(
            dataclasses.replace(checkpoint, network=network),
            torch.device("cpu"),
            row_tokens=cores * _ROW_TOKENS_OF_A_CORE,
            threads=1,
        )

    def run(self, encoded: EncodedArticles, progress: Callable[[int], object] = lambda articles: None) -> Logits:
        """Runs the network over articles, as :meth:`Predictor.run` does.

        Args:
            encoded: The articles.
            progress: Told now and then how many articles were finished.
        """
        return self._predictor.run(encoded, progress)


class _OpenVinoEncoder(nn.Module):
    """Reads packed rows as ``BertModel`` does; the pooler is still torch's."""

    def __init__(self, encoder: BertModel, layers: tuple[int, ...], cores: int) -> None:
        super().__init__()
        self.config = encoder.config
        self.pooler = copy.deepcopy(encoder.pooler)
        self._layers = layers
        self._requests = _compile(encoder, layers, cores)

    def forward(self, input_ids: Tensor, window_bounds: Tensor, **packing: Any) -> BaseModelOutput:
        """The states of a packed row; of the layers that nobody reads there are none."""
        ids = input_ids[0].numpy().astype(np.int64)
        width = self.config.hidden_size
        rows = [np.empty((len(ids), width), dtype=np.float32) for _ in self._layers]

        def keep(request: Any, inside: slice) -> None:
            for number, row in enumerate(rows):
                row[inside] = request.get_output_tensor(number).data[0]

        self._requests.set_callback(keep)
        windows = [slice(start, end) for start, end in pairwise(window_bounds.tolist())]
        # The shortest last: the cores are done at about the same time.
        for inside in sorted(windows, key=lambda window: window.start - window.stop):
            self._requests.start_async({0: ids[None, inside]}, inside)
        self._requests.wait_all()
        states = {layer: torch.from_numpy(row)[None] for layer, row in zip(self._layers, rows, strict=True)}
        unread = torch.empty(1, 0, width)
        return BaseModelOutput(
            hidden_states=tuple(states.get(layer, unread) for layer in range(self.config.num_hidden_layers + 1))
        )


class _ReadLayers(nn.Module):
    """One window in, the states of some layers out."""

    def __init__(self, encoder: BertModel, layers: tuple[int, ...]) -> None:
        super().__init__()
        self._encoder = encoder
        self._layers = layers

    def forward(self, input_ids: Tensor) -> tuple[Tensor, ...]:
        states = self._encoder(input_ids=input_ids, output_hidden_states=True).hidden_states
        return tuple(states[layer] for layer in self._layers)


def _compile(encoder: BertModel, layers: tuple[int, ...], cores: int) -> Any:
    """Converts an encoder, and gives the queue of requests that run it.

    Returns:
        An ``openvino.AsyncInferQueue``: from the ids of a window, (1, tokens), to its states in each layer read,
        (1, tokens, width).
    """
    openvino = _openvino()
    core = openvino.Core()
    _check_precision(encoder.dtype, core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    compiled = core.compile_model(
        _converted(openvino, encoder, layers),
        "CPU",
        {
            "PERFORMANCE_HINT": "THROUGHPUT",
            # What is delicate stays in single precision in any case.
            "INFERENCE_PRECISION_HINT": _PRECISIONS[encoder.dtype],
            "NUM_STREAMS": cores,
            "INFERENCE_NUM_THREADS": cores,
        },
    )
    return openvino.AsyncInferQueue(compiled)


def _converted(openvino: Any, encoder: BertModel, layers: tuple[int, ...]) -> Any:
    """An ``openvino.Model`` for windows of any length, in single precision."""
    plain = nn.Module.to(copy.deepcopy(encoder), torch.float32)
    plain.set_attn_implementation("sdpa")
    # The length of one token would be taken for the only one there is.
    window = torch.zeros(1, 2, dtype=torch.int64)
    lengths = ({1: torch.export.Dim.DYNAMIC},)
    with warnings.catch_warnings():
        # torch's exporter warns of what it does itself.
        warnings.simplefilter("ignore", FutureWarning)
        return openvino.convert_model(
            torch.export.export(_ReadLayers(plain, layers).eval(), (window,), dynamic_shapes=lengths)
        )


def _openvino() -> Any:
    """The library, which is imported only when it is asked for: few need it."""
    try:
        return importlib.import_module("openvino")
    except ModuleNotFoundError as error:
        raise InputError(
            "--backend: found 'openvino', which is not installed: pip install \"wasit[openvino]\""
        ) from error


def _check_precision(dtype: torch.dtype, capabilities: list[str]) -> None:
    if _CAPABILITIES[dtype] not in capabilities:
        allowed = [_name(known) for known, capability in _CAPABILITIES.items() if capability in capabilities]
        raise InputError(
            f"--dtype: found {_name(dtype)!r}; allowed with --backend openvino on this processor: "
            f"{', '.join(allowed)}"
        )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
