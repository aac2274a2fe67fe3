"""One training run: from a recipe to the folder of a calibrated model."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
import torch
from safetensors.torch import load_model
from torch import Tensor
from transformers import TrainingArguments, set_seed

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import marker_id
from wasit.train.annotation import AnnotatedArticle
from wasit.train.calibration import fit_temperature
from wasit.train.collator import Collator
from wasit.train.dataset import LABEL_PREFIX, build_dataset, is_held_out, read_source
from wasit.train.heads import compute_states, train_heads
from wasit.train.initialisation import initial_checkpoint
from wasit.train.losses import class_weights
from wasit.train.noise import Noise
from wasit.train.progress import CHECKPOINTS, FINISHED, Progress, check_same_recipe, find_progress, stage_folder
from wasit.train.recipe import DataSource, Recipe, recipe_text
from wasit.train.trainer import WasitTrainer, score_predictions

METRICS_FILE = "metrics.json"
RECIPE_FILE = "recipe.yaml"


def train(recipe: Recipe, resume: str | None = None) -> dict[str, float]:
    """Trains, calibrates and saves a model.

    Args:
        recipe: What to do. The folder ``recipe.output`` gets the model, ``metrics.json``, ``recipe.yaml`` and,
            while the run lasts, its checkpoints.
        resume: ``auto`` for the newest checkpoint of the run (or a fresh start if there is none), the folder of a
            checkpoint, or nothing for a fresh start.

    Returns:
        The metrics on the evaluation data at the end; empty without such data.

    Raises:
        InputError: If data, base or resumed checkpoint do not fit.
    """
    output = Path(recipe.output)
    progress = find_progress(output, len(recipe.stages), resume)
    check_same_recipe(output / RECIPE_FILE, recipe, progress)
    set_seed(recipe.seed)
    taxonomy = Taxonomy.from_yaml(Path(recipe.taxonomy)) if recipe.taxonomy else Taxonomy.default()
    _check_task_names(recipe, taxonomy)
    model = initial_checkpoint(recipe, taxonomy)
    output.mkdir(parents=True, exist_ok=True)
    (output / RECIPE_FILE).write_text(recipe_text(recipe), encoding="utf-8")
    with TemporaryDirectory(prefix="dataset-", dir=output) as cache:
        data = RunData(recipe, model, Path(cache))
        metrics = _run_stages(recipe, model, data, progress)
    model.network.eval()
    model.save(output, getattr(torch, recipe.save_dtype))
    (output / METRICS_FILE).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(output / CHECKPOINTS)
    return metrics


def _run_stages(recipe: Recipe, model: Checkpoint, data: "RunData", progress: Progress) -> dict[str, float]:
    if progress.finished_stage is not None:
        load_model(model.network, progress.finished_stage / "model.safetensors")
    for number in range(progress.next_stage, len(recipe.stages)):
        trainer = _trainer(recipe, number, model, data)
        is_resumed = number == progress.next_stage and progress.checkpoint is not None
        trainer.train(resume_from_checkpoint=str(progress.checkpoint) if is_resumed else None)
        model.network.save_pretrained(stage_folder(Path(recipe.output), number) / FINISHED)
    # A run that was interrupted after its last stage still needs a trainer to predict with.
    trainer = _trainer(recipe, len(recipe.stages) - 1, model, data)
    if recipe.head_epochs:
        _train_heads(trainer, recipe, model)
    _calibrate(trainer, model, data.calibration)
    metrics = _evaluate(trainer, data.evaluation)
    # The accelerator has wrapped the forward pass in its mixed precision.
    trainer.accelerator.unwrap_model(model.network, keep_fp32_wrapper=False)
    return metrics


class RunData:
    """The encoded data of a run: one training set a stage, and what all stages share.

    Args:
        recipe: Names the data.
        model: Its encoder makes the windows.
        cache: Folder for the Arrow files.
    """

    def __init__(self, recipe: Recipe, model: Checkpoint, cache: Path) -> None:
        """Reads and encodes everything, so that a mistake in the last stage's data shows at once."""
        self._recipe = recipe
        self._model = model
        self._cache = cache
        self._encoder = model.encoder()
        parts = [self._training_articles(stage.train) for stage in recipe.stages]
        held_out = {article.text: article for _, kept_apart in parts for article in kept_apart}
        self.stages = [self._required(f"stage-{index}", articles) for index, (articles, _) in enumerate(parts)]
        self.calibration = self._encoded("calibration", list(held_out.values()))
        self.evaluation = self._encoded("evaluation", self._read(recipe.evaluation))

    def _training_articles(
        self, sources: Sequence[DataSource]
    ) -> tuple[list[AnnotatedArticle], list[AnnotatedArticle]]:
        kept: list[AnnotatedArticle] = []
        held_out: list[AnnotatedArticle] = []
        for source in sources:
            for article in self._read([source]):
                is_apart = is_held_out(article, source.calibration_share, self._recipe.seed)
                (held_out if is_apart else kept).append(article)
        return kept, held_out

    def _read(self, sources: Sequence[DataSource]) -> list[AnnotatedArticle]:
        folder, seed = Path(self._recipe.data_folder), self._recipe.seed
        return [
            article for source in sources for article in read_source(source, folder, self._model.taxonomy, seed)
        ]

    def _required(self, name: str, articles: list[AnnotatedArticle]) -> datasets.Dataset:
        dataset = self._encoded(name, articles)
        if dataset is None:
            raise InputError(f"{name}: calibration_share leaves no article to learn from")
        return dataset

    def _encoded(self, name: str, articles: list[AnnotatedArticle]) -> datasets.Dataset | None:
        if not articles:
            return None
        return build_dataset(articles, self._encoder, self._model.taxonomy, self._cache / name)


def _check_task_names(recipe: Recipe, taxonomy: Taxonomy) -> None:
    named = {*recipe.class_weight_power, *recipe.task_weights}
    for source in (*recipe.evaluation, *(source for stage in recipe.stages for source in stage.train)):
        named.update(source.label_sets)
    for name in sorted(named):
        taxonomy.task(name)


def _trainer(recipe: Recipe, number: int, model: Checkpoint, data: RunData) -> WasitTrainer:
    taxonomy = model.taxonomy
    dataset = data.stages[number]
    return WasitTrainer(
        recipe,
        recipe.stages[number],
        taxonomy,
        _label_weights(recipe, taxonomy, dataset),
        _noise(recipe, model),
        model.network,
        args=_training_arguments(recipe, number, has_evaluation=data.evaluation is not None),
        train_dataset=dataset,
        eval_dataset=data.evaluation,
        data_collator=Collator(taxonomy, model.tokenizer.pad_token_id),
        compute_metrics=partial(score_predictions, taxonomy=taxonomy),
    )


def _noise(recipe: Recipe, model: Checkpoint) -> Noise:
    tokenizer = model.tokenizer
    marker = marker_id(tokenizer)
    kept = (marker, tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
    return Noise(recipe.token_masking, recipe.marker_dropout, tokenizer.mask_token_id, marker, kept)


def _training_arguments(recipe: Recipe, number: int, has_evaluation: bool) -> TrainingArguments:
    stage = recipe.stages[number]
    return TrainingArguments(
        output_dir=str(stage_folder(Path(recipe.output), number)),
        num_train_epochs=stage.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size,
        learning_rate=stage.learning_rate,
        warmup_steps=stage.warmup,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="linear",
        optim="adamw_torch",
        use_cpu=not torch.cuda.is_available(),
        bf16=has_bfloat16(),
        seed=recipe.seed + number,
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        remove_unused_columns=False,
        label_names=[],
        eval_strategy="epoch" if has_evaluation else "no",
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=50,
        report_to="none",
        disable_tqdm=not sys.stderr.isatty(),
    )


def has_bfloat16() -> bool:
    """Whether the machine multiplies bfloat16 in hardware, on its GPU or else on its CPU."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # torch 2.11 does not tell; there the answer is no, and training is slower but right.
    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _train_heads(trainer: WasitTrainer, recipe: Recipe, model: Checkpoint) -> None:
    # A run that was resumed draws what an uninterrupted one draws.
    set_seed(recipe.seed)
    with trainer.compute_loss_context_manager():
        batches = list(compute_states(model.network, trainer.get_train_dataloader()))
    rate = recipe.stages[-1].head_learning_rate
    train_heads(model.network, batches, trainer.task_losses, recipe.head_epochs, rate, recipe.weight_decay)


def _label_weights(recipe: Recipe, taxonomy: Taxonomy, dataset: datasets.Dataset) -> dict[str, Tensor]:
    weights = {}
    for task in taxonomy.tasks:
        column = dataset[LABEL_PREFIX + task.name]
        rows = column if task.scope == "article" else (row for rows in column for row in rows)
        counts = torch.zeros(len(task.labels))
        for row in rows:
            vector = torch.as_tensor(row)
            # A label that is only known to lie in a set says nothing about how frequent each label is.
            if not vector.isnan().any() and (task.problem == "multi_label" or vector.sum() == 1):
                counts += vector
        weights[task.name] = class_weights(counts, recipe.class_weight_power.get(task.name, 0.0))
    return weights


def _calibrate(trainer: WasitTrainer, model: Checkpoint, held_out: datasets.Dataset | None) -> None:
    if held_out is None:
        return
    output = trainer.predict(held_out, metric_key_prefix="calibration")
    outputs: tuple[Any, Any] = (output.predictions, output.label_ids)
    for task, logits, labels in zip(model.taxonomy.tasks, *outputs, strict=True):
        temperature = fit_temperature(task, torch.as_tensor(logits), torch.as_tensor(labels))
        model.network.config.temperatures[task.name] = temperature


def _evaluate(trainer: WasitTrainer, dataset: datasets.Dataset | None) -> dict[str, float]:
    if dataset is None:
        return {}
    scores = trainer.evaluate()
    return {name: value for name, value in scores.items() if isinstance(value, float)}
