"""A training recipe: a YAML file, typed, with command-line overrides; every mistake in it is reported at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, model_validator

from wasit.models.card_notes import CardNotes
from wasit.models.config_file import Strict, read_yaml, validate
from wasit.models.configuration import DEFAULT_OVERLAP
from wasit.models.errors import ConfigError
from wasit.models.naming import raise_problems
from wasit.models.urls import is_url

Share = float


class DataSource(Strict):
    """A file of labelled articles, and which of its rows to take.

    Attributes:
        path: ``.jsonl``, ``.csv`` or ``.parquet``, relative to the recipe's ``data_folder``. Or the URL of a
            file, a folder or a pattern that fsspec knows. ``hf://datasets/organisation/name[@revision][/path]`` is
            a data set on the Hugging Face Hub or a part of it; it is streamed.
        text_field: Column of the text.
        mediators_field: Column of the mediators' labels: ``{mediator: {task: label}}``.
        mediator_field: For files with one row a mediator: the column that names it, by its id or by a form that
            the taxonomy knows. Columns named as the tasks of mediators hold its labels; rows with the same text
            are one article.
        label_fields: For a task, the column that holds its label, if it is not named as the task.
        label_separator: What stands between several labels in a cell of text.
        where: Only rows whose columns have these values.
        label_sets: For a task, labels of the file that stand for a set of labels: the true one is among them.
        rows: At most so many rows, drawn at random with the recipe's seed; all without it.
        balance_by: Columns whose values are drawn evenly when ``rows`` is given.
        max_words: Only texts of at most so many words.
        lead_words: Only the first so many words of each text: the topic of most articles shows there already.
        mediator_swap_share: Share of the articles in which other mediators stand in the place of those that the
            text names, so that roles are learnt from what is told, not from whom it is told of. Each stage draws
            anew; articles kept for calibration stay as they are.
        calibration_share: Share of the rows that no stage learns from: the temperatures are fitted on them. Rows
            are chosen by their text, so that two stages that read the same file keep the same rows apart.
    """

    path: str
    text_field: str = "text"
    mediators_field: str = "mediators"
    mediator_field: str | None = None
    label_fields: dict[str, str] = Field(default_factory=dict)
    label_separator: str = Field(default="|", min_length=1)
    where: dict[str, str] = Field(default_factory=dict)
    label_sets: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    rows: int | None = Field(default=None, ge=1)
    balance_by: tuple[str, ...] = ()
    max_words: int | None = Field(default=None, ge=1)
    lead_words: int | None = Field(default=None, ge=1)
    mediator_swap_share: Share = Field(default=0.0, ge=0, le=1)
    calibration_share: Share = Field(default=0.0, ge=0, lt=1)

    def place(self, folder: str | Path) -> str:
        """Where the data are, as a path or URL.

        Args:
            folder: Where relative paths start; a path or URL, too.
        """
        if is_url(self.path):
            return self.path
        if is_url(str(folder)) and not Path(self.path).is_absolute():
            return f"{str(folder).rstrip('/')}/{self.path}"
        return str(folder / Path(self.path))


class Stage(Strict):
    """A part of a run with data and learning rates of its own; the rates rise first and then fall to 0.

    Attributes:
        train: Data to learn from.
        epochs: Passes over these data.
        learning_rate: Peak rate of the encoder.
        head_learning_rate: Peak rate of heads and poolers, which start from nothing.
        warmup: Share of the steps in which the rates rise.
    """

    train: tuple[DataSource, ...] = Field(min_length=1)
    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    head_learning_rate: float = Field(gt=0)
    warmup: Share = Field(default=0.1, ge=0, lt=1)


class Distillation(Strict):
    """Models that label the training articles beside gold.

    Attributes:
        teachers: Each ``wasit-mini``, the folder of a model or a Hub name, with a task or more of the taxonomy and
            the same labels for it. Their scores are averaged.
        weight: Share of the teachers' scores in a label that gold is sure of; elsewhere they stand alone.
    """

    teachers: tuple[str, ...] = Field(min_length=1)
    weight: Share = Field(default=0.5, ge=0, le=1)


class Recipe(Strict):
    """Everything that a training run depends on, besides the data themselves.

    Attributes:
        base: Folder or Hub name of a ``bert`` encoder, or a model of wasit that is to learn on: ``wasit-mini``, a
            folder or a Hub name. Such a model keeps its heads for tasks with the same labels.
        layers: Layers of the base to keep, counted from 0; all without it.
        taxonomy: A taxonomy file; wasit's own without it.
        output: Folder that the run writes: the model, its checkpoints and its metrics.
        data_folder: Folder, or URL of one, that the paths of the data start from.
        stages: The parts of the run, one after another.
        distill: Teachers that label all training articles, those of coarse topics too.
        evaluation: Data to score after every epoch; never learnt from.
        window_overlap: Tokens that the windows of a long article share.
        batch_size: Articles of one step, over all processes and micro-batches.
        gradient_accumulation: Micro-batches that a process runs one after another for one step. More of them need
            less memory and change nothing else.
        layer_decay: Each layer of the encoder learns so many times as fast as the one above it.
        weight_decay: As in AdamW.
        hidden_dropout: Dropout in the encoder.
        mention_dropout: Dropout of what the tasks of mediators read.
        token_masking: Share of the tokens that are masked in training.
        marker_dropout: Share of the training articles that are read without markers.
        class_weight_power: For a task, how strongly rare labels are weighted: 0 not at all, 1 fully.
        task_weights: Weight of each task's loss; 1 for tasks not named.
        head_epochs: Further passes over the data of the last stage in which only poolers and heads learn, on
            states of the encoder that are computed once and kept in memory: some kilobytes an article and mention.
        seed: Seeds order, dropout, masking and fresh weights.
        precision: ``bfloat16`` runs the matrix products in bfloat16, with weights and sums in float32; ``auto``
            does so where the machine has it.
        compile: Whether ``torch.compile`` compiles the network: slower to start, faster on a GPU in a long run.
        tensorboard: Whether the log is written for TensorBoard too, into the folder ``logs`` of the output.
        log_steps: Steps between two entries of the log.
        save_dtype: Precision of the saved weights.
        card: What the model's card is to say that no program can know, see :mod:`wasit.models.card_notes`.
    """

    base: str
    layers: tuple[int, ...] | None = None
    taxonomy: str | None = None
    output: str
    data_folder: str = "."
    stages: tuple[Stage, ...] = Field(min_length=1)
    distill: Distillation | None = None
    evaluation: tuple[DataSource, ...] = ()
    window_overlap: int = Field(default=DEFAULT_OVERLAP, ge=0)
    batch_size: int = Field(default=16, ge=1)
    gradient_accumulation: int = Field(default=1, ge=1)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    hidden_dropout: Share = Field(default=0.0, ge=0, lt=1)
    mention_dropout: Share = Field(default=0.3, ge=0, lt=1)
    token_masking: Share = Field(default=0.0, ge=0, lt=1)
    marker_dropout: Share = Field(default=0.0, ge=0, lt=1)
    class_weight_power: dict[str, float] = Field(default_factory=dict)
    task_weights: dict[str, float] = Field(default_factory=dict)
    head_epochs: int = Field(default=0, ge=0)
    seed: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: bool = False
    tensorboard: bool = False
    log_steps: int = Field(default=10, ge=1)
    save_dtype: Literal["float32", "float16"] = "float32"
    card: CardNotes = Field(default_factory=CardNotes)

    @property
    def sources(self) -> tuple[DataSource, ...]:
        """All data that the run reads, in its order."""
        return (*(source for stage in self.stages for source in stage.train), *self.evaluation)

    @model_validator(mode="after")
    def _check_card(self) -> "Recipe":
        problems = self.card.data_problems(frozenset(source.path for source in self.sources))
        raise_problems(problem._replace(location=("card", *problem.location)) for problem in problems)
        return self


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Reads a recipe and applies overrides of the command line to it.

    Args:
        path: The YAML file.
        overrides: ``key=value`` each; the key may lead deeper (``stages.0.epochs=1``), the value is YAML.

    Raises:
        ConfigError: With everything that is wrong with file and overrides.
    """
    values = read_yaml(path)
    problems = []
    for override in overrides:
        try:
            _apply(values, override)
        except ValueError as error:
            problems.append(f"--set {override}: {error}")
    if problems:
        raise ConfigError(problems)
    return validate(values, Recipe, str(path))


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ValueError("expected key=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"the value is not YAML: {text!r}") from error
    *path, last = key.split(".")
    place: Any = values
    for step in path:
        place = _descend(place, step)
    if isinstance(place, list):
        place[_index(place, last)] = value
    else:
        place[last] = value


def _descend(place: Any, step: str) -> Any:
    if isinstance(place, list):
        return place[_index(place, step)]
    below = place.setdefault(step, {})
    if not isinstance(below, dict | list):
        raise ValueError(f"{step!r} holds {below!r}, nothing can be set inside of it")
    return below


def _index(place: list[Any], step: str) -> int:
    if not step.isdigit() or int(step) >= len(place):
        raise ValueError(f"{step!r} is no place in a list of {len(place)}; allowed: 0 to {len(place) - 1}")
    return int(step)


def recipe_text(recipe: Recipe) -> str:
    """The recipe as YAML, every key written out."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
