"""The network with the heads of all tasks as one ONNX file, checked against torch when it is written.

The file reads padded windows and answers for each window and each mention. What belongs together, the windows of
an article and the mentions of a mediator, is averaged by the consumer: as the card says, a mean for each.
"""

import copy
import importlib
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from markupsafe import Markup
from torch import Tensor, nn

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.export_card import card_header, python_text, write_card
from wasit.models.export_folder import ONNX_NAME, TAXONOMY_NAME, check_folder, export_folder
from wasit.models.export_tokenizer import export_tokenizer, save_tokenizer
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import MARKER

WINDOW_INPUTS = ("input_ids", "attention_mask")
MARKER_INPUTS = ("marker_window", "marker_position")

_TEMPLATE = "export-onnx.md"
# What torch's exporter and the check need; the exporter is written in onnxscript, which brings onnx_ir.
_LIBRARIES = ("onnx", "onnxscript", "onnxruntime")
_LARGEST_DIFFERENCE = 1e-3


def export_onnx(name: str, folder: Path, overwrite: bool = False) -> dict[str, float]:
    """Writes a model for ONNX Runtime, in float32.

    Args:
        name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub.
        folder: Where it is written, new or empty.
        overwrite: Whether an export that is there already is replaced.

    Returns:
        For each output the largest difference between ONNX Runtime and torch.

    Raises:
        InputError: If there is no such model, the folder is taken, a library is missing, or the answers of ONNX
            Runtime are not those of torch.
    """
    _check_libraries()
    check_folder(folder, overwrite)
    checkpoint = Checkpoint.load(name)
    header = card_header(checkpoint.name, "onnx")
    network = WindowNetwork(checkpoint)
    config = checkpoint.network.config
    with export_folder(folder, overwrite) as unfinished:
        path = unfinished / ONNX_NAME
        _write(network, path)
        differences = _differences(network, path)
        _check(differences)
        save_tokenizer(export_tokenizer(checkpoint.tokenizer, config.window_tokens, has_marker=True), unfinished)
        (unfinished / TAXONOMY_NAME).write_text(
            json.dumps(checkpoint.taxonomy.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        write_card(
            unfinished,
            _TEMPLATE,
            header,
            checkpoint.name,
            place=python_text(folder.absolute().name),
            text=python_text(_example_text(checkpoint.taxonomy)),
            taxonomy=checkpoint.taxonomy,
            outputs=network.output_names,
            marker=Markup(MARKER),
            window_tokens=config.window_tokens,
            window_overlap=config.window_overlap,
            difference=Markup(f"{max(differences.values()):.1e}"),
        )
    return differences


class WindowNetwork(nn.Module):
    """The network as ONNX has it: padded windows and places of markers in, logits of windows and mentions out.

    Args:
        checkpoint: The model; it stays as it is.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Copies the network, with an attention that runtimes know."""
        super().__init__()
        self.network: WasitModel = copy.deepcopy(checkpoint.network)
        self.network.encoder.set_attn_implementation("eager")
        self.window_tokens: int = checkpoint.network.config.window_tokens
        self.vocabulary: int = checkpoint.network.config.encoder.vocab_size
        self._temperatures = checkpoint.network.config.temperatures
        self.eval()

    @property
    def input_names(self) -> tuple[str, ...]:
        """The inputs, without those that only tasks of mediators need if there are none."""
        return (*WINDOW_INPUTS, *MARKER_INPUTS) if self.network.mediator_heads else WINDOW_INPUTS

    @property
    def output_names(self) -> dict[str, str]:
        """The output of each task, by the task's name."""
        heads = (*self.network.article_heads, *self.network.mediator_heads)
        return {task: f"{task}_logits" for task in heads}

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        marker_window: Tensor | None = None,
        marker_position: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Answers for windows and mentions, each by itself.

        Args:
            input_ids: (windows, tokens), filled up at the end.
            attention_mask: (windows, tokens), 1 for tokens and 0 for what fills up.
            marker_window: Window of each marker; (mentions,).
            marker_position: Position of each marker in its window; (mentions,).

        Returns:
            Logits divided by their temperature, in the order of ``output_names``: (windows, labels) of tasks of
            articles, (mentions, labels) of tasks of mediators.
        """
        if marker_window is None or marker_position is None:
            marker_window = marker_position = input_ids.new_zeros(0)
        length = input_ids.shape[1]
        reading = self.network.read(
            input_ids,
            torch.arange(len(input_ids), device=input_ids.device) * length,
            attention_mask.sum(1),
            marker_window * length + marker_position,
            marker_window,
            attention_mask,
        )
        pooler = self.network.encoder.pooler
        assert pooler is not None
        pooled = pooler(reading.first_tokens[:, None])
        summary = torch.tanh(self.network.mention_pooler(reading.mention_features))
        logits = {task: head(pooled) for task, head in self.network.article_heads.items()}
        logits |= {task: head(summary) for task, head in self.network.mediator_heads.items()}
        return tuple(values / self._temperatures.get(task, 1.0) for task, values in logits.items())


def _example_text(taxonomy: Taxonomy) -> str:
    """A text for the card, which names a mediator of the model if it has one."""
    if not taxonomy.mediators:
        return "أعلن الطرفان استئناف المحادثات."
    return f"أعلنت {MARKER} {taxonomy.mediators[0].ar} استئناف المحادثات بين الطرفين."


def _write(network: WindowNetwork, path: Path) -> None:
    windows, mentions = torch.export.Dim("windows"), torch.export.Dim("mentions")
    tokens = torch.export.Dim("tokens", max=network.window_tokens)
    axes = [{0: windows, 1: tokens}, {0: windows, 1: tokens}, {0: mentions}, {0: mentions}]
    with _quiet_exporter():
        program = torch.onnx.export(
            network,
            _example(network, [8, 5], [(0, 1), (0, 4), (1, 2)]),
            input_names=network.input_names,
            output_names=list(network.output_names.values()),
            dynamic_shapes=tuple(axes[: len(network.input_names)]),
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        # The exporter notes for each step which line of which file of this machine it comes from.
        importlib.import_module("onnx_ir.passes.common").ClearMetadataAndDocStringPass()(program.model)
        # Weights that are too many for one file are put into a second one.
        program.save(path)


def _example(
    network: WindowNetwork, lengths: Sequence[int], markers: Sequence[tuple[int, int]]
) -> tuple[Tensor, ...]:
    """Windows of these lengths, of ids drawn at random, with markers at these windows and positions."""
    generator = torch.Generator().manual_seed(0)
    shape = (len(lengths), max(lengths))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    inputs = (
        torch.randint(network.vocabulary, shape, generator=generator) * mask,
        mask,
        torch.tensor([window for window, _ in markers], dtype=torch.int64),
        torch.tensor([position for _, position in markers], dtype=torch.int64),
    )
    return inputs[: len(network.input_names)]


def _differences(network: WindowNetwork, path: Path) -> dict[str, float]:
    """The largest difference of each output, over windows that are full, short and without mentions."""
    runtime = importlib.import_module("onnxruntime")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    most = network.window_tokens
    examples = [
        _example(network, [most, most // 2, 4], [(0, 1), (0, most - 3), (1, most // 4), (2, 1)]),
        _example(network, [most // 2], []),
        _example(network, [4], [(0, 2)]),
    ]
    outputs = tuple(network.output_names.values())
    differences = dict.fromkeys(outputs, 0.0)
    for example in examples:
        with torch.inference_mode():
            expected = network(*example)
        feed = {name: values.numpy() for name, values in zip(network.input_names, example, strict=True)}
        for output, ours, theirs in zip(outputs, expected, session.run(list(outputs), feed), strict=True):
            if ours.shape != theirs.shape:
                raise AssertionError(f"{output} is {theirs.shape} instead of {tuple(ours.shape)}")
            if ours.numel():
                difference = (ours - torch.from_numpy(theirs)).abs().max().item()
                differences[output] = max(differences[output], difference)
    return differences


def _check(differences: dict[str, float]) -> None:
    wrong = [f"{name} by {value:.1e}" for name, value in differences.items() if not value <= _LARGEST_DIFFERENCE]
    if wrong:
        raise InputError(
            f"ONNX Runtime and torch differ: {', '.join(wrong)}; allowed: {_LARGEST_DIFFERENCE:.0e}. Nothing was "
            f"written; try other versions of {', '.join(_LIBRARIES)} or torch"
        )


def _check_libraries() -> None:
    for library in _LIBRARIES:
        try:
            importlib.import_module(library)
        except ModuleNotFoundError as error:
            raise InputError(
                f"--to: found 'onnx', for which {library} is not installed: pip install \"wasit[onnx]\""
            ) from error


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keeps the exporter from talking about what it does itself."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
