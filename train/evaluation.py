"""Evaluates a model, a baseline or a recipe on annotated articles, alone and against each other.

The outcome is one document of plain values, ``metrics.json``::

    model               the model, or the recipe that was cross-validated
    data                the files
    articles, mediators how many of each gold has
    resamples, seed     of the bootstrap
    tasks               {task: scores}, see wasit.train.scores
    not_scored          tasks of the model that the data do not label
    missed_mediators    [{where, mediator}]: gold mediators that were not found; they count as wrong
    others              {name: {tasks, not_scored, missed_mediators, differences}}; a difference is the model less
                        the other, {task: {accuracy, macro_f1}}, each of them {difference, interval,
                        other_is_better: share of the resamples in which the other has the higher score}
    stability           of a model only, unless it is not wanted: see wasit.train.stability
    folds               of a cross-validation only: {task: {accuracy, macro_f1}}, each of them {mean,
                        standard_deviation, by_fold}
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from wasit.models.errors import InputError
from wasit.models.prediction import Prediction
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.answers import AnswerTable, answer_table
from wasit.train.scores import article_groups, task_scores
from wasit.train.statistics import Difference, article_counts, paired_differences, scores_of

DEFAULT_RESAMPLES = 2_000


@dataclass(frozen=True)
class Candidate:
    """Somebody whose answers are scored.

    Attributes:
        name: Who that is.
        tables: The answers by task.
    """

    name: str
    tables: dict[str, AnswerTable]


def evaluate(
    predictor: Predictor,
    articles: Sequence[AnnotatedArticle],
    progress: Callable[[int], object] = lambda articles: None,
) -> Candidate:
    """Asks a model. Mediators that it lists beyond those of gold are ignored.

    Args:
        predictor: The model, ready to run.
        articles: Gold.
        progress: Told after each batch how many articles it held.

    Raises:
        InputError: If gold has no label of any task of the model.
    """
    tasks = labelled_tasks(predictor.checkpoint.taxonomy, articles)
    predictions = predictor([article.text for article in articles], progress)
    return candidate(predictor.checkpoint.name, tasks, articles, predictions)


def labelled_tasks(taxonomy: Taxonomy, articles: Sequence[AnnotatedArticle]) -> tuple[Task, ...]:
    """The tasks that gold has a label of.

    Raises:
        InputError: If there is none, or the labels of mediators stand in a column that nobody named.
    """
    _check_mediators_are_read(taxonomy, articles)
    names = {name for article in articles for labels in _all_labels(article) for name in labels}
    tasks = tuple(task for task in taxonomy.tasks if task.name in names)
    if not tasks:
        place = articles[0].where if articles else "the data"
        known = ", ".join(task.name for task in taxonomy.tasks)
        raise InputError(
            f"{place} and all that follows: found no label of any task of the model; allowed: labels of {known}, "
            "in columns named so or named with --label-field TASK=COLUMN, --mediators-field or --mediator-field"
        )
    return tasks


def _check_mediators_are_read(taxonomy: Taxonomy, articles: Sequence[AnnotatedArticle]) -> None:
    if any(article.mediators for article in articles):
        return
    known = {mediator.id for mediator in taxonomy.mediators}
    for article in articles:
        for column, value in article.columns.items():
            if isinstance(value, Mapping) and value and known.issuperset(value):
                tasks = ", ".join(task.name for task in taxonomy.mediator_tasks)
                raise InputError(
                    f"--mediators-field: found no labels of {tasks}, but {article.where} has mediators in the "
                    f"column {column!r}; allowed: --mediators-field {column}"
                )


def _all_labels(article: AnnotatedArticle) -> Sequence[Mapping[str, tuple[str, ...]]]:
    return [article.labels, *article.mediators.values()]


def candidate(
    name: str, tasks: Sequence[Task], articles: Sequence[AnnotatedArticle], predictions: Sequence[Prediction]
) -> Candidate:
    """Puts predictions beside gold.

    Args:
        name: Who predicted.
        tasks: What is scored; every prediction answers them.
        articles: Gold.
        predictions: One for each article.
    """
    return Candidate(name, {task.name: answer_table(task, articles, predictions) for task in tasks})


def check_same_labels(tasks: Sequence[Task], other: Taxonomy, name: str) -> None:
    """Makes sure that another model answers the same questions.

    Raises:
        InputError: If a task is not there, or has other labels.
    """
    known = {task.name: task for task in other.tasks}
    for task in tasks:
        there = known.get(task.name)
        if there is None:
            raise InputError(f"--compare: {name} has no task {task.name!r}; found {', '.join(known)}")
        if (there.scope, there.problem) != (task.scope, task.problem) or set(there.label_names) != set(
            task.label_names
        ):
            raise InputError(
                f"--compare: found for {task.name} of {name}: {_described(there)}; allowed: {_described(task)}"
            )


def _described(task: Task) -> str:
    return f"{task.problem} of the {task.scope}, {', '.join(task.label_names)}"


@dataclass(frozen=True)
class Settings:
    """How answers are scored.

    Attributes:
        group_by: Columns to group by; without any, ``corpus`` if the data have it.
        resamples: Bootstrap resamples.
        seed: Of the bootstrap.
    """

    group_by: tuple[str, ...] = ()
    resamples: int = DEFAULT_RESAMPLES
    seed: int = 0


def build_metrics(
    model: Candidate,
    others: Sequence[Candidate],
    articles: Sequence[AnnotatedArticle],
    taxonomy: Taxonomy,
    settings: Settings,
) -> dict[str, Any]:
    """Scores candidates by the schema of this module.

    Args:
        model: Who is evaluated.
        others: Whom it is compared with; they answered the same gold, maybe not all of its tasks.
        articles: Gold.
        taxonomy: The model's.
        settings: How.

    Returns:
        Everything but ``data``, ``stability`` and ``folds``.
    """
    groups = article_groups(articles, settings.group_by)

    def scored(one: Candidate) -> dict[str, Any]:
        return {
            "tasks": {
                name: task_scores(table, groups, settings.resamples, settings.seed)
                for name, table in one.tables.items()
            },
            "not_scored": [task.name for task in taxonomy.tasks if task.name not in one.tables],
            "missed_mediators": missed_mediators(one, articles),
        }

    return {
        "model": model.name,
        "articles": len(articles),
        "mediators": sum(len(article.mediators) for article in articles),
        "resamples": settings.resamples,
        "seed": settings.seed,
        **scored(model),
        "others": {
            other.name: {**scored(other), "differences": _differences(model, other, settings)} for other in others
        },
    }


def missed_mediators(one: Candidate, articles: Sequence[AnnotatedArticle]) -> list[dict[str, str]]:
    """Gold mediators that were not found, with their places; each once, however many tasks ask about it."""
    missed = {
        (answer.article, answer.mediator): articles[answer.article].where
        for table in one.tables.values()
        for answer in table.missed
    }
    return [{"where": where, "mediator": str(mediator)} for (_, mediator), where in sorted(missed.items())]


def _differences(model: Candidate, other: Candidate, settings: Settings) -> dict[str, Any]:
    found = {}
    for name, table in other.tables.items():
        accuracy, macro_f1 = paired_differences(model.tables[name], table, settings.resamples, settings.seed)
        found[name] = {"accuracy": _difference(accuracy), "macro_f1": _difference(macro_f1)}
    return found


def _difference(found: Difference) -> dict[str, Any]:
    if math.isnan(found.low):
        known = None if math.isnan(found.difference) else found.difference
        return {"difference": known, "interval": None, "other_is_better": None}
    return {
        "difference": found.difference,
        "interval": [found.low, found.high],
        "other_is_better": found.other_is_better,
    }


def fold_scores(one: Candidate, fold_of: Sequence[int]) -> dict[str, Any]:
    """Scores each fold by itself, and says how far the folds lie apart.

    Args:
        one: All answers.
        fold_of: The fold of each article.

    Returns:
        ``{task: {accuracy, macro_f1}}``, each with ``mean``, ``standard_deviation`` (of a sample; null for fewer
        than two folds) and ``by_fold``, which is null for a fold without a label of the task.
    """
    found = {}
    for name, table in one.tables.items():
        parts = [
            table.only({index for index, own in enumerate(fold_of) if own == fold})
            for fold in range(max(fold_of) + 1)
        ]
        scores = [scores_of(article_counts(part).sum(axis=0)) if part.answers else None for part in parts]
        found[name] = {
            "accuracy": _spread([None if score is None else float(score.accuracy) for score in scores]),
            "macro_f1": _spread([None if score is None else float(score.macro_f1) for score in scores]),
        }
    return found


def _spread(values: Sequence[float | None]) -> dict[str, Any]:
    by_fold = [None if value is None or math.isnan(value) else value for value in values]
    known = [value for value in by_fold if value is not None]
    return {
        "mean": mean(known) if known else None,
        "standard_deviation": stdev(known) if len(known) > 1 else None,
        "by_fold": by_fold,
    }
