"""A model as a folder: network, tokenizer, taxonomy and calibration, loaded and saved together."""

import copy
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedTokenizerFast

from wasit.models.configuration import WasitConfig
from wasit.models.encoding import ArticleEncoder
from wasit.models.errors import InputError
from wasit.models.mentions import MentionFinder
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import load_tokenizer

SHIPPED_MODEL = "wasit-mini"
"""The model inside the package: it needs no network."""


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
            InputError: If there is no such model, or it is not one of wasit's.
        """
        if name == SHIPPED_MODEL and not Path(name).is_dir():
            with as_file(files("wasit.models") / SHIPPED_MODEL) as folder:
                return cls._read(name, str(folder), dtype)
        return cls._read(name, name, dtype)

    @classmethod
    def _read(cls, name: str, source: str, dtype: torch.dtype) -> "Checkpoint":
        _check_is_wasit(name, source)
        network = WasitModel.from_pretrained(source, dtype=dtype, use_safetensors=True).eval()
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
            folder: Made if it is not there.
            dtype: Precision of the written weights; as they are without it.
        """
        network = self.network if dtype is None else _converted(self.network, dtype)
        network.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

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
