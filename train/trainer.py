"""transformers' Trainer with the losses, the learning rates and the outputs of the multi-task network."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import EvalPrediction, Trainer

from wasit.models.network import WasitModel, WasitOutput
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.dataset import LABEL_PREFIX
from wasit.train.losses import multi_label_cross_entropy, set_valued_cross_entropy
from wasit.train.metrics import score_label_sets, score_labels
from wasit.train.noise import Noise
from wasit.train.recipe import Recipe, Stage

Inputs = dict[str, Any]


class WasitTrainer(Trainer):
    """Trains a ``WasitModel`` on batches of :class:`wasit.train.collator.Collator`.

    Args:
        recipe: The weights of tasks, decay over layers and of weights.
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
        self.model_accepts_loss_kwargs = False

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Inputs,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The weighted sum of the tasks' losses."""
        labels, model_inputs = split_labels(inputs)
        if model.training:
            model_inputs = self.noise(model_inputs)
        outputs: WasitOutput = model(**model_inputs)
        assert outputs.logits is not None
        loss = self.task_losses(outputs.logits, labels)
        return (loss, outputs) if return_outputs else loss

    def task_losses(self, logits: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of the losses, given logits and labels by task."""
        losses = [
            self.recipe.task_weights.get(task.name, 1.0)
            * self._task_loss(task, logits[task.name], labels[task.name])
            for task in self.taxonomy.tasks
        ]
        return torch.stack(losses).sum()

    def _task_loss(self, task: Task, logits: Tensor, labels: Tensor) -> Tensor:
        criterion = set_valued_cross_entropy if task.problem == "single_label" else multi_label_cross_entropy
        return criterion(logits, labels, self.label_weights[task.name].to(logits.device))

    def prediction_step(
        self,
        model: nn.Module,
        inputs: Inputs,
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[Tensor | None, Any, Any]:
        """Gives loss, logits and labels, the latter two as a tuple in the order of the taxonomy's tasks."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        labels, _ = split_labels(inputs)
        names = [task.name for task in self.taxonomy.tasks]
        return loss.detach(), tuple(outputs.logits[name] for name in names), tuple(labels[name] for name in names)

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
    """Scores the outputs of :meth:`WasitTrainer.prediction_step`, one set of metrics a task.

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
