"""The network: one encoder pass for the topic of an article and for all its mediators."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.models.bert import BertModel
from transformers.utils.generic import ModelOutput

from wasit.models.batch import FEWEST_ROWS
from wasit.models.configuration import WasitConfig
from wasit.models.packed_attention import PACKED_ATTENTION
from wasit.models.taxonomy import Taxonomy

NEIGHBOURHOOD = 12
"""Tokens before a marker, and after the first token of its mention, that count as around the mention."""


@dataclass
class WasitOutput(ModelOutput):
    """What one forward pass gives, in float32, before any temperature.

    Attributes:
        logits: For each task (articles, labels) or, for tasks of mediators, (pairs, labels).
        mention_logits: For each task of mediators (mentions, labels): what each mention alone speaks for.
    """

    logits: dict[str, Tensor] | None = None
    mention_logits: dict[str, Tensor] | None = None


class Reading(NamedTuple):
    """What the heads need to know of a batch once the encoder has read it.

    Attributes:
        first_tokens: State of each window's first token in the last layer; (windows, width).
        mention_features: Of each mention the states of its marker, of its first token and around it, layer by
            layer, each normalised; (mentions, 3 · layers read · width).
    """

    first_tokens: Tensor
    mention_features: Tensor


class WasitModel(PreTrainedModel):
    """A ``bert`` encoder with a head for each task of the taxonomy.

    Tasks of articles read ``BertPooler``, the mean over windows weighted by their tokens, so that they can be
    exported as a plain ``BertForSequenceClassification``. Tasks of mediators read, for each mention, its marker,
    its first token and the mean of the tokens around it, each from several layers; a pair's logits are the mean of
    those of its mentions.
    """

    config_class = WasitConfig
    config: WasitConfig
    base_model_prefix = "wasit"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: WasitConfig) -> None:
        """Builds encoder and heads with fresh weights."""
        super().__init__(config)
        taxonomy = Taxonomy.from_dict(config.taxonomy)
        width = config.encoder.hidden_size
        self.encoder = BertModel(config.encoder, add_pooling_layer=True)
        self.encoder.set_attn_implementation(PACKED_ATTENTION)
        self.article_heads = nn.ModuleDict(
            {task.name: nn.Linear(width, len(task.labels)) for task in taxonomy.article_tasks}
        )
        self.mention_layers = mention_layers(config.encoder.num_hidden_layers)
        self.mention_dropout = nn.Dropout(config.mention_dropout)
        self.mention_pooler = nn.Linear(3 * len(self.mention_layers) * width, config.mention_width)
        self.mediator_heads = nn.ModuleDict(
            {task.name: nn.Linear(config.mention_width, len(task.labels)) for task in taxonomy.mediator_tasks}
        )
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        window_start: Tensor,
        window_tokens: Tensor,
        window_article: Tensor,
        marker_place: Tensor,
        marker_window: Tensor,
        marker_pair: Tensor,
        article_count: int,
        pair_count: int,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        window_bounds: Tensor | None = None,
    ) -> WasitOutput:
        """Runs a batch as :class:`wasit.models.batch.Batch` lays it out, padded or packed.

        Args:
            input_ids: (rows, length).
            window_start: (windows,).
            window_tokens: (windows,).
            window_article: (windows,), from 0 to ``article_count - 1``.
            marker_place: (mentions,).
            marker_window: (mentions,).
            marker_pair: (mentions,), from 0 to ``pair_count - 1``.
            article_count: Number of articles, each with at least one window.
            pair_count: Number of pairs, each with at least one mention.
            attention_mask: (rows, length), of padded rows.
            position_ids: (1, length), of a packed row.
            window_bounds: (windows + 1,), of a packed row; on the CPU unless
                :func:`wasit.models.packed_attention.uses_variable_length_kernel`.

        Returns:
            The logits of all tasks.
        """
        reading = self.read(
            input_ids,
            window_start,
            window_tokens,
            marker_place,
            marker_window,
            attention_mask,
            position_ids,
            window_bounds,
        )
        return self.answer(reading, window_tokens, window_article, marker_pair, article_count, pair_count)

    def read(
        self,
        input_ids: Tensor,
        window_start: Tensor,
        window_tokens: Tensor,
        marker_place: Tensor,
        marker_window: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        window_bounds: Tensor | None = None,
    ) -> Reading:
        """Runs the encoder and gathers what the heads read; arguments as for :meth:`forward`."""
        packed = {} if window_bounds is None else self._packed_arguments(window_bounds)
        encoded = self.encoder(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            output_hidden_states=True,
            **packed,
        )
        states = [layer.flatten(0, 1) for layer in encoded.hidden_states]
        start = window_start[marker_window]
        features = self._mention_features(
            [states[layer] for layer in self.mention_layers],
            None if attention_mask is None else attention_mask.flatten() == 1,
            marker_place,
            start,
            start + window_tokens[marker_window],
        )
        return Reading(states[-1][window_start], features)

    def _packed_arguments(self, window_bounds: Tensor) -> dict[str, Tensor | int]:
        if self.encoder.config._attn_implementation != PACKED_ATTENTION:
            # Any other would let the articles of a row see one another.
            raise ValueError(
                f"attn_implementation is {self.encoder.config._attn_implementation!r}; "
                f"allowed for a packed batch: {PACKED_ATTENTION!r}"
            )
        return {"window_bounds": window_bounds, "longest_window": self.config.window_tokens}

    def _mention_features(
        self, layers: Sequence[Tensor], is_token: Tensor | None, place: Tensor, start: Tensor, end: Tensor
    ) -> Tensor:
        """Gathers the states of each mention.

        Args:
            layers: States of the layers that are read; (places, width) each.
            is_token: Which places count, all without it; (places,).
            place: Place of each marker; (mentions,).
            start: Place where the marker's window starts; (mentions,).
            end: Place behind the end of the marker's window; (mentions,).
        """
        around = place[:, None] + torch.arange(-NEIGHBOURHOOD, NEIGHBOURHOOD + 2, device=place.device)
        counts = (around >= start[:, None]) & (around < end[:, None])
        around = around.clamp(0, len(layers[0]) - 1)
        if is_token is not None:
            counts &= is_token[around]
        weights = counts[..., None].to(layers[0].dtype)
        features = []
        for states in layers:
            neighbours = (states[around] * weights).sum(1) / weights.sum(1)
            features += [states[place], states[place + 1], neighbours]
        return torch.cat([functional.layer_norm(feature, feature.shape[-1:]) for feature in features], dim=-1)

    def answer(
        self,
        reading: Reading,
        window_tokens: Tensor,
        window_article: Tensor,
        marker_pair: Tensor,
        article_count: int,
        pair_count: int,
    ) -> WasitOutput:
        """Answers all tasks.

        Args:
            reading: Of the batch.
            window_tokens: How much each window weighs in its article; (windows,).
            window_article: (windows,).
            marker_pair: (mentions,).
            article_count: Number of articles.
            pair_count: Number of pairs.
        """
        pooler = self.encoder.pooler
        assert pooler is not None
        pooled = pooler(_filled_up(reading.first_tokens)[:, None])
        features = _filled_up(reading.mention_features.to(self.mention_pooler.weight.dtype))
        summary = torch.tanh(self.mention_pooler(self.mention_dropout(features)))
        mention_logits = {
            name: head(summary)[: len(marker_pair)].float() for name, head in self.mediator_heads.items()
        }
        weights, once = window_tokens.float(), torch.ones_like(marker_pair, dtype=torch.float32)
        logits = {
            name: weighted_mean(head(pooled)[: len(weights)].float(), window_article, weights, article_count)
            for name, head in self.article_heads.items()
        }
        for name, values in mention_logits.items():
            logits[name] = weighted_mean(values, marker_pair, once, pair_count)
        return WasitOutput(logits=logits, mention_logits=mention_logits)


def _filled_up(rows: Tensor) -> Tensor:
    return functional.pad(rows, (0, 0, 0, max(0, FEWEST_ROWS - len(rows))))


def mention_layers(depth: int) -> tuple[int, ...]:
    """The layers that mentions are read from: the embeddings, a third and two thirds of the way, and the last.

    What is said of a mediator stands near its name, in words that the upper layers of an encoder trained for whole
    texts have blended already (Tenney et al. 2019: lower layers hold what is local).

    Args:
        depth: Number of layers of the encoder.
    """
    return tuple(sorted({0, round(depth / 3), round(2 * depth / 3), depth}))


def weighted_mean(values: Tensor, group: Tensor, weight: Tensor, groups: int) -> Tensor:
    """Mean of the rows of each group.

    Args:
        values: (rows, width).
        group: (rows,), from 0 to ``groups - 1``.
        weight: (rows,).
        groups: Number of groups; one without rows gives NaN.

    Returns:
        (groups, width).
    """
    total = values.new_zeros(groups, values.shape[1]).index_add(0, group, values * weight[:, None])
    mass = weight.new_zeros(groups).index_add(0, group, weight)
    return total / mass[:, None]


AutoConfig.register("wasit", WasitConfig)
AutoModel.register(WasitConfig, WasitModel)
