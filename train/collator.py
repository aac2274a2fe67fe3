"""Rows of the dataset as one batch of the network, with its labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from wasit.models.batch import pad_batch
from wasit.models.encoded import EncodedArticles
from wasit.models.encoding import EncodedArticle
from wasit.models.mentions import Mention
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
        encoded = EncodedArticles.join([_encoded(row) for row in rows])
        batch = pad_batch(encoded, self.pad_token_id)
        return {**batch.model_inputs(), **self._labels(rows, encoded)}

    def _labels(self, rows: Sequence[Mapping[str, Any]], encoded: EncodedArticles) -> dict[str, torch.Tensor]:
        labels = {
            LABEL_PREFIX + task.name: torch.tensor([row[LABEL_PREFIX + task.name] for row in rows])
            for task in self.taxonomy.article_tasks
        }
        mentioned = [list(dict.fromkeys(row["mention_mediators"])) for row in rows]
        places = [
            (article, mentioned[article].index(mediator))
            for article, mediator in zip(encoded.pair_article.tolist(), encoded.pair_mediators, strict=True)
        ]
        for task in self.taxonomy.mediator_tasks:
            name = LABEL_PREFIX + task.name
            vectors = [rows[article][name][place] for article, place in places]
            labels[name] = torch.tensor(vectors, dtype=torch.float32).reshape(-1, len(task.labels))
        return labels


def _encoded(row: Mapping[str, Any]) -> EncodedArticle:
    # Where a mention stands in the text no longer matters here, only whose it is.
    mentions = tuple(Mention(mediator, 0, 0) for mediator in row["mention_mediators"])
    return EncodedArticle(
        input_ids=np.asarray(row["input_ids"], dtype=np.int32),
        window_lengths=np.asarray(row["window_lengths"], dtype=np.int32),
        marker_positions=np.asarray(row["marker_positions"], dtype=np.int32),
        mentions=mentions,
        tokens=row["length"],
    )
