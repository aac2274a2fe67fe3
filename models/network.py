"""The network: one encoder pass for the topic of an article and for all its mediators."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.models.bert import BertModel
from transformers.utils.generic import ModelOutput

from wasit.models.configuration import WasitConfig
from wasit.models.taxonomy import Taxonomy


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
    the first token of the mention and the first token of the window; a pair's logits are the mean of those of its
    mentions.
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
        self.mention_pooler = nn.Linear(3 * width, width)
        self.mediator_heads = nn.ModuleDict(
            {task.name: nn.Linear(width, len(task.labels)) for task in taxonomy.mediator_tasks}
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
        encoded = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        states = encoded.last_hidden_state
        window_tokens = attention_mask.sum(1).float()
        logits = {
            name: weighted_mean(
                self._head(head, encoded.pooler_output), window_article, window_tokens, article_count
            )
            for name, head in self.article_heads.items()
        }
        mentions = self._mention_states(states, marker_window, marker_column)
        mention_logits = {name: self._head(head, mentions) for name, head in self.mediator_heads.items()}
        once = window_tokens.new_ones(len(marker_pair))
        for name, values in mention_logits.items():
            logits[name] = weighted_mean(values, marker_pair, once, pair_count)
        return WasitOutput(logits=logits, mention_logits=mention_logits)

    def _mention_states(self, states: Tensor, window: Tensor, column: Tensor) -> Tensor:
        features = torch.cat(
            (states[window, column], states[window, column + 1], states[window, torch.zeros_like(column)]), dim=-1
        )
        return torch.tanh(self.mention_pooler(features.to(self.mention_pooler.weight.dtype)))

    @staticmethod
    def _head(head: nn.Module, features: Tensor) -> Tensor:
        logits: Tensor = head(features)
        return logits.float()


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
