"""A model as a folder: network, tokenizer, taxonomy and calibration, loaded and saved together."""

import copy
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedTokenizerFast
from transformers.utils import CONFIG_NAME

from wasit.models.configuration import WasitConfig
from wasit.models.disk import full_disk_told
from wasit.models.encoding import ArticleEncoder
from wasit.models.errors import InputError
from wasit.models.mentions import MentionFinder
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import load_tokenizer

SHIPPED_MODEL = "wasit-mini"
"""The model inside the package: it needs no network."""

_MOST_SHOWN = 3


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a model needs to run.

    Attributes:
        name: What the user called it.
        network: The weights, in evaluation mode.
        tokenizer: With normaliser and marker.
        taxonomy: The tasks as trained, and the mediators to look for.
    """

    name: str
    network: WasitModel
    tokenizer: PreTrainedTokenizerFast
    taxonomy: Taxonomy

    @classmethod
    def load(cls, name: str = SHIPPED_MODEL, dtype: torch.dtype = torch.float32) -> "Checkpoint":
        """Loads a model.

        Args:
            name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub.
            dtype: Precision that the weights are converted to.

        Raises:
            InputError: If there is no such model, it is not one of wasit's, or its weights do not fit its tasks.
        """
        if name == SHIPPED_MODEL and not Path(name).is_dir():
            with as_file(files("wasit.models") / SHIPPED_MODEL) as folder:
                return cls._read(name, str(folder), dtype)
        return cls._read(name, name, dtype)

    @classmethod
    def _read(cls, name: str, source: str, dtype: torch.dtype) -> "Checkpoint":
        _check_is_wasit(name, source)
        network = _load_network(name, source, dtype)
        _align(network)
        tokenizer = load_tokenizer(source)
        return cls(
            name,
            network,
            tokenizer,
            Taxonomy.from_dict(network.config.taxonomy, f"{source}/config.json: taxonomy"),
        )

    def save(self, folder: Path, dtype: torch.dtype | None = None) -> None:
        """Writes the folder that :meth:`load` reads.

        Args:
            folder: Made if it is not there. While it is not whole it has no ``config.json``, and is no model.
            dtype: Precision of the written weights; as they are without it.

        Raises:
            InputError: If the disk is full.
        """
        network = self.network if dtype is None else _converted(self.network, dtype)
        with full_disk_told(folder, _bytes(network)):
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".saving-", dir=folder) as unfinished:
                network.save_pretrained(unfinished)
                self.tokenizer.save_pretrained(unfinished)
                written = sorted(Path(unfinished).iterdir(), key=lambda path: path.name == CONFIG_NAME)
                (folder / CONFIG_NAME).unlink(missing_ok=True)
                # The weights' own mode would keep them from everybody but their owner, whatever the user's umask.
                mode = (Path(unfinished) / CONFIG_NAME).stat().st_mode
                for path in written:
                    path.chmod(mode)
                    path.replace(folder / path.name)

    def encoder(self) -> ArticleEncoder:
        """An encoder of articles that fits this model."""
        config = self.network.config
        return ArticleEncoder(
            self.tokenizer, MentionFinder(self.taxonomy), config.window_tokens, config.window_overlap
        )


def _check_is_wasit(name: str, source: str) -> None:
    try:
        settings, _ = WasitConfig.get_config_dict(source)
    except OSError as error:
        raise InputError(
            f"there is no model {name!r}; allowed: {SHIPPED_MODEL}, a folder that `wasit train` wrote, "
            f"or organisation/name on the Hugging Face Hub ({str(error).splitlines()[0]})"
        ) from error
    model_type = settings.get("model_type")
    if model_type != WasitConfig.model_type:
        raise InputError(
            f"{name!r} is a {model_type!r} model, not one of wasit's; "
            "fine-tune it with `wasit train RECIPE --set base=...` first"
        )


def _load_network(name: str, source: str, dtype: torch.dtype) -> WasitModel:
    loaded: Any = WasitModel.from_pretrained(
        source, dtype=dtype, use_safetensors=True, ignore_mismatched_sizes=True, output_loading_info=True
    )
    network, report = loaded
    # Trainable weights that a file lacks are drawn at random: the answers would be, too.
    wrong = [f"{key} is missing" for key in sorted(report["missing_keys"])]
    wrong += [f"{key} has no place" for key in sorted(report["unexpected_keys"])]
    wrong += [
        f"{key} is {tuple(found)} instead of {tuple(expected)}"
        for key, found, expected in sorted(report["mismatched_keys"])
    ]
    if wrong:
        more = f", and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        raise InputError(
            f"model {name!r}: its weights do not fit the tasks and labels in its config.json: "
            f"{', '.join(wrong[:_MOST_SHOWN])}{more}"
        )
    network.eval()
    return network  # type: ignore[no-any-return]


def _bytes(network: WasitModel) -> int:
    return sum(weights.numel() * weights.element_size() for weights in network.parameters())


def _align(network: WasitModel) -> None:
    """Moves the weights out of the mapped file.

    They stand there at odd addresses, for which a processor takes other instructions than for memory of its own:
    the same weights would give other last bits than those that were saved.
    """
    for parameter in network.parameters():
        parameter.data = parameter.data.clone()


def _converted(network: WasitModel, dtype: torch.dtype) -> WasitModel:
    converted = copy.deepcopy(network)
    nn.Module.to(converted, dtype)
    converted.config.dtype = dtype
    return converted
