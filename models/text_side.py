"""What of a model deals with texts: tokenizer, taxonomy and settings, without the network.

Processes that only encode and decode load this much.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from transformers import PreTrainedTokenizerFast
from transformers.tokenization_utils_tokenizers import TOKENIZER_FILE

from wasit.models.configuration import WasitConfig
from wasit.models.encoding import ArticleEncoder
from wasit.models.errors import InputError
from wasit.models.hub_name import HubName
from wasit.models.mentions import MentionFinder
from wasit.models.prediction import Decoder
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import marker_id
from wasit.models.vetting import read_config

SHIPPED_MODEL = "wasit-mini"
"""The model inside the package: it needs no network."""


@dataclass(frozen=True)
class TextSide:
    """Turns texts into token ids, and logits into answers.

    Attributes:
        name: What the user called the model; of one on the Hub ``organisation/name@commit``.
        config: Its settings.
        tokenizer: With normaliser and marker.
        taxonomy: The tasks as trained, and the mediators to look for.
    """

    name: str
    config: WasitConfig
    tokenizer: PreTrainedTokenizerFast
    taxonomy: Taxonomy

    @classmethod
    def load(cls, name: str = SHIPPED_MODEL, mediators: str | Path | None = None) -> "TextSide":
        """Loads this side of a model.

        Args:
            name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub, where a
                branch, tag or commit may follow as in ``organisation/name@revision``.
            mediators: YAML file of mediators to look for besides those of the model.

        Raises:
            InputError: If there is no such model, or it is not one of wasit's.
            ConfigError: If the file of mediators is wrong, or the model's settings are, with everything that is.
        """
        with find_model(name) as source:
            return cls.of_source(source, mediators)

    @classmethod
    def of_source(cls, source: "ModelSource", mediators: str | Path | None = None) -> "TextSide":
        """Loads this side of a model that is on the disk; see :meth:`load`."""
        config, taxonomy = read_config(source.folder, source.name)
        if mediators is not None:
            taxonomy = taxonomy.with_mediators(Path(mediators))
        return cls(source.name, config, _load_tokenizer(source, config.encoder.vocab_size), taxonomy)

    def encoder(self) -> ArticleEncoder:
        """Encodes articles for this model."""
        return ArticleEncoder(
            self.tokenizer,
            MentionFinder(self.taxonomy),
            self.config.window_tokens,
            self.config.window_overlap,
        )

    def decoder(self) -> Decoder:
        """Decodes the logits of this model."""
        return Decoder(self.taxonomy, self.config.temperatures)


@dataclass(frozen=True)
class ModelSource:
    """Where a model is on the disk.

    Attributes:
        name: What the user called it; of one on the Hub ``organisation/name@commit``.
        folder: Of its files.
    """

    name: str
    folder: Path


@contextmanager
def model_source(name: str) -> Iterator[str]:
    """The folder of a model alone; see :func:`find_model`."""
    with find_model(name) as source:
        yield str(source.folder)


@contextmanager
def find_model(name: str) -> Iterator[ModelSource]:
    """Finds a model, and fetches it from the Hub if it is there and not in the cache.

    Args:
        name: As :meth:`TextSide.load` takes it. A folder goes before a model on the Hub of the same name.

    Raises:
        InputError: If there is no such model, or it cannot be fetched.
    """
    if Path(name).is_dir():
        yield ModelSource(name, Path(name))
        return
    if name == SHIPPED_MODEL:
        with as_file(files("wasit.models") / SHIPPED_MODEL) as folder:
            yield ModelSource(name, folder)
        return
    on_hub = HubName.parse(name)
    if on_hub is None:
        raise InputError(
            f"there is no model {name!r}; allowed: {SHIPPED_MODEL}, a folder that `wasit train` wrote, or "
            "organisation/name on the Hugging Face Hub, with @ and a branch, tag or commit behind it if you like"
        )
    # Nothing but a model on the Hub needs its client.
    from wasit.models.hub import pull

    pinned, folder = pull(on_hub)
    yield ModelSource(str(pinned), folder)


def _load_tokenizer(source: ModelSource, pieces: int) -> PreTrainedTokenizerFast:
    file = source.folder / TOKENIZER_FILE
    if not file.is_file():
        raise InputError(f"model {source.name!r} has no {TOKENIZER_FILE}: it is not whole")
    try:
        # The class is named here and not by the folder, which might name one of its own; the file as well.
        tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(
            source.folder, tokenizer_file=str(file), local_files_only=True
        )
    # The library reads this file in Rust, whose errors have no class of their own.
    except Exception as error:
        raise InputError(
            f"model {source.name!r}: {TOKENIZER_FILE} cannot be read: {' '.join(str(error).split())}"
        ) from error
    for token in ("cls_token", "sep_token", "pad_token", "unk_token"):
        if getattr(tokenizer, token) is None:
            raise InputError(f"model {source.name!r}: its tokenizer has no {token}")
    marker_id(tokenizer)
    highest = max(tokenizer.get_vocab().values())
    if highest >= pieces:
        raise InputError(
            f"model {source.name!r}: its tokenizer has {highest + 1} pieces and its encoder knows {pieces}: "
            "they do not belong together"
        )
    return tokenizer
