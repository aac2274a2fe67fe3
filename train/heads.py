"""A last round for poolers and heads alone, on states of the encoder that are computed once.

Fine-tuning stops when the encoder has had enough, which is before heads that start from nothing have converged,
those of rare labels above all. Without the encoder, passes over the data cost seconds: every process computes all
states and takes the same steps, and all go on with the heads of the main process.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
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
        pair_article: (pairs,).
        article_count: Number of articles.
        article_labels: For each task of articles (articles, labels).
        pair_labels: For each task of mediators (pairs, labels).
    """

    first_tokens: Tensor
    window_article: Tensor
    window_tokens: Tensor
    mention_features: Tensor
    marker_pair: Tensor
    pair_article: Tensor
    article_count: int
    article_labels: dict[str, Tensor]
    pair_labels: dict[str, Tensor]

    @property
    def pair_count(self) -> int:
        """Number of pairs."""
        return len(self.pair_article)

    def singly(self) -> Iterator["BatchStates"]:
        """Yields each article by itself."""
        for article in range(self.article_count):
            windows, pairs = self.window_article == article, self.pair_article == article
            mentions = pairs[self.marker_pair]
            place = pairs.cumsum(0) - 1
            yield BatchStates(
                first_tokens=self.first_tokens[windows],
                window_article=self.window_article[windows] - article,
                window_tokens=self.window_tokens[windows],
                mention_features=self.mention_features[mentions],
                marker_pair=place[self.marker_pair[mentions]],
                pair_article=self.pair_article[pairs] - article,
                article_count=1,
                article_labels={name: rows[article, None] for name, rows in self.article_labels.items()},
                pair_labels={name: rows[pairs] for name, rows in self.pair_labels.items()},
            )

    def to(self, device: torch.device) -> "BatchStates":
        """The same on another device."""

        def moved(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: moved(inner) for name, inner in value.items()}
            return value.to(device) if isinstance(value, Tensor) else value

        return BatchStates(**{field.name: moved(getattr(self, field.name)) for field in fields(self)})


def merge(parts: Sequence[BatchStates]) -> BatchStates:
    """Makes one batch of several."""
    articles = list(accumulate((part.article_count for part in parts), initial=0))
    pairs = list(accumulate((part.pair_count for part in parts), initial=0))

    def joined(name: str) -> dict[str, Tensor]:
        own = [getattr(part, name) for part in parts]
        return {task: torch.cat([labels[task] for labels in own]) for task in own[0]}

    return BatchStates(
        first_tokens=torch.cat([part.first_tokens for part in parts]),
        window_article=torch.cat(
            [part.window_article + first for part, first in zip(parts, articles, strict=False)]
        ),
        window_tokens=torch.cat([part.window_tokens for part in parts]),
        mention_features=torch.cat([part.mention_features for part in parts]),
        marker_pair=torch.cat([part.marker_pair + first for part, first in zip(parts, pairs, strict=False)]),
        pair_article=torch.cat([part.pair_article + first for part, first in zip(parts, articles, strict=False)]),
        article_count=articles[-1],
        article_labels=joined("article_labels"),
        pair_labels=joined("pair_labels"),
    )


def train_heads(
    network: WasitModel,
    articles: Sequence[BatchStates],
    loss: Callable[[dict[str, Tensor], dict[str, Tensor]], Tensor],
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
) -> None:
    """Trains everything above the layers of the encoder.

    Args:
        network: Trained already; its layers stay as they are.
        articles: What :func:`compute_states` gave, each by itself.
        loss: Of the logits and labels by task.
        epochs: Passes over the data.
        batch_size: Articles of a step, drawn at random whatever their length.
        learning_rate: At the start; it falls to 0.
        weight_decay: As in AdamW.
    """
    heads = [_pooler(network), network.article_heads, network.mention_pooler, network.mediator_heads]
    parameters = [parameter for head in heads for parameter in head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay)
    steps = epochs * -(-len(articles) // batch_size)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    network.train()
    for _ in range(epochs):
        for drawn in torch.randperm(len(articles)).split(batch_size):
            batch = merge([articles[index] for index in drawn.tolist()]).to(parameters[0].device)
            loss(_logits(network, batch), batch.article_labels | batch.pair_labels).backward()
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
        article_of_mention = batch["window_article"][batch["marker_window"]]
        pair_article = article_of_mention.new_empty(batch["pair_count"])
        pair_article[batch["marker_pair"]] = article_of_mention
        states = BatchStates(
            first_tokens=reading.first_tokens.half(),
            window_article=batch["window_article"],
            window_tokens=batch["window_tokens"],
            mention_features=reading.mention_features.half(),
            marker_pair=batch["marker_pair"],
            pair_article=pair_article,
            article_count=batch["article_count"],
            article_labels={name: rows for name, rows in labels.items() if name in network.article_heads},
            pair_labels={name: rows for name, rows in labels.items() if name in network.mediator_heads},
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
