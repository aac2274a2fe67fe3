"""transformers' Trainer with the losses, the learning rates and the outputs of the multi-task network."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import datasets
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import EvalPrediction, Trainer
from transformers.trainer_utils import EvalLoopOutput

from wasit.models.network import WasitModel, WasitOutput
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.dataset import LABEL_PREFIX, article_lengths
from wasit.train.losses import (
    MISSING,
    multi_label_cross_entropy,
    multi_label_total,
    set_valued_cross_entropy,
    set_valued_total,
)
from wasit.train.metrics import score_label_sets, score_labels
from wasit.train.noise import Noise
from wasit.train.recipe import Recipe, Stage
from wasit.train.sampler import LabelledArticles, StepLoader, StepSampler

Inputs = dict[str, Any]


class WasitTrainer(Trainer):
    """Trains a ``WasitModel`` on batches of :class:`wasit.train.collator.Collator`.

    A step is the same for one process, for several and with micro-batches: it reads the same articles, and each
    task's loss is divided by what all of them have of its labels, not by what a process or micro-batch happens to
    hold.

    Args:
        recipe: The weights of tasks, decay over layers and of weights, the size of a batch.
        stage: The learning rates.
        taxonomy: The tasks.
        label_weights: For each task the weights of its labels; (labels,).
        noise: What is done to the batches in training; evaluation sees them as they are.
        network: What is trained.
        **kwargs: As for ``Trainer``.
    """

    def __init__(
        self,
        recipe: Recipe,
        stage: Stage,
        taxonomy: Taxonomy,
        label_weights: Mapping[str, Tensor],
        noise: Noise,
        network: WasitModel,
        **kwargs: Any,
    ) -> None:
        """Keeps what the loss needs and hands the rest on."""
        self.recipe = recipe
        self.stage = stage
        self.noise = noise
        self.taxonomy = taxonomy
        self.network = network
        self.label_weights = label_weights
        super().__init__(model=network, **kwargs)
        # Trainer divides the loss by the number of micro-batches otherwise; here it is divided already.
        self.model_accepts_loss_kwargs = True

    def get_train_dataloader(self) -> DataLoader[Any]:
        """This process's share of the training articles."""
        return self.loader(self.train_dataset)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        """This process's share of the articles to score."""
        return self.loader(self.eval_dataset if eval_dataset is None else eval_dataset)

    def get_test_dataloader(self, test_dataset: Any) -> DataLoader[Any]:
        """This process's share of the articles to predict."""
        return self.loader(test_dataset)

    def loader(self, dataset: Any, is_shared: bool = True) -> DataLoader[Any]:
        """Micro-batches of articles of similar length.

        Args:
            dataset: Made by :func:`wasit.train.dataset.build_dataset`.
            is_shared: Whether each process gets a part of every step; otherwise each gets all of it, in
                micro-batches of the same size.
        """
        assert isinstance(dataset, datasets.Dataset)
        processes = self.args.world_size
        sampler = StepSampler(
            article_lengths(dataset),
            self.recipe.batch_size,
            self.recipe.gradient_accumulation * (1 if is_shared else processes),
            processes if is_shared else 1,
            self.args.process_index if is_shared else 0,
            self.args.seed,
        )
        return StepLoader(
            LabelledArticles(dataset, LABEL_PREFIX),
            batch_sampler=sampler,
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def get_batch_samples(
        self, epoch_iterator: Iterator[Inputs], num_batches: int, device: torch.device
    ) -> tuple[list[Inputs], Tensor]:
        """The micro-batches of a step, and for each task what its losses over all processes are divided by."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        totals = torch.stack([self._totals(split_labels(batch)[0]) for batch in batches]).sum(0)
        reduced: Tensor = self.accelerator.reduce(totals.to(device), reduction="sum")
        return batches, reduced

    def _totals(self, labels: Mapping[str, Tensor]) -> Tensor:
        totals = {"single_label": set_valued_total, "multi_label": multi_label_total}
        return torch.stack(
            [
                totals[task.problem](labels[task.name], self.label_weights[task.name])
                for task in self.taxonomy.tasks
            ]
        )

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Inputs,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The weighted sum of the tasks' losses; a part of it if ``num_items_in_batch`` holds a step's totals."""
        labels, model_inputs = split_labels(inputs)
        if model.training:
            model_inputs = self.noise(model_inputs)
        outputs: WasitOutput = model(**model_inputs)
        assert outputs.logits is not None
        totals = num_items_in_batch if isinstance(num_items_in_batch, Tensor) else None
        loss = self.task_losses(outputs.logits, labels, totals)
        if totals is not None:
            # The gradients of the processes are averaged, but it is their sum that is the step's.
            loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def task_losses(
        self, logits: Mapping[str, Tensor], labels: Mapping[str, Tensor], totals: Tensor | None = None
    ) -> Tensor:
        """The weighted sum of the losses.

        Args:
            logits: By task.
            labels: By task.
            totals: For each task what its loss is divided by, if these labels are not the whole batch; (tasks,).
        """
        losses = [
            self.recipe.task_weights.get(task.name, 1.0)
            * self._task_loss(
                task, logits[task.name], labels[task.name], None if totals is None else totals[index]
            )
            for index, task in enumerate(self.taxonomy.tasks)
        ]
        return torch.stack(losses).sum()

    def _task_loss(self, task: Task, logits: Tensor, labels: Tensor, total: Tensor | None) -> Tensor:
        criterion = set_valued_cross_entropy if task.problem == "single_label" else multi_label_cross_entropy
        return criterion(logits, labels, self.label_weights[task.name].to(logits.device), total)

    def evaluation_loop(
        self,
        dataloader: DataLoader[Any],
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Predicts, each process its share, and scores the answers of all processes together.

        Returns:
            Logits and labels as tuples in the order of the taxonomy's tasks, with every article of the data once;
            rows without any label may be among them.
        """
        self.network.eval()
        self.callback_handler.eval_dataloader = dataloader
        parts = []
        for inputs in dataloader:
            parts.append(self._predict(inputs))
            self.control = self.callback_handler.on_prediction_step(self.args, self.state, self.control)
        logits, labels = (self._gather(side) for side in zip(*parts, strict=True))
        names = [task.name for task in self.taxonomy.tasks]
        loss = self.task_losses(dict(zip(names, logits, strict=True)), dict(zip(names, labels, strict=True)))
        predictions: Any = tuple(values.numpy() for values in logits)
        label_ids: Any = tuple(values.numpy() for values in labels)
        assert self.compute_metrics is not None
        scores = self.compute_metrics(EvalPrediction(predictions=predictions, label_ids=label_ids))
        return EvalLoopOutput(
            predictions=predictions,
            label_ids=label_ids,
            metrics={
                f"{metric_key_prefix}_{name}": value for name, value in ({"loss": loss.item()} | scores).items()
            },
            num_samples=self.num_examples(dataloader),
        )

    @torch.no_grad()
    def _predict(self, inputs: Inputs) -> tuple[list[Tensor], list[Tensor]]:
        labels, model_inputs = split_labels(self._prepare_inputs(inputs))
        with self.accelerator.autocast():
            outputs: WasitOutput = self.network(**model_inputs)
        assert outputs.logits is not None
        names = [task.name for task in self.taxonomy.tasks]
        return [outputs.logits[name] for name in names], [labels[name] for name in names]

    def _gather(self, batches: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """The rows of all batches and processes, task by task."""
        gathered = []
        for values in zip(*batches, strict=True):
            # Processes hold different numbers of pairs: what fills up counts as rows without a label.
            own: Any = self.accelerator.pad_across_processes(torch.cat(values), dim=0, pad_index=MISSING)
            gathered.append(self.accelerator.gather(own).cpu())
        return gathered

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW with a rate for each depth of the encoder and one for the heads."""
        if self.optimizer is None:
            groups = parameter_groups(model or self.network, self.recipe, self.stage)
            optimizer_class, arguments = self.get_optimizer_cls_and_kwargs(self.args)
            self.optimizer = optimizer_class(groups, **arguments)
        return self.optimizer


def split_labels(inputs: Mapping[str, Any]) -> tuple[dict[str, Tensor], Inputs]:
    """Takes a batch apart into labels by task and the arguments of the network."""
    labels = {
        name.removeprefix(LABEL_PREFIX): value for name, value in inputs.items() if name.startswith(LABEL_PREFIX)
    }
    return labels, {name: value for name, value in inputs.items() if not name.startswith(LABEL_PREFIX)}


def parameter_groups(model: nn.Module, recipe: Recipe, stage: Stage) -> list[dict[str, Any]]:
    """Groups the parameters by learning rate and weight decay.

    Layer-wise decay as in Howard and Ruder 2018 (ULMFiT): embeddings learn slowest, heads at their own rate.
    Biases and layer norms are not decayed.
    """
    depth = 1 + max((_layer(name) for name, _ in model.named_parameters()), default=0)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = _learning_rate(name, depth, recipe.layer_decay, stage)
        decay = 0.0 if parameter.ndim == 1 else recipe.weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": found, "lr": rate, "weight_decay": decay} for (rate, decay), found in groups.items()]


def _learning_rate(name: str, depth: int, layer_decay: float, stage: Stage) -> float:
    is_new = not re.search(r"(^|\.)encoder\.(embeddings|encoder)\.", name)
    if is_new:
        return stage.head_learning_rate
    return stage.learning_rate * layer_decay ** (depth - 1 - _layer(name))


def _layer(name: str) -> int:
    found = re.search(r"\.layer\.(\d+)\.", name)
    return int(found.group(1)) if found else -1


def score_predictions(prediction: EvalPrediction, taxonomy: Taxonomy) -> dict[str, float]:
    """Scores the outputs of :meth:`WasitTrainer.evaluation_loop`, one set of metrics a task.

    Set-valued labels count as predicted when the prediction lies in the set, and then stand for it.
    """
    scores: dict[str, float] = {}
    for task, logits, labels in zip(taxonomy.tasks, prediction.predictions, prediction.label_ids, strict=True):
        known = ~torch.as_tensor(labels).isnan().any(dim=1)
        found = _task_scores(task, torch.as_tensor(logits)[known], torch.as_tensor(labels)[known])
        scores |= {f"{task.name}_{name}": value for name, value in found.items()}
    return scores


def _task_scores(task: Task, logits: Tensor, labels: Tensor) -> dict[str, float]:
    if not len(labels):
        return {}
    if task.problem == "multi_label":
        return score_label_sets(_label_sets(logits > 0, task), _label_sets(labels > 0, task), task.label_names)
    predicted = logits.argmax(dim=1)
    is_allowed = labels.gather(1, predicted[:, None])[:, 0] > 0
    references = torch.where(is_allowed, predicted, labels.argmax(dim=1))
    return score_labels(predicted.tolist(), references.tolist(), task.label_names)


def _label_sets(rows: Tensor, task: Task) -> list[list[str]]:
    return [[name for name, holds in zip(task.label_names, row, strict=True) if holds] for row in rows.tolist()]
