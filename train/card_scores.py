"""Scores for the card of a model: from an evaluation, with intervals, or from the end of its training."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult
from markupsafe import Markup

from wasit.models.card import CardScores, check_card, fill_in_scores
from wasit.models.card_text import CardTable, escaped, one_line
from wasit.models.errors import InputError
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.report import notes, report_tables
from wasit.train.statistics import CONFIDENCE

_KIND = "text-classification"
_DIGITS = 4
_LONGEST_IDENTIFIER = 96

_AT_THE_END = """\
On {data}, at the end of training: without intervals, and without the mediators that were not found.
`wasit evaluate FOLDER DATA --card` puts scores with intervals in this place."""


@dataclass(frozen=True)
class Score:
    """One score of a task.

    Attributes:
        name: Of the score.
        value: From 0 to 1; None if it is not known.
        interval: Low and high; None if it is not known.
        details: What else is known of it.
    """

    name: str
    value: float | None
    interval: Sequence[float] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def check_card_of(model: str) -> Path:
    """Makes sure that scores can be put into the card of a model, before they are computed.

    Args:
        model: As the command line names it.

    Returns:
        Its folder.

    Raises:
        InputError: If it is no folder of a model, or has a card that has no place for scores.
    """
    folder = Path(model)
    if not folder.is_dir():
        raise InputError(f"--card: found the model {model!r}; allowed: the folder of a model, whose card it fills")
    check_card(folder)
    return folder


def write_scores(folder: Path, taxonomy: Taxonomy, metrics: Mapping[str, Any]) -> None:
    """Puts the scores of an evaluation into the card of a model.

    Args:
        folder: Of the model.
        taxonomy: Of the model.
        metrics: By the schema of :mod:`wasit.train.evaluation`.

    Raises:
        InputError: If the card cannot be read or written, or has no place for scores.
    """
    fill_in_scores(folder, taxonomy, evaluation_scores(taxonomy, metrics))


def evaluation_scores(taxonomy: Taxonomy, metrics: Mapping[str, Any]) -> CardScores:
    """What a card says of an evaluation.

    Args:
        taxonomy: Of the model.
        metrics: By the schema of :mod:`wasit.train.evaluation`.
    """
    # Who reads a card does not have the data: the number of missed mediators tells more than their places.
    missed = len(metrics["missed_mediators"])
    # What folders are called on the machine that evaluated them is nobody else's business.
    others = {_shown_name(name, metrics["others"]): other for name, other in metrics["others"].items()}
    told = {**metrics, "model": "this model", "others": others, "missed_mediators": []}
    explanation = (
        f"On {', '.join(metrics['data'])}: {metrics['articles']} articles with {metrics['mediators']} mediators"
        f"{f', {missed} of them not found' if missed else ''}. {notes(told)}"
    )
    tables = tuple(
        CardTable(table.title, table.header, table.rows, table.names) for table in report_tables(told, taxonomy)
    )
    return CardScores(explanation, tables, tuple(_evaluation_results(taxonomy, metrics)))


def _shown_name(name: str, names: Collection[str]) -> str:
    short = Path(name).name if Path(name).is_dir() else name
    return short if [Path(other).name for other in names].count(short) == 1 else name


def _evaluation_results(taxonomy: Taxonomy, metrics: Mapping[str, Any]) -> Iterator[EvalResult]:
    for task in taxonomy.tasks:
        scores = metrics["tasks"].get(task.name)
        if scores is None:
            continue
        known = {"answers": scores["answers"]}
        for kind, name in (("accuracy", "accuracy"), ("macro_f1", "macro-F1")):
            score = Score(name, scores[kind], scores[f"{kind}_interval"], known)
            yield from _results(metrics["data"], task, score)
        for label in task.labels:
            found = scores["by_label"][label.name]
            known = {"label": label.name, "support": found["support"]}
            score = Score(f"F1 of {label.en}", found["f1"], found["f1_interval"], known)
            yield from _results(metrics["data"], task, score)


def training_scores(taxonomy: Taxonomy, metrics: Mapping[str, float], data: Sequence[str]) -> CardScores:
    """What a card says of the scores that training ends with; they have no intervals.

    Args:
        taxonomy: Of the model.
        metrics: As :func:`wasit.train.training.train` returns them.
        data: Names of the files.
    """
    rows: list[tuple[str, ...]] = []
    results: list[EvalResult] = []
    for task in taxonomy.tasks:
        names = {"accuracy": "accuracy", "macro_f1": "macro-F1"}
        names |= {f"f1_{label.name}": f"F1 of {label.en}" for label in task.labels}
        for key, name in names.items():
            value = metrics.get(f"eval_{task.name}_{key}")
            if value is not None:
                rows.append((task.en, name, f"{value:.3f}"))
                results += _results(data, task, Score(name, value))
    explanation = Markup(_AT_THE_END).format(data=escaped(", ".join(data)))
    table = CardTable("Scores", ("task", "score", "value"), tuple(rows), names=2)
    return CardScores(explanation, (table,), tuple(results))


def _results(data: Sequence[str], task: Task, score: Score) -> Iterator[EvalResult]:
    if score.value is None:
        return
    # The Hub shows name and value alone: a name has to say everything.
    name, details = f"{task.en}: {score.name}", dict(score.details)
    if score.interval is not None:
        low, high = (round(limit, _DIGITS) for limit in score.interval)
        name += f", {CONFIDENCE:.0%} interval {low:.3f} to {high:.3f}"
        details |= {"confidence": CONFIDENCE, "interval": [low, high]}
    yield EvalResult(
        task_type=_KIND,
        task_name=one_line(task.en),
        dataset_type=_identifier(data),
        dataset_name=one_line(", ".join(data)),
        # Results of the same data set and configuration would become those of one task.
        dataset_config=task.name,
        metric_type="accuracy" if score.name == "accuracy" else "f1",
        metric_name=one_line(name),
        metric_value=round(score.value, _DIGITS),
        metric_args=details or None,
    )


def _identifier(data: Sequence[str]) -> str:
    """What stands for the data where the Hub allows only an identifier."""
    letters = re.sub("[^a-z0-9]+", "-", " ".join(Path(name).stem for name in data).lower())
    return letters[:_LONGEST_IDENTIFIER].strip("-") or "unknown"
