"""What ``wasit evaluate`` is asked for, and how it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from wasit.models.checkpoint import Checkpoint
from wasit.models.devices import pick_device
from wasit.models.errors import InputError
from wasit.models.prediction import Prediction
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Task, Taxonomy
from wasit.models.urls import data_name
from wasit.train.annotation import AnnotatedArticle
from wasit.train.baseline import BASELINES, Baseline
from wasit.train.dataset import read_source
from wasit.train.evaluation import (
    Candidate,
    Settings,
    build_metrics,
    candidate,
    check_same_labels,
    evaluate,
    fold_scores,
    labelled_tasks,
)
from wasit.train.folds import CrossValidation, deal_folds, predict_by_fold
from wasit.train.recipe import DataSource, Recipe, load_recipe
from wasit.train.stability import stability

BASELINE_NAME = "TF-IDF with logistic regression"

_RECIPES = (".yaml", ".yml")


@dataclass(frozen=True)
class EvaluationJob:
    """What the command line asks for.

    Attributes:
        model: Name of the model, or with ``folds`` the file of the recipe.
        data: Gold.
        compare: Further models, or with ``folds`` further recipes.
        baseline: ``tfidf`` or nothing.
        training_data: What the baseline learns from.
        folds: How many folds a recipe is cross-validated with; nothing for a model that is there already.
        overrides: Changes of all recipes.
        settings: How answers are scored.
        folder: Where the models of the folds go.
        device: Where models answer.
        stability: Whether the model, if no recipe is cross-validated, is asked again of changed articles.
    """

    model: str
    data: tuple[DataSource, ...]
    compare: tuple[str, ...] = ()
    baseline: str | None = None
    training_data: tuple[DataSource, ...] = ()
    folds: int | None = None
    overrides: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    folder: Path | None = None
    device: str = "auto"
    stability: bool = True

    def __post_init__(self) -> None:
        """Checks what can be checked at once.

        Raises:
            InputError: If options do not go together, or a number is out of bounds.
        """
        if self.baseline is not None and self.baseline not in BASELINES:
            raise InputError(f"--baseline: found {self.baseline!r}; allowed: {', '.join(BASELINES)}")
        if (self.baseline is None) != (not self.training_data):
            raise InputError("--baseline and --training-data: found one of them; allowed: both or none")
        if self.settings.resamples < 1:
            raise InputError(f"--resamples: found {self.settings.resamples}; allowed: at least 1")
        if self.folds is None:
            self._check_models()
        elif self.folds < 2:
            raise InputError(f"--folds: found {self.folds}; allowed: at least 2")
        elif self.folder is None:
            raise InputError("--folds: found no -o DIR; allowed: with a folder for the models of the folds")

    def _check_models(self) -> None:
        if self.overrides:
            raise InputError(
                f"--set: found {self.overrides[0]!r} without --folds; allowed: with a recipe and --folds"
            )
        for name in (self.model, *self.compare):
            if name.endswith(_RECIPES):
                raise InputError(f"MODEL: found the recipe {name!r}; allowed: a model, or a recipe with --folds N")


@dataclass(frozen=True)
class Evaluation:
    """The outcome.

    Attributes:
        metrics: By the schema of :mod:`wasit.train.evaluation`.
        articles: Gold.
        taxonomy: The model's.
        model: Who was evaluated.
        notes: What a user should know of how it came about.
    """

    metrics: dict[str, Any]
    articles: tuple[AnnotatedArticle, ...]
    taxonomy: Taxonomy
    model: Candidate
    notes: tuple[str, ...]


def run_evaluation(job: EvaluationJob) -> Evaluation:
    """Reads gold, asks everybody, and scores the answers.

    Raises:
        InputError: If data and models do not fit.
    """
    return _evaluate_model(job) if job.folds is None else _cross_validate(job, job.folds)


def _evaluate_model(job: EvaluationJob) -> Evaluation:
    device = pick_device(job.device)
    checkpoint = Checkpoint.load(job.model)
    articles = _read(job.data, checkpoint.taxonomy)
    tasks = labelled_tasks(checkpoint.taxonomy, articles)
    checkpoints = [Checkpoint.load(name) for name in dict.fromkeys(job.compare)]
    for other in checkpoints:
        check_same_labels(tasks, other.taxonomy, other.name)
    one_fold = [0] * len(articles)
    baseline, notes = _baseline(job, checkpoint.taxonomy, tasks, articles, one_fold)
    predictors = [Predictor(one, device) for one in (checkpoint, *checkpoints)]
    candidates = []
    for predictor in predictors:
        with _bar(predictor.checkpoint.name, len(articles)) as bar:
            candidates.append(evaluate(predictor, articles, bar.update))
    evaluation = _evaluation(job, checkpoint.taxonomy, articles, [*candidates, *baseline], notes)
    if job.stability:
        tables = tuple(candidates[0].tables.values())
        with _bar("stability") as bar:
            evaluation.metrics["stability"] = stability(predictors[0], articles, tables, bar.update)
    return evaluation


def _bar(name: str, articles: int | None = None) -> "tqdm[Any]":
    return tqdm(total=articles, desc=name, unit=" articles", delay=2, disable=None)


def _cross_validate(job: EvaluationJob, folds: int) -> Evaluation:
    assert job.folder is not None
    names = (job.model, *dict.fromkeys(job.compare))
    recipes = [load_recipe(Path(name), job.overrides) for name in names]
    taxonomies = [_taxonomy(recipe) for recipe in recipes]
    articles = _read(job.data, taxonomies[0])
    tasks = labelled_tasks(taxonomies[0], articles)
    for name, taxonomy in zip(names[1:], taxonomies[1:], strict=True):
        check_same_labels(tasks, taxonomy, name)
    fold_of = deal_folds(articles, folds, recipes[0].seed)
    folders = [job.folder, *(job.folder / f"compared-{number}" for number in range(1, len(names)))]
    runs = [
        CrossValidation(recipe, folder, articles, folds, job.device)
        for recipe, folder in zip(recipes, folders, strict=True)
    ]
    baseline, notes = _baseline(job, taxonomies[0], tasks, articles, fold_of)
    candidates = [
        candidate(name, tasks, articles, predict_by_fold(articles, fold_of, run))
        for name, run in zip(names, runs, strict=True)
    ]
    evaluation = _evaluation(job, taxonomies[0], articles, [*candidates, *baseline], notes)
    evaluation.metrics["folds"] = fold_scores(candidates[0], fold_of)
    return evaluation


def _taxonomy(recipe: Recipe) -> Taxonomy:
    return Taxonomy.from_yaml(Path(recipe.taxonomy)) if recipe.taxonomy else Taxonomy.default()


def _read(sources: Sequence[DataSource], taxonomy: Taxonomy) -> list[AnnotatedArticle]:
    return [article for source in sources for article in read_source(source, Path(), taxonomy, seed=0)]


def _evaluation(
    job: EvaluationJob,
    taxonomy: Taxonomy,
    articles: list[AnnotatedArticle],
    candidates: Sequence[Candidate],
    notes: Sequence[str],
) -> Evaluation:
    model, *others = candidates
    metrics = build_metrics(model, others, articles, taxonomy, job.settings)
    metrics = {"model": model.name, "data": [data_name(source.path) for source in job.data], **metrics}
    return Evaluation(metrics, tuple(articles), taxonomy, model, tuple(notes))


def _baseline(
    job: EvaluationJob,
    taxonomy: Taxonomy,
    tasks: Sequence[Task],
    articles: Sequence[AnnotatedArticle],
    fold_of: Sequence[int],
) -> tuple[list[Candidate], list[str]]:
    """The baseline's answers, if it is asked for, from training data without the articles that it answers."""
    if job.baseline is None:
        return [], []
    training = _read(job.training_data, taxonomy)
    there = labelled_tasks(taxonomy, training)
    shared = [task for task in tasks if task in there]
    if not shared:
        labelled = ", ".join(task.name for task in there)
        wanted = ", ".join(task.name for task in tasks)
        raise InputError(f"--training-data: found labels of {labelled}; allowed: labels of {wanted}")

    def predict(fold: int, own: list[AnnotatedArticle]) -> list[Prediction]:
        texts = {article.text for article in own}
        others = [article for article in training if article.text not in texts]
        trained = Baseline(taxonomy, others, [task.name for task in shared])
        return trained([article.text for article in own])

    predictions = predict_by_fold(articles, fold_of, predict)
    evaluated = {article.text for article in articles}
    known = sum(article.text in evaluated for article in training)
    notes = [f"{BASELINE_NAME} learnt from {len(training)} articles."]
    if known:
        notes.append(f"It never learnt from an article that it answered: {known} are in both sets of data.")
    return [candidate(BASELINE_NAME, shared, articles, predictions)], notes
