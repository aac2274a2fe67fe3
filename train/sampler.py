"""Which articles meet in a step, and which process and micro-batch reads them.

The steps depend on seed and epoch alone. So a run takes the same steps with one process, with many, and with
micro-batches, as long as its batch size is the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import datasets
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset, Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from wasit.models.errors import InputError
from wasit.train.losses import MISSING
from wasit.train.recipe import Recipe

Row = Mapping[str, Any]


def micro_batch_size(recipe: Recipe, processes: int) -> int:
    """Articles that a process has on its device at once.

    Raises:
        InputError: If the batch cannot be dealt evenly.
    """
    parts = processes * recipe.gradient_accumulation
    if recipe.batch_size % parts:
        raise InputError(
            f"batch_size: {recipe.batch_size} articles cannot be dealt evenly to {processes} processes "
            f"with gradient_accumulation {recipe.gradient_accumulation}; allowed: a multiple of {parts}"
        )
    return recipe.batch_size // parts


class StepSampler(Sampler[list[int]]):
    """Micro-batches of one process, each of articles of similar length.

    Every process gets the same number of micro-batches. A process that would have none of the last articles gets
    one of them by a number beyond the last: :class:`LabelledArticles` gives it without labels, so that nothing
    counts twice.

    Args:
        lengths: Tokens of each article; (articles,).
        batch_size: Articles of a step.
        accumulation: Micro-batches of a step and process.
        processes: How many processes share a step.
        process: Which of them this is.
        seed: Of the order.
    """

    def __init__(
        self,
        lengths: npt.NDArray[np.int32],
        batch_size: int,
        accumulation: int = 1,
        processes: int = 1,
        process: int = 0,
        seed: int = 0,
    ) -> None:
        """Keeps the numbers; the first order is that of epoch 0."""
        self.lengths = lengths
        self.batch_size = batch_size
        self.dealt_together = batch_size // accumulation
        self.processes = processes
        self.process = process
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order of an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """The number of micro-batches of an epoch."""
        return -(-len(self.lengths) // self.dealt_together)

    def __iter__(self) -> Iterator[list[int]]:
        """Gives the numbers of the articles of each micro-batch."""
        seed = int(np.random.SeedSequence([self.seed, self.epoch]).generate_state(1)[0])
        order = get_length_grouped_indices(
            self.lengths, self.batch_size, generator=torch.Generator().manual_seed(seed)
        )
        for start in range(0, len(order), self.dealt_together):
            dealt = order[start : start + self.dealt_together]
            yield dealt[self.process :: self.processes] or [dealt[-1] + len(self.lengths)]


class LabelledArticles(Dataset[Row]):
    """Rows of a dataset on disk; numbers beyond its end give the same rows again, without their labels.

    Args:
        dataset: Made by :func:`wasit.train.dataset.build_dataset`.
        label_prefix: Of the columns that hold labels.
    """

    def __init__(self, dataset: datasets.Dataset, label_prefix: str) -> None:
        """Keeps the dataset."""
        self.dataset = dataset
        self.label_prefix = label_prefix

    def __len__(self) -> int:
        """The number of rows that have their labels."""
        return len(self.dataset)

    def __getitem__(self, number: int) -> Row:
        """One row."""
        return self.__getitems__([number])[0]

    def __getitems__(self, numbers: Sequence[int]) -> list[Row]:
        """The rows of a micro-batch, read together."""
        rows = self.dataset.__getitems__([number % len(self) for number in numbers])
        return [
            row if number < len(self) else self._without_labels(row)
            for number, row in zip(numbers, rows, strict=True)
        ]

    def _without_labels(self, row: Row) -> Row:
        return {
            name: _missing(value) if name.startswith(self.label_prefix) else value for name, value in row.items()
        }


def _missing(labels: Sequence[Any]) -> list[Any]:
    return [_missing(value) if isinstance(value, list) else MISSING for value in labels]


class StepLoader(DataLoader[Any]):
    """A loader whose order the Trainer can choose epoch by epoch."""

    def set_epoch(self, epoch: int) -> None:
        """Tells the sampler."""
        assert isinstance(self.batch_sampler, StepSampler)
        self.batch_sampler.set_epoch(epoch)
