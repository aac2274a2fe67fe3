"""What of a model deals with texts: tokenizer, taxonomy and settings, without the network.

Processes that only encode and decode load this much.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from transformers import PreTrainedTokenizerFast

from wasit.models.configuration import WasitConfig
from wasit.models.encoding import ArticleEncoder
from wasit.models.errors import InputError
from wasit.models.mentions import MentionFinder
from wasit.models.prediction import Decoder
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import load_tokenizer

SHIPPED_MODEL = "wasit-mini"
"""The model inside the package: it needs no network."""


@dataclass(frozen=True)
class TextSide:
    """Turns texts into token ids, and logits into answers.

    Attributes:
        name: What the user called the model.
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
            name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub.
            mediators: YAML file of mediators to look for besides those of the model.

        Raises:
            InputError: If there is no such model, or it is not one of wasit's.
            ConfigError: If the file of mediators is wrong, with everything that is wrong.
        """
        with model_source(name) as source:
            config = _config(name, source)
            taxonomy = Taxonomy.from_dict(config.taxonomy, f"{source}/config.json: taxonomy")
            side = cls(name, config, load_tokenizer(source), taxonomy)
        if mediators is None:
            return side
        return dataclasses.replace(side, taxonomy=taxonomy.with_mediators(Path(mediators)))

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


@contextmanager
def model_source(name: str) -> Iterator[str]:
    """What transformers loads a model from: the folder of the shipped one, else the name itself."""
    if name == SHIPPED_MODEL and not Path(name).is_dir():
        with as_file(files("wasit.models") / SHIPPED_MODEL) as folder:
            yield str(folder)
    else:
        yield name


def _config(name: str, source: str) -> WasitConfig:
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
    config: WasitConfig = WasitConfig.from_pretrained(source)
    return config
