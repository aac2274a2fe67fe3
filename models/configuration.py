"""The configuration of a wasit model: everything that a checkpoint must carry besides weights and tokenizer."""

from typing import Any

from transformers import PreTrainedConfig
from transformers.models.bert import BertConfig

from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy

FORMAT_VERSION = 1
DEFAULT_OVERLAP = 64


class WasitConfig(PreTrainedConfig):
    """Encoder, taxonomy, windows and calibration of a model.

    Args:
        encoder: The configuration of the ``bert`` encoder, as an object or as its dictionary.
        taxonomy: The tasks and mediators as a dictionary, see :meth:`Taxonomy.to_dict`.
        window_tokens: Length of a window in tokens, special tokens included.
        window_overlap: Tokens that neighbouring windows share.
        mention_width: Numbers that a mention is summed up in.
        mention_dropout: Dropout, in training, of what the tasks of mediators read.
        temperatures: For each task the temperature that its logits are divided by before they become scores
            (Guo et al. 2017, "On Calibration of Modern Neural Networks"); tasks not named have 1.
        format_version: Version of this layout; a newer one is refused.

    Raises:
        InputError: If the encoder is not a ``bert`` or the format is newer than this version of wasit.
    """

    model_type = "wasit"
    sub_configs = {"encoder": BertConfig}  # noqa: RUF012 - the base class declares it so

    def __init__(
        self,
        encoder: BertConfig | dict[str, Any] | None = None,
        taxonomy: dict[str, Any] | None = None,
        window_tokens: int = 512,
        window_overlap: int = DEFAULT_OVERLAP,
        mention_width: int = 128,
        mention_dropout: float = 0.3,
        temperatures: dict[str, float] | None = None,
        format_version: int = FORMAT_VERSION,
        **kwargs: Any,
    ) -> None:
        """Builds the nested encoder configuration; see the class for the arguments."""
        if format_version > FORMAT_VERSION:
            raise InputError(
                f"the model has format_version {format_version}, this wasit reads up to {FORMAT_VERSION}: "
                "update it with `pip install --upgrade wasit`"
            )
        self.encoder = _encoder_config(encoder)
        self.taxonomy = taxonomy if taxonomy is not None else Taxonomy.default().to_dict()
        self.window_tokens = window_tokens
        self.window_overlap = window_overlap
        self.mention_width = mention_width
        self.mention_dropout = mention_dropout
        self.temperatures = dict(temperatures or {})
        self.format_version = format_version
        super().__init__(**kwargs)


def _encoder_config(encoder: BertConfig | dict[str, Any] | None) -> BertConfig:
    if encoder is None:
        return BertConfig()
    if isinstance(encoder, dict):
        model_type = encoder.get("model_type", "bert")
        if model_type != "bert":
            raise InputError(f"encoder.model_type is {model_type!r}; allowed: 'bert'")
        return BertConfig(**encoder)
    return encoder
