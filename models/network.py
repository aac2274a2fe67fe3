"""The network: one encoder pass for the topic of an article and for all its mediators."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.models.bert import BertModel
from transformers.utils.generic import ModelOutput

from wasit.models.configuration import WasitConfig
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


class WasitModel(PreTrainedModel):
    """A ``bert`` encoder with a head for each task of the taxonomy.

    Tasks of articles read ``BertPooler``, the mean over windows weighted by their tokens, so that they can be
    exported as a plain ``BertForSequenceClassification``. Tasks of mediators read, for each mention, its marker,
    its first token and the mean of the tokens around it, each from several layers; a pair's logits are the mean of
    those of its mentions.
    """

    config_class = WasitConfig
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
        attention_mask: Tensor,
        window_article: Tensor,
        marker_window: Tensor,
        marker_column: Tensor,
        marker_pair: Tensor,
        article_count: int,
        pair_count: int,
    ) -> WasitOutput:
        """Runs a batch as :class:`wasit.models.batch.Batch` lays it out.

        Args:
            input_ids: (windows, length).
            attention_mask: (windows, length).
            window_article: (windows,), from 0 to ``article_count - 1``.
            marker_window: (mentions,).
            marker_column: (mentions,).
            marker_pair: (mentions,), from 0 to ``pair_count - 1``.
            article_count: Number of articles, each with at least one window.
            pair_count: Number of pairs, each with at least one mention.

        Returns:
            The logits of all tasks.
        """
        encoded = self.encoder(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
        features = self.mention_features(encoded.hidden_states, attention_mask, marker_window, marker_column)
        window_tokens = attention_mask.sum(1).float()
        mention_logits = self.mention_logits(features)
        once = window_tokens.new_ones(len(marker_pair))
        logits = self.article_logits(encoded.pooler_output, window_article, window_tokens, article_count)
        for name, values in mention_logits.items():
            logits[name] = weighted_mean(values, marker_pair, once, pair_count)
        return WasitOutput(logits=logits, mention_logits=mention_logits)

    def article_logits(
        self, pooled: Tensor, window_article: Tensor, window_tokens: Tensor, article_count: int
    ) -> dict[str, Tensor]:
        """Answers the tasks of articles.

        Args:
            pooled: What ``BertPooler`` gives for each window; (windows, width).
            window_article: (windows,).
            window_tokens: How much each window weighs in its article; (windows,).
            article_count: Number of articles.

        Returns:
            For each task (articles, labels).
        """
        return {
            name: weighted_mean(self._head(head, pooled), window_article, window_tokens, article_count)
            for name, head in self.article_heads.items()
        }

    def mention_features(
        self, hidden_states: Sequence[Tensor], attention_mask: Tensor, window: Tensor, column: Tensor
    ) -> Tensor:
        """What is known of each mention: states of its marker, of its first token and around it, layer by layer.

        Args:
            hidden_states: Of the embeddings and of every layer; (windows, length, width) each.
            attention_mask: (windows, length).
            window: Window of each marker; (mentions,).
            column: Position of each marker in its window; (mentions,).

        Returns:
            (mentions, 3 · layers read · width), each state normalised.
        """
        around = column[:, None] + torch.arange(-NEIGHBOURHOOD, NEIGHBOURHOOD + 2, device=column.device)
        inside = (around >= 0) & (around < attention_mask.shape[1])
        around = around.clamp(0, attention_mask.shape[1] - 1)
        is_token = (inside & (attention_mask[window[:, None], around] == 1))[..., None]
        features = []
        for states in (hidden_states[layer] for layer in self.mention_layers):
            weights = is_token.to(states.dtype)
            neighbours = (states[window[:, None], around] * weights).sum(1) / weights.sum(1)
            features += [states[window, column], states[window, column + 1], neighbours]
        return torch.cat([functional.layer_norm(feature, feature.shape[-1:]) for feature in features], dim=-1)

    def mention_logits(self, features: Tensor) -> dict[str, Tensor]:
        """Answers the tasks of mediators for each mention alone.

        Args:
            features: As :meth:`mention_features` gives them.

        Returns:
            For each task (mentions, labels).
        """
        mixed = self.mention_dropout(features.to(self.mention_pooler.weight.dtype))
        summary = torch.tanh(self.mention_pooler(mixed))
        return {name: self._head(head, summary) for name, head in self.mediator_heads.items()}

    @staticmethod
    def _head(head: nn.Module, features: Tensor) -> Tensor:
        logits: Tensor = head(features)
        return logits.float()


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
