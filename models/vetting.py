"""Looks at the files of a model, which a stranger may have made, before anything is built from them."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, Field
from transformers.activations import ACT2FN
from transformers.tokenization_utils_tokenizers import TOKENIZER_FILE
from transformers.utils import CONFIG_NAME, SAFE_WEIGHTS_NAME

from wasit.models.config_file import Problem, Problems, validate
from wasit.models.configuration import DEFAULT_OVERLAP, FORMAT_VERSION, WasitConfig
from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy

LONGEST_CONFIG = 10_000_000
"""Bytes of a config.json; the largest taxonomy that is allowed has fewer."""
MOST_PARAMETERS = 2_000_000_000

# Formats that are read by unpickling, which runs whatever code the file asks for.
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
_MOST_NAMED = 5
_LEAST_WINDOW = 8


def _check_activation(name: str) -> str:
    if name not in ACT2FN:
        raise Problems([Problem((), "is no activation", name, ", ".join(ACT2FN))])
    return name


_Share = Annotated[float, Field(ge=0, lt=1)]
_Token = Annotated[int, Field(ge=0)]


class _Read(pydantic.BaseModel):
    """What wasit reads of a config.json; other keys, such as those that ask for code, have no effect."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class _Encoder(_Read):
    """Bounds that no honest encoder comes near."""

    model_type: Literal["bert"] = "bert"
    vocab_size: Annotated[int, Field(ge=1, le=4_000_000)] = 30_522
    hidden_size: Annotated[int, Field(ge=1, le=16_384)] = 768
    num_hidden_layers: Annotated[int, Field(ge=1, le=200)] = 12
    num_attention_heads: Annotated[int, Field(ge=1, le=512)] = 12
    intermediate_size: Annotated[int, Field(ge=1, le=131_072)] = 3_072
    max_position_embeddings: Annotated[int, Field(ge=_LEAST_WINDOW, le=1_000_000)] = 512
    type_vocab_size: Annotated[int, Field(ge=1, le=1_000)] = 2
    hidden_act: Annotated[str, AfterValidator(_check_activation)] = "gelu"
    hidden_dropout_prob: _Share = 0.1
    attention_probs_dropout_prob: _Share = 0.1
    initializer_range: Annotated[float, Field(gt=0, le=100)] = 0.02
    layer_norm_eps: Annotated[float, Field(gt=0, lt=1)] = 1e-12
    pad_token_id: _Token | None = 0
    bos_token_id: _Token | None = None
    eos_token_id: _Token | None = None
    is_decoder: Literal[False] = False
    add_cross_attention: Literal[False] = False

    @pydantic.model_validator(mode="after")
    def _check_sizes(self) -> "_Encoder":
        problems = []
        if self.hidden_size % self.num_attention_heads:
            allowed = f"a divisor of hidden_size, {self.hidden_size}"
            problems.append(Problem(("num_attention_heads",), "is wrong", self.num_attention_heads, allowed))
        if self.pad_token_id is not None and self.pad_token_id >= self.vocab_size:
            allowed = f"less than vocab_size, {self.vocab_size}"
            problems.append(Problem(("pad_token_id",), "is no token", self.pad_token_id, allowed))
        if problems:
            raise Problems(problems)
        return self

    @property
    def parameters(self) -> int:
        """How many weights it has, biases and norms left out."""
        embeddings = self.vocab_size + self.max_position_embeddings + self.type_vocab_size
        layer = 4 * self.hidden_size + 2 * self.intermediate_size
        return self.hidden_size * (embeddings + self.num_hidden_layers * layer + self.hidden_size)


class _Settings(_Read):
    model_type: Literal["wasit"]
    format_version: Annotated[int, Field(ge=1, le=FORMAT_VERSION)] = FORMAT_VERSION
    encoder: _Encoder
    taxonomy: dict[str, Any]
    window_tokens: Annotated[int, Field(ge=_LEAST_WINDOW)] = 512
    window_overlap: Annotated[int, Field(ge=0)] = DEFAULT_OVERLAP
    mention_width: Annotated[int, Field(ge=1, le=16_384)] = 128
    mention_dropout: _Share = 0.3
    initializer_range: Annotated[float, Field(gt=0, le=100)] = 0.02
    temperatures: dict[str, Annotated[float, Field(gt=0, le=1_000)]] = Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _check_windows(self) -> "_Settings":
        problems = []
        longest = self.encoder.max_position_embeddings
        if self.window_tokens > longest:
            allowed = f"up to max_position_embeddings of the encoder, {longest}"
            problems.append(Problem(("window_tokens",), "is too long", self.window_tokens, allowed))
        # Two tokens of a window are special; what is left must be more than what the next window repeats.
        if self.window_overlap >= self.window_tokens - 2:
            allowed = f"less than {self.window_tokens - 2}"
            problems.append(Problem(("window_overlap",), "is too long", self.window_overlap, allowed))
        if self.encoder.parameters > MOST_PARAMETERS:
            found = f"{self.encoder.parameters:,} weights"
            problems.append(Problem(("encoder",), "is too large", found, f"up to {MOST_PARAMETERS:,}"))
        if problems:
            raise Problems(problems)
        return self


def read_config(folder: Path, name: str) -> tuple[WasitConfig, Taxonomy]:
    """Reads the config.json of a model, and believes nothing that it says.

    Args:
        folder: Of the model.
        name: What the user called it, for errors.

    Raises:
        InputError: If it is not there, cannot be read, is of another kind of model, or of a newer wasit.
        ConfigError: If a value is out of bounds, with all that are.
    """
    settings = read_settings(folder, name)
    where = f"{name}/{CONFIG_NAME}"
    vetted = validate(settings, _Settings, where)
    taxonomy = Taxonomy.from_dict(vetted.taxonomy, f"{where}: taxonomy")
    return WasitConfig(**vetted.model_dump(exclude_unset=True, exclude={"model_type"})), taxonomy


def read_settings(folder: Path, name: str) -> Mapping[str, Any]:
    """Reads a config.json as far as to see that it is of a wasit model that this version can read.

    Args:
        folder: Of the model.
        name: What the user called it, for errors.

    Raises:
        InputError: If it is not there, cannot be read, is of another kind of model, or of a newer wasit.
    """
    path = folder / CONFIG_NAME
    if not path.is_file():
        raise InputError(
            f"{name!r} is not a wasit model: it has no {CONFIG_NAME}{_held(folder)}; "
            "allowed: what `wasit train` and `wasit push` write"
        )
    settings = _parse(path, name)
    _check_kind(settings, name)
    _check_version(settings, name)
    return settings


def check_files(names: Collection[str], name: str) -> None:
    """Sees that weights and tokenizer are there, and in formats that run no code.

    Args:
        names: Of all files of the model, as paths from its folder.
        name: What the user called it, for errors.

    Raises:
        InputError: If they are not; with the reason.
    """
    if SAFE_WEIGHTS_NAME not in names:
        pickles = sorted(one for one in names if one.endswith(_PICKLES))
        if pickles:
            raise InputError(
                f"model {name!r} has its weights as {pickles[0]} only, a pickle, which can run any code when it "
                f"is read: allowed is {SAFE_WEIGHTS_NAME}; ask its publisher for it"
            )
        held = f", only {_some(names)}" if names else ""
        raise InputError(
            f"model {name!r} has no {SAFE_WEIGHTS_NAME}{held}: it is not whole; "
            "weights in other formats or in several files are not read"
        )
    if TOKENIZER_FILE not in names:
        raise InputError(f"model {name!r} has no {TOKENIZER_FILE}: it is not whole")


def _parse(path: Path, name: str) -> Mapping[str, Any]:
    if path.stat().st_size > LONGEST_CONFIG:
        raise InputError(
            f"{name}/{CONFIG_NAME}: found {path.stat().st_size:,} bytes; allowed: up to {LONGEST_CONFIG:,}"
        )
    try:
        settings = json.loads(path.read_bytes())
    # A file that is nested deeply ends in the last of the three.
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{name}/{CONFIG_NAME}: is not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise InputError(f"{name}/{CONFIG_NAME}: found a {type(settings).__name__}; allowed: a JSON object")
    return settings


def _check_kind(settings: Mapping[str, Any], name: str) -> None:
    model_type = settings.get("model_type")
    if model_type == WasitConfig.model_type:
        return
    todo = (
        "fine-tune it with `wasit train RECIPE --set base=...` first"
        if model_type == "bert"
        else "name a model that `wasit train` wrote; it can be trained from any 'bert' encoder"
    )
    raise InputError(f"{name!r} is a {model_type!r} model, not one of wasit's; {todo}")


def _check_version(settings: Mapping[str, Any], name: str) -> None:
    version = settings.get("format_version", FORMAT_VERSION)
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise InputError(
            f"model {name!r} has format_version {version}, this wasit reads up to {FORMAT_VERSION}: "
            "update it with `pip install --upgrade wasit`"
        )


def _held(folder: Path) -> str:
    names = [path.name for path in folder.iterdir()]
    return f" (it holds {_some(names)})" if names else " (it is empty)"


def _some(names: Collection[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(sorted(names)[:_MOST_NAMED]) + more
