"""A model as a folder: network, tokenizer, taxonomy and calibration, loaded and saved together."""

import copy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedTokenizerFast
from transformers.utils import CONFIG_NAME

from wasit.models.disk import full_disk_told
from wasit.models.errors import InputError
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import SHIPPED_MODEL, TextSide, model_source

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
    def load(
        cls,
        name: str = SHIPPED_MODEL,
        dtype: torch.dtype = torch.float32,
        mediators: str | Path | None = None,
    ) -> "Checkpoint":
        """Loads a model.

        Args:
            name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub.
            dtype: Precision that the weights are converted to.
            mediators: YAML file of mediators to look for besides those of the model.

        Raises:
            InputError: If there is no such model, it is not one of wasit's, or its weights do not fit its tasks.
            ConfigError: If the file of mediators is wrong, with everything that is wrong.
        """
        side = TextSide.load(name, mediators)
        with model_source(name) as source:
            network = _load_network(name, source, dtype)
            _align(network)
        return cls(name, network, side.tokenizer, side.taxonomy)

    @property
    def text_side(self) -> TextSide:
        """Everything but the network."""
        return TextSide(self.name, self.network.config, self.tokenizer, self.taxonomy)

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
