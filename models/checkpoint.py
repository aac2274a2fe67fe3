"""A model as a folder: network, tokenizer, taxonomy and calibration, loaded and saved together."""

import copy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedTokenizerFast
from transformers.utils import CONFIG_NAME, SAFE_WEIGHTS_NAME

from wasit.models.configuration import WasitConfig
from wasit.models.disk import full_disk_told
from wasit.models.errors import InputError
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import SHIPPED_MODEL, ModelSource, TextSide, find_model
from wasit.models.vetting import check_files

_MOST_SHOWN = 3


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a model needs to run.

    Attributes:
        name: What the user called it; of a model on the Hub ``organisation/name@commit``.
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
            name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub, where a
                branch, tag or commit may follow as in ``organisation/name@revision``.
            dtype: Precision that the weights are converted to.
            mediators: YAML file of mediators to look for besides those of the model.

        Raises:
            InputError: If there is no such model, it is not one of wasit's, or its weights do not fit its tasks.
            ConfigError: If the file of mediators is wrong, or the model's settings are, with everything that is.
        """
        with find_model(name) as source:
            side = TextSide.of_source(source, mediators)
            network = _load_network(source, side.config, dtype)
            _align(network)
        return cls(side.name, network, side.tokenizer, side.taxonomy)

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


def _load_network(source: ModelSource, config: WasitConfig, dtype: torch.dtype) -> WasitModel:
    check_weights(source, config)
    # Given the weights, the library looks at no other file: a folder may name further ones to load.
    network: WasitModel = WasitModel.from_pretrained(
        None, config=config, state_dict=load_file(source.folder / SAFE_WEIGHTS_NAME), dtype=dtype
    )
    network.eval()
    return network


def check_weights(source: ModelSource, config: WasitConfig) -> None:
    """Sees that the weights fit the tasks and labels, before there is memory for either.

    Args:
        source: The folder that has them.
        config: Of the model.

    Raises:
        InputError: If they are not there or not in safetensors, or do not fit.
    """
    check_files([path.name for path in source.folder.iterdir()], source.name)
    try:
        with safe_open(source.folder / SAFE_WEIGHTS_NAME, framework="pt") as weights:
            found = {key: tuple(weights.get_slice(key).get_shape()) for key in weights.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(
            f"model {source.name!r}: {SAFE_WEIGHTS_NAME} is damaged, or no safetensors: {error}"
        ) from error
    with torch.device("meta"):
        network = WasitModel(config)
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    # Trainable weights that a file lacks are drawn at random: the answers would be, too.
    wrong = [f"{key} is missing" for key in sorted(expected.keys() - found.keys())]
    wrong += [f"{key} has no place" for key in sorted(found.keys() - expected.keys())]
    wrong += [
        f"{key} is {found[key]} instead of {shape}"
        for key, shape in sorted(expected.items())
        if key in found and found[key] != shape
    ]
    if wrong:
        more = f", and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        raise InputError(
            f"model {source.name!r}: its weights do not fit the tasks and labels in its config.json: "
            f"{', '.join(wrong[:_MOST_SHOWN])}{more}"
        )


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
