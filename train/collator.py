"""Rows of the dataset as one batch of the network, with its labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from wasit.models.batch import pad_batch
from wasit.models.encoded import EncodedArticles, IntArray, Mentions
from wasit.models.taxonomy import Taxonomy
from wasit.train.dataset import LABEL_PREFIX


class Collator:
    """Turns rows into the keyword arguments of the network and one tensor of labels a task.

    Args:
        taxonomy: Names the tasks.
        pad_token_id: What fills the rows up.
    """

    def __init__(self, taxonomy: Taxonomy, pad_token_id: int) -> None:
        """Keeps the parts."""
        self.taxonomy = taxonomy
        self.pad_token_id = pad_token_id

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Collates rows of :func:`wasit.train.dataset.build_dataset`."""
        encoded = _encoded(rows)
        batch = pad_batch(encoded, self.pad_token_id)
        return {**batch.model_inputs(), **self._labels(rows)}

    def _labels(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        labels = {
            LABEL_PREFIX + task.name: torch.tensor([row[LABEL_PREFIX + task.name] for row in rows])
            for task in self.taxonomy.article_tasks
        }
        for task in self.taxonomy.mediator_tasks:
            name = LABEL_PREFIX + task.name
            # Pairs are counted as the mediators of a row are: in order of first mention.
            vectors = [vector for row in rows for vector in row[name]]
            labels[name] = torch.tensor(vectors, dtype=torch.float32).reshape(-1, len(task.labels))
        return labels


def _encoded(rows: Sequence[Mapping[str, Any]]) -> EncodedArticles:
    starts = np.cumsum([0, *(len(row["input_ids"]) for row in rows)])
    markers = [np.asarray(row["marker_positions"], dtype=np.int64) for row in rows]
    named = [mediator for row in rows for mediator in row["mention_mediators"]]
    places = {mediator: place for place, mediator in enumerate(dict.fromkeys(named))}
    # Where a mention stands in the text no longer matters here, only whose it is.
    nowhere = np.zeros(len(named), dtype=np.int32)
    return EncodedArticles.of_windows(
        input_ids=_joined(rows, "input_ids"),
        window_tokens=_joined(rows, "window_lengths"),
        window_article=np.repeat(
            np.arange(len(rows), dtype=np.int32), [len(row["window_lengths"]) for row in rows]
        ),
        marker_place=np.concatenate([own + start for own, start in zip(markers, starts, strict=False)]),
        mentions=Mentions(
            nowhere, nowhere, np.array([places[mediator] for mediator in named], dtype=np.int32), tuple(places)
        ),
        tokens=np.array([row["length"] for row in rows], dtype=np.int32),
    )


def _joined(rows: Sequence[Mapping[str, Any]], name: str) -> IntArray:
    return np.concatenate([np.asarray(row[name], dtype=np.int32) for row in rows])
