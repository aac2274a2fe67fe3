"""What a training run tells of itself in the card of its model."""

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
import yaml
from accelerate import PartialState
from huggingface_hub import ModelCard

from wasit.models.card import CardContent, TrainingFacts, write_card
from wasit.models.card_text import CARD_FILE, CardTable
from wasit.models.hub_name import HubName
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import SHIPPED_MODEL
from wasit.models.urls import data_name, is_url
from wasit.train.card_scores import training_scores
from wasit.train.machine import runs_on_cpu, uses_bfloat16
from wasit.train.recipe import DataSource, Recipe
from wasit.train.run_data import RunData

_LIBRARIES = ("wasit", "torch", "transformers")


def write_training_card(
    recipe: Recipe, taxonomy: Taxonomy, metrics: Mapping[str, float], data: CardTable, time: str
) -> None:
    """Writes the card into the folder of the run.

    Args:
        recipe: Of the run.
        taxonomy: Of the model.
        metrics: On the data of evaluation; empty without such data.
        data: From :func:`data_table`.
        time: How long it took, see :func:`duration`.
    """
    output = Path(recipe.output)
    facts = TrainingFacts(
        base=_base(recipe),
        base_model=recipe.card.base_model or _base_model(recipe.base),
        seed=recipe.seed,
        hardware=_hardware(recipe),
        time=time,
        software=", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        year=datetime.now(UTC).year,
        data=data,
        paths={source.path: shown_path(source.path) for source in recipe.sources},
        recipe=_recipe_text(recipe),
    )
    scores = training_scores(taxonomy, metrics, _names(recipe.evaluation)) if metrics else None
    write_card(output, CardContent(output.resolve().name, taxonomy, recipe.card, facts, scores))


def data_table(recipe: Recipe, data: RunData) -> CardTable:
    """The parts of a run with their files and numbers of articles."""
    parts = [
        (f"stage {number}", stage.train, articles)
        for number, (stage, articles) in enumerate(zip(recipe.stages, data.stages, strict=True), start=1)
    ]
    if data.calibration is not None:
        apart = [source for source in recipe.sources if source.calibration_share]
        parts.append(("calibration", tuple(apart), data.calibration))
    if data.evaluation is not None:
        parts.append(("evaluation", recipe.evaluation, data.evaluation))
    rows = tuple((part, ", ".join(_names(sources)), f"{len(articles):,}") for part, sources, articles in parts)
    return CardTable("Data", ("part", "files", "articles"), rows, names=2)


def duration(seconds: float, is_resumed: bool) -> str:
    """A time in hours, minutes and seconds.

    Args:
        seconds: Since the command was given.
        is_resumed: Whether an earlier command had done a part already.
    """
    time = f"{timedelta(seconds=round(seconds))} (hours:minutes:seconds)"
    return f"{time} since the run was last resumed" if is_resumed else time


def shown_path(path: str) -> str:
    """A path as it may be published: folders of the machine are nobody else's business."""
    if is_url(path):
        return data_name(path)
    parts = Path(path)
    return parts.name if parts.is_absolute() or ".." in parts.parts else path


def _names(sources: Iterable[DataSource]) -> list[str]:
    return list(dict.fromkeys(shown_path(source.path) for source in sources))


def _base(recipe: Recipe) -> str:
    name = Path(recipe.base).name if Path(recipe.base).is_dir() else recipe.base
    layers = "" if recipe.layers is None else f", of whose layers {', '.join(map(str, recipe.layers))} were kept"
    return f"{name}{layers}"


def _base_model(base: str) -> str | None:
    """The name on the Hub of what a model was made from."""
    if Path(base).is_dir():
        return None
    if base == SHIPPED_MODEL:
        card = ModelCard((files("wasit.models") / SHIPPED_MODEL / CARD_FILE).read_text(encoding="utf-8"))
        made_from: str | None = card.data.get("base_model")
        return made_from
    name = HubName.parse(base)
    return None if name is None else name.repository


def _hardware(recipe: Recipe) -> str:
    if runs_on_cpu():
        device = f"CPU ({platform.machine()}, {os.cpu_count()} cores)"
    else:
        device = torch.cuda.get_device_name()
    processes = PartialState().num_processes
    products = "bfloat16" if uses_bfloat16(recipe.precision) else "float32"
    return f"{device}{f', {processes} processes' if processes > 1 else ''}, matrix products in {products}"


def _recipe_text(recipe: Recipe) -> str:
    content = recipe.model_dump(
        mode="json", exclude={"output", "data_folder", "card", "seed"}, exclude_defaults=True
    )
    content["base"] = _published(recipe.base)
    if recipe.taxonomy is not None:
        content["taxonomy"] = shown_path(recipe.taxonomy)
    if recipe.distill is not None:
        content["distill"]["teachers"] = [_published(teacher) for teacher in recipe.distill.teachers]
    sources: list[dict[str, Any]] = [source for stage in content["stages"] for source in stage["train"]]
    for source in (*sources, *content.get("evaluation", ())):
        source["path"] = shown_path(source["path"])
    content["seed"] = recipe.seed
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _published(model: str) -> str:
    return Path(model).name if Path(model).is_dir() else model
