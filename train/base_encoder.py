"""A pretrained ``bert`` encoder as the files that it consists of: read, cut to some of its pieces, and written."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoConfig, PreTrainedTokenizerFast
from transformers.models.bert import BertConfig, BertModel
from transformers.tokenization_utils_tokenizers import TOKENIZER_FILE
from transformers.utils import CONFIG_NAME
from transformers.utils.hub import cached_file

from wasit.models.base_name import BaseName
from wasit.models.errors import InputError
from wasit.models.tokenizer import load_base_tokenizer, load_tokenizer
from wasit.train.piece_table import PieceTable

WEIGHTS_FILE = "model.safetensors"
_EMBEDDINGS = "embeddings.word_embeddings.weight"
# Encoders that were saved with their masked language model have a row a piece there too.
_ROW_PER_PIECE = (_EMBEDDINGS, "predictions.decoder.weight", "predictions.decoder.bias", "predictions.bias")


@dataclass(frozen=True)
class BaseEncoder:
    """A ``bert`` encoder that wasit can train on.

    Attributes:
        name: Its folder, or ``organisation/name`` or ``organisation/name@revision`` on the Hub.
        config: Its configuration.
        tokenizer: Its own tokenizer, without what wasit adds.
        table: The pieces of the tokenizer.
        weights: The file of its weights.
    """

    name: str
    config: BertConfig
    tokenizer: PreTrainedTokenizerFast
    table: PieceTable
    weights: Path

    @classmethod
    def load(cls, name: str) -> "BaseEncoder":
        """Reads everything but the weights.

        Raises:
            InputError: If there is no such base, it is no ``bert`` encoder, its tokenizer is of an unknown type or
                not a fast one, or its weights are not in safetensors or too few for the tokenizer.
        """
        source, revision = BaseName.parse(name)
        try:
            config = AutoConfig.from_pretrained(source, revision=revision, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise InputError(f"base {name!r} cannot be loaded: {str(error).strip().splitlines()[0]}") from error
        if not isinstance(config, BertConfig):
            raise InputError(f"base {name!r} is a {config.model_type!r} model; allowed: a 'bert' encoder")
        tokenizer = load_tokenizer(name)
        table = PieceTable(_content(tokenizer, _file(name, TOKENIZER_FILE)), f"base {name!r}")
        weights = _file(name, WEIGHTS_FILE)
        if weights is None:
            raise InputError(
                f"base {name!r} has no {WEIGHTS_FILE}, the only file of weights that can be cut; "
                "a revision on the Hub may have one: name it behind an @, often @refs/pr/N"
            )
        _check_rows(name, weights, table)
        return cls(name, config, tokenizer, table, weights)

    def reading_tokenizer(self) -> Tokenizer:
        """A tokenizer that reads texts whole and as wasit's models do: with their normaliser, without a marker."""
        backend = load_tokenizer(self.name).backend_tokenizer
        backend.normalizer = load_base_tokenizer(self.name).backend_tokenizer.normalizer
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = True
        return backend

    def network(self) -> BertModel:
        """The encoder in float32, in evaluation mode."""
        source, revision = BaseName.parse(self.name)
        network: BertModel = BertModel.from_pretrained(
            source,
            revision=revision or "main",
            dtype=torch.float32,
            use_safetensors=True,
            add_pooling_layer=False,
        ).eval()
        return network

    @property
    def window_tokens(self) -> int:
        """How many tokens it reads at once, special tokens included."""
        return min(self.tokenizer.model_max_length, self.config.max_position_embeddings)

    def write_cut(self, folder: Path, kept: Sequence[int]) -> None:
        """Writes the encoder with some of its pieces; all other weights stay as they are, bit for bit.

        Args:
            folder: Where to; it is there and empty.
            kept: Ascending ids of the pieces, among them all required ones.
        """
        content = self.table.cut(kept)
        tokenizer = self._cut_tokenizer(content)
        tokenizer.save_pretrained(folder)
        # The library does not read every score to the last bit: what it writes is not quite what the base has.
        text = json.dumps(content, ensure_ascii=False, indent=2)
        (folder / TOKENIZER_FILE).write_text(text, encoding="utf-8")
        self._cut_config(tokenizer, kept).save_pretrained(folder)
        rows = torch.tensor(kept)
        with safe_open(self.weights, framework="pt") as weights:
            tensors = {name: weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118
            metadata = weights.metadata()
        for name in filter(_has_row_per_piece, tensors):
            tensors[name] = tensors[name][rows]
        save_file(tensors, folder / WEIGHTS_FILE, metadata)
        # The library makes the file readable for its owner alone.
        shutil.copymode(folder / CONFIG_NAME, folder / WEIGHTS_FILE)

    def _cut_tokenizer(self, content: dict[str, Any]) -> PreTrainedTokenizerFast:
        # A class such as XLMRobertaTokenizer rebuilds its tokenizer when it is loaded, by rules of the original
        # vocabulary: the general class takes it as the file has it.
        tokenizer = self.tokenizer
        return PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer.from_str(json.dumps(content, ensure_ascii=False)),
            model_max_length=tokenizer.model_max_length,
            padding_side=tokenizer.padding_side,
            truncation_side=tokenizer.truncation_side,
            model_input_names=tokenizer.model_input_names,
            extra_special_tokens=tokenizer.extra_special_tokens,
            **tokenizer.special_tokens_map,
        )

    def _cut_config(self, tokenizer: PreTrainedTokenizerFast, kept: Sequence[int]) -> BertConfig:
        settings = self.config.to_dict()
        # The folder's own tokenizer_config.json says it, and it is no longer the class of the base.
        settings.pop("tokenizer_class", None)
        config = BertConfig.from_dict(settings)
        config.vocab_size = len(kept)
        for token in tokenizer.SPECIAL_TOKENS_ATTRIBUTES:
            if getattr(config, f"{token}_id", None) is not None:
                setattr(config, f"{token}_id", getattr(tokenizer, f"{token}_id"))
        # A folder of this machine is nobody else's business.
        config.name_or_path = ""
        return config


def _content(tokenizer: PreTrainedTokenizerFast, file: Path | None) -> dict[str, Any]:
    """The JSON of a tokenizer as it was loaded, with the scores as they stand in its file."""
    content: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    if file is not None and content["model"]["type"] == "Unigram":
        stored = json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]
        if [piece for piece, _ in stored] == [piece for piece, _ in content["model"]["vocab"]]:
            content["model"]["vocab"] = stored
    return content


def _file(name: str, file: str) -> Path | None:
    source, revision = BaseName.parse(name)
    try:
        found = cached_file(source, file, revision=revision)
    except OSError:
        return None
    return None if found is None else Path(found)


def _check_rows(name: str, weights: Path, table: PieceTable) -> None:
    try:
        with safe_open(weights, framework="pt") as tensors:
            embeddings = [key for key in tensors.keys() if key.endswith(_EMBEDDINGS)]  # noqa: SIM118
            rows = tensors.get_slice(embeddings[0]).get_shape()[0] if embeddings else 0
    except SafetensorError as error:
        raise InputError(f"base {name!r}: {WEIGHTS_FILE} cannot be read: {error}") from error
    needed = max(table.pieces) + 1
    if rows < needed:
        raise InputError(f"base {name!r} has embeddings of {rows} pieces, and a tokenizer of {needed}")


def _has_row_per_piece(name: str) -> bool:
    return name.endswith(_ROW_PER_PIECE)
