"""Annotated articles as files hold them: read, checked against a taxonomy, and turned into rows of labels.

A label may be the name of one label, or a list of names: for a task with one answer the true one is among them,
for a task with several they all hold. A task that a row does not mention has no label there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet

from wasit.models.errors import InputError
from wasit.models.taxonomy import Task, Taxonomy

Labels = dict[str, tuple[str, ...]]
"""For each task that is labelled, its label or labels."""

LabelSets = Mapping[str, Mapping[str, tuple[str, ...]]]
"""For a task, names that a file uses for a set of labels."""


@dataclass(frozen=True)
class Columns:
    """Where a file keeps what.

    Attributes:
        text: Column of the text.
        mediators: Column of ``{mediator: {task: label}}``; a file without it has no labels of mediators.
        label_sets: Names that the file uses for a set of labels.
    """

    text: str = "text"
    mediators: str = "mediators"
    label_sets: LabelSets = field(default_factory=dict)


@dataclass(frozen=True)
class AnnotatedArticle:
    """An article and what an annotator said of it.

    Attributes:
        where: File and line or row, for messages.
        text: The article.
        labels: Labels of the article's tasks.
        mediators: Labels of the tasks of each mediator.
        columns: Everything else that the row holds.
    """

    where: str
    text: str
    labels: Labels
    mediators: dict[str, Labels]
    columns: dict[str, Any]


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Reads the rows of a file, each with the words that name its place."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if path.suffix == ".jsonl":
        return _json_rows(path)
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    raise InputError(f"{path}: found the ending {path.suffix!r}; allowed: .jsonl, .parquet")


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{path}: line {number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{where}: is not JSON in UTF-8: {error}") from error
            if not isinstance(row, dict):
                raise InputError(f"{where}: found {type(row).__name__}; allowed: one JSON object a line")
            yield where, row


def _parquet_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{path}: is not a readable Parquet file: {error}") from error
    with file:
        number = 0
        for batch in file.iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}: row {number}", row


def annotated_article(
    where: str, row: Mapping[str, Any], taxonomy: Taxonomy, columns: Columns
) -> AnnotatedArticle:
    """Checks one row against the taxonomy.

    Raises:
        InputError: If the text is missing or empty, or a label or mediator is not in the taxonomy.
    """
    text = row.get(columns.text)
    if not isinstance(text, str) or not text.strip():
        known = ", ".join(map(repr, row))
        raise InputError(
            f"{where}: field {columns.text!r} holds {text!r}; allowed: a text (the fields are {known})"
        )
    mediators = row.get(columns.mediators) or {}
    if not isinstance(mediators, Mapping):
        raise InputError(
            f"{where}: field {columns.mediators!r} holds {mediators!r}; allowed: {{mediator: {{task: label}}}}"
        )
    known_mediators = {mediator.id for mediator in taxonomy.mediators}
    unknown = [name for name in mediators if name not in known_mediators]
    if unknown:
        allowed = ", ".join(sorted(known_mediators))
        raise InputError(f"{where}: field {columns.mediators!r} names {unknown[0]!r}; allowed: {allowed}")
    used = {columns.text, columns.mediators, *(task.name for task in taxonomy.article_tasks)}
    return AnnotatedArticle(
        where=where,
        text=text,
        labels=_labels(where, row, taxonomy.article_tasks, columns.label_sets),
        mediators={
            name: _labels(
                f"{where}: {columns.mediators}.{name}", values, taxonomy.mediator_tasks, columns.label_sets
            )
            for name, values in mediators.items()
            if values is not None
        },
        columns={name: value for name, value in row.items() if name not in used},
    )


def _labels(where: str, values: Mapping[str, Any], tasks: tuple[Task, ...], label_sets: LabelSets) -> Labels:
    labels: Labels = {}
    for task in tasks:
        value = values.get(task.name)
        if value is not None:
            labels[task.name] = _label_names(f"{where}: field {task.name!r}", value, task, label_sets)
    return labels


def _label_names(where: str, value: Any, task: Task, label_sets: LabelSets) -> tuple[str, ...]:
    sets = label_sets.get(task.name, {})
    names = sets[value] if isinstance(value, str) and value in sets else value
    names = (names,) if isinstance(names, str) else tuple(names)
    wrong = [name for name in names if name not in task.label_names]
    if wrong or (not names and task.problem == "single_label"):
        allowed = ", ".join((*task.label_names, *sets))
        raise InputError(f"{where} holds {wrong[0] if wrong else value!r}; allowed: {allowed}")
    return names
