"""A last round for poolers and heads alone, on states of the encoder that are computed once.

Fine-tuning stops when the encoder has had enough, which is before heads that start from nothing have converged,
those of rare labels above all. Without the encoder, passes over the data cost seconds: every process computes all
states and takes the same steps, and all go on with the heads of the main process.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from typing import Any

import torch
from accelerate.utils import broadcast
from torch import Tensor, nn
from torch.utils.data import DataLoader

from wasit.models.network import Reading, WasitModel
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

    def to(self, device: torch.device) -> "BatchStates":
        """The same on another device."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {
            name: value.to(device) for name, value in values.items() if isinstance(value, Tensor)
        }
        labels = {name: value.to(device) for name, value in self.labels.items()}
        return replace(self, **moved, labels=labels)


def merge(parts: Sequence[BatchStates]) -> BatchStates:
    """Makes one batch of several."""
    articles = accumulate((part.article_count for part in parts), initial=0)
    pairs = accumulate((part.pair_count for part in parts), initial=0)
    window_article = [part.window_article + start for part, start in zip(parts, articles, strict=False)]
    marker_pair = [part.marker_pair + start for part, start in zip(parts, pairs, strict=False)]
    return BatchStates(
        first_tokens=torch.cat([part.first_tokens for part in parts]),
        window_article=torch.cat(window_article),
        window_tokens=torch.cat([part.window_tokens for part in parts]),
        mention_features=torch.cat([part.mention_features for part in parts]),
        marker_pair=torch.cat(marker_pair),
        article_count=sum(part.article_count for part in parts),
        pair_count=sum(part.pair_count for part in parts),
        labels={name: torch.cat([part.labels[name] for part in parts]) for name in parts[0].labels},
    )


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
            batch = batches[index].to(parameters[0].device)
            loss(_logits(network, batch), batch.labels).backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    network.eval()
    for parameter in parameters:
        broadcast(parameter.data)


@torch.no_grad()
def compute_states(network: WasitModel, loader: "DataLoader[dict[str, Any]]") -> Iterator[BatchStates]:
    """Runs the encoder over batches of the collator.

    Args:
        network: As trained so far.
        loader: The batches.

    Yields:
        What heads read of each batch, in half precision and in the memory of the host.
    """
    network.eval()
    for inputs in loader:
        labels, batch = split_labels(inputs)
        placed = {name: value.to(network.device) for name, value in batch.items() if isinstance(value, Tensor)}
        reading = network.read(
            placed["input_ids"],
            placed["window_start"],
            placed["window_tokens"],
            placed["marker_place"],
            placed["marker_window"],
            placed["attention_mask"],
        )
        states = BatchStates(
            first_tokens=reading.first_tokens.half(),
            window_article=batch["window_article"],
            window_tokens=batch["window_tokens"],
            mention_features=reading.mention_features.half(),
            marker_pair=batch["marker_pair"],
            article_count=batch["article_count"],
            pair_count=batch["pair_count"],
            labels=labels,
        )
        yield states.to(torch.device("cpu"))


def _pooler(network: WasitModel) -> nn.Module:
    pooler = network.encoder.pooler
    assert pooler is not None
    return pooler


def _logits(network: WasitModel, batch: BatchStates) -> dict[str, Tensor]:
    reading = Reading(batch.first_tokens.float(), batch.mention_features.float())
    places = (batch.window_tokens, batch.window_article, batch.marker_pair)
    logits = network.answer(reading, *places, batch.article_count, batch.pair_count).logits
    assert logits is not None
    return dict(logits)
