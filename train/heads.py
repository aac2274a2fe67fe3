"""A last round for poolers and heads alone, on states of the encoder that are computed once.

Fine-tuning stops when the encoder has had enough, which is before heads that start from nothing have converged,
those of rare labels above all. Without the encoder, passes over the data cost seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from wasit.models.network import WasitModel, weighted_mean
from wasit.train.trainer import split_labels


@dataclass(frozen=True)
class BatchStates:
    """What the heads read of a batch, and its labels.

    Attributes:
        first_tokens: State of the first token of each window in the last layer; (windows, width).
        window_article: (windows,).
        window_tokens: (windows,).
        mention_features: (mentions, features).
        marker_pair: (mentions,).
        article_count: Number of articles.
        pair_count: Number of pairs.
        labels: For each task (articles, labels) or (pairs, labels).
    """

    first_tokens: Tensor
    window_article: Tensor
    window_tokens: Tensor
    mention_features: Tensor
    marker_pair: Tensor
    article_count: int
    pair_count: int
    labels: dict[str, Tensor]


def train_heads(
    network: WasitModel,
    batches: Sequence[BatchStates],
    loss: Callable[[dict[str, Tensor], dict[str, Tensor]], Tensor],
    epochs: int,
    learning_rate: float,
    weight_decay: float,
) -> None:
    """Trains everything above the layers of the encoder.

    Args:
        network: Trained already; its layers stay as they are.
        batches: What :func:`compute_states` gave.
        loss: Of the logits and labels by task.
        epochs: Passes over the data.
        learning_rate: At the start; it falls to 0.
        weight_decay: As in AdamW.
    """
    heads = [_pooler(network), network.article_heads, network.mention_pooler, network.mediator_heads]
    parameters = [parameter for head in heads for parameter in head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=epochs * len(batches))
    network.train()
    for _ in range(epochs):
        for index in torch.randperm(len(batches)).tolist():
            batch = batches[index]
            loss(_logits(network, batch), batch.labels).backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    network.eval()


@torch.no_grad()
def compute_states(network: WasitModel, loader: "DataLoader[dict[str, Any]]") -> Iterator[BatchStates]:
    """Runs the encoder over batches of the collator.

    Args:
        network: As trained so far.
        loader: The batches.

    Yields:
        What heads read of each batch, in half precision.
    """
    network.eval()
    for inputs in loader:
        labels, batch = split_labels(inputs)
        encoded = network.encoder(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True
        )
        places = (batch["attention_mask"], batch["marker_window"], batch["marker_column"])
        yield BatchStates(
            first_tokens=encoded.last_hidden_state[:, 0].half(),
            window_article=batch["window_article"],
            window_tokens=batch["attention_mask"].sum(1).float(),
            mention_features=network.mention_features(encoded.hidden_states, *places).half(),
            marker_pair=batch["marker_pair"],
            article_count=batch["article_count"],
            pair_count=batch["pair_count"],
            labels=labels,
        )


def _pooler(network: WasitModel) -> nn.Module:
    pooler = network.encoder.pooler
    assert pooler is not None
    return pooler


def _logits(network: WasitModel, batch: BatchStates) -> dict[str, Tensor]:
    pooled = _pooler(network)(batch.first_tokens.float()[:, None])
    logits = network.article_logits(pooled, batch.window_article, batch.window_tokens, batch.article_count)
    once = torch.ones_like(batch.marker_pair, dtype=torch.float32)
    for name, values in network.mention_logits(batch.mention_features.float()).items():
        logits[name] = weighted_mean(values, batch.marker_pair, once, batch.pair_count)
    return logits
