"""One training run: from a recipe to the folder of a calibrated model."""

import json
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import torch
from accelerate import PartialState
from safetensors.torch import load_model
from torch import Tensor
from transformers import TrainingArguments, set_seed

from wasit.models.checkpoint import Checkpoint
from wasit.models.disk import full_disk_told
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import marker_id
from wasit.train.calibration import fit_temperature
from wasit.train.collator import Collator
from wasit.train.dataset import count_labels
from wasit.train.heads import compute_states, train_heads
from wasit.train.initialisation import initial_checkpoint
from wasit.train.log import add_log
from wasit.train.losses import class_weights
from wasit.train.machine import check_machine, full_device_told, runs_on_cpu, start_processes, uses_bfloat16
from wasit.train.noise import Noise
from wasit.train.progress import (
    CHECKPOINTS,
    Progress,
    check_same_recipe,
    check_same_tasks,
    find_progress,
    save_finished_stage,
    stage_folder,
)
from wasit.train.recipe import Recipe, recipe_text
from wasit.train.run_data import RunData
from wasit.train.sampler import micro_batch_size
from wasit.train.trainer import WasitTrainer, score_predictions
from wasit.train.training_card import data_table, duration, write_training_card

METRICS_FILE = "metrics.json"
RECIPE_FILE = "recipe.yaml"


def train(
    recipe: Recipe, resume: str | None = None, excluded_texts: frozenset[str] = frozenset()
) -> dict[str, float]:
    """Trains, calibrates and saves a model.

    Under ``accelerate launch`` every process calls this; only the main process writes.

    Args:
        recipe: What to do. The folder ``recipe.output`` gets the model, its card, ``metrics.json``,
            ``recipe.yaml``, the folder ``logs`` and, while the run lasts, its checkpoints.
        resume: ``auto`` for the newest checkpoint of the run (or a fresh start if there is none), the folder of a
            checkpoint, or nothing for a fresh start.
        excluded_texts: Articles with one of these texts are left out of all training and calibration data.

    Returns:
        The metrics on the evaluation data at the end; empty without such data.

    Raises:
        InputError: If data, base or resumed checkpoint do not fit, or memory or disk is too small.
    """
    started = time.monotonic()
    state = start_processes()
    check_machine(recipe, state.num_processes)
    output = Path(recipe.output)
    with full_disk_told(output), full_device_told(recipe, state.num_processes):
        progress = find_progress(output, len(recipe.stages), resume)
        check_same_recipe(output / RECIPE_FILE, recipe, progress)
        set_seed(recipe.seed)
        taxonomy = Taxonomy.from_yaml(Path(recipe.taxonomy)) if recipe.taxonomy else Taxonomy.default()
        _check_task_names(recipe, taxonomy)
        check_same_tasks(progress, taxonomy)
        model = initial_checkpoint(recipe, taxonomy)
        # The others look at the folder before the main process changes it.
        state.wait_for_everyone()
        if state.is_main_process:
            output.mkdir(parents=True, exist_ok=True)
            if progress == Progress():
                # What an earlier run left is not to be taken for this one's.
                shutil.rmtree(output / CHECKPOINTS, ignore_errors=True)
            (output / RECIPE_FILE).write_text(recipe_text(recipe), encoding="utf-8")
        with RunData(recipe, model, output / "dataset", excluded_texts) as data:
            metrics = _run_stages(recipe, model, data, progress)
            read = data_table(recipe, data)
        if state.is_main_process:
            _finish(recipe, model, metrics)
            passed = duration(time.monotonic() - started, is_resumed=progress != Progress())
            write_training_card(recipe, taxonomy, metrics, read, passed)
        state.wait_for_everyone()
    return metrics


def _finish(recipe: Recipe, model: Checkpoint, metrics: dict[str, float]) -> None:
    output = Path(recipe.output)
    model.network.eval()
    model.save(output, getattr(torch, recipe.save_dtype))
    (output / METRICS_FILE).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(output / CHECKPOINTS)


def _run_stages(recipe: Recipe, model: Checkpoint, data: RunData, progress: Progress) -> dict[str, float]:
    output = Path(recipe.output)
    if progress.finished_stage is not None:
        load_model(model.network, progress.finished_stage / "model.safetensors")
    for number in range(progress.next_stage, len(recipe.stages)):
        trainer = _trainer(recipe, number, model, data)
        is_resumed = number == progress.next_stage and progress.checkpoint is not None
        # Each process draws noise of its own; the order of the articles does not come from this generator.
        set_seed(trainer.args.seed + trainer.args.process_index)
        add_log(trainer, recipe, number)
        trainer.train(resume_from_checkpoint=str(progress.checkpoint) if is_resumed else None)
        if trainer.is_world_process_zero():
            save_finished_stage(model.network, output, number)
        trainer.accelerator.wait_for_everyone()
        trainer.accelerator.free_memory()
    # A run that was interrupted after its last stage still needs a trainer to predict with.
    trainer = _trainer(recipe, len(recipe.stages) - 1, model, data)
    if recipe.head_epochs:
        _train_heads(trainer, recipe, model)
    _calibrate(trainer, model, data.calibration)
    metrics = _evaluate(trainer, data.evaluation)
    # The accelerator has wrapped the forward pass in its mixed precision.
    trainer.accelerator.unwrap_model(model.network, keep_fp32_wrapper=False)
    return metrics


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
    at_once = micro_batch_size(recipe, PartialState().num_processes)
    arguments = TrainingArguments(
        output_dir=str(stage_folder(Path(recipe.output), number)),
        num_train_epochs=stage.epochs,
        per_device_train_batch_size=at_once,
        per_device_eval_batch_size=at_once,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        learning_rate=stage.learning_rate,
        warmup_steps=stage.warmup,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="linear",
        optim="adamw_torch",
        use_cpu=runs_on_cpu(),
        bf16=uses_bfloat16(recipe.precision),
        torch_compile=recipe.compile,
        seed=recipe.seed + number,
        remove_unused_columns=False,
        label_names=[],
        eval_strategy="epoch" if has_evaluation else "no",
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=recipe.log_steps,
        report_to="none",
        disable_tqdm=not sys.stderr.isatty(),
    )
    # One process runs on one GPU, however many there are: nn.DataParallel could not split these batches.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def _train_heads(trainer: WasitTrainer, recipe: Recipe, model: Checkpoint) -> None:
    # A run that was resumed draws what an uninterrupted one draws.
    set_seed(recipe.seed)
    states = compute_states(model.network, trainer.loader(trainer.train_dataset, is_shared=False))
    articles = [article for batch in states for article in batch.singly()]
    train_heads(
        model.network,
        articles,
        trainer.task_losses,
        recipe.head_epochs,
        recipe.batch_size,
        recipe.stages[-1].head_learning_rate,
        recipe.weight_decay,
    )


def _label_weights(recipe: Recipe, taxonomy: Taxonomy, dataset: datasets.Dataset) -> dict[str, Tensor]:
    return {
        task.name: class_weights(count_labels(dataset, task), recipe.class_weight_power.get(task.name, 0.0))
        for task in taxonomy.tasks
    }


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
