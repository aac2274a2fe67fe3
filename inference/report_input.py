"""Finds the predictions that a report is made of, and tells from their columns what was asked.

Nothing here needs torch: a report is made in seconds.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.file_names import JOURNAL_FOLDER, REJECTS_FILE, RUN_FILE
from wasit.inference.report_errors import input_error
from wasit.inference.report_json import json_lines_to_parquet

_ALLOWED = "the output of `wasit classify`: a folder of Parquet parts, a .parquet or a .jsonl"
_NEEDED = ("doc_id", "article", "title", "date", "source", "content_hash", "mediators", "model")
_NEEDED_OF_MEDIATORS = ("mediator", "evidence")
_SCORES = "_scores"
_SCORE = "_score"
_MOST_NAMED = 5
_NAME = re.compile(r"[a-z0-9_]{1,100}")


Problem = Literal["single_label", "multi_label"]


class ReportTask(NamedTuple):
    """A question that the predictions answer.

    Attributes:
        name: Of its column.
        problem: Whether exactly one label is the answer, or any number.
        labels: The answers, in the order of the model's outputs.
    """

    name: str
    problem: Problem
    labels: tuple[str, ...]

    @property
    def is_single(self) -> bool:
        """Whether exactly one label is the answer."""
        return self.problem == "single_label"


@dataclass(frozen=True)
class Predictions:
    """Files of predictions, all with the same columns.

    Attributes:
        name: What the user calls them.
        files: Parquet files, in order.
        counts: Rows of each.
        article_tasks: The tasks that are asked once an article, those with one answer first.
        mediator_tasks: The tasks that are asked for each mediator of an article.
        has_text: Whether rows have the article's text.
        run: The account of the run, if it is there.
        rejects: Documents without rows, if that is known.
    """

    name: str
    files: tuple[Path, ...]
    counts: tuple[int, ...]
    article_tasks: tuple[ReportTask, ...]
    mediator_tasks: tuple[ReportTask, ...]
    has_text: bool
    run: Mapping[str, Any] | None
    rejects: int | None

    @cached_property
    def rows(self) -> int:
        """How many there are."""
        return sum(self.counts)

    @property
    def topic(self) -> ReportTask | None:
        """The first task of articles that has one answer: what articles are filtered by."""
        return next((task for task in self.article_tasks if task.is_single), None)

    @classmethod
    def find(cls, text: str, scratch: Path) -> "Predictions":
        """Finds them.

        Args:
            text: A folder, a ``.parquet`` or a ``.jsonl``.
            scratch: A folder for what has to be written in between.

        Raises:
            InputError: If there are none, or they are not predictions of one model of wasit.
        """
        path = Path(text)
        beside = (path / RUN_FILE, path / REJECTS_FILE)
        if path.is_dir():
            files = _parts(text, path)
        elif path.suffix.lower() in (".parquet", ".jsonl") and path.is_file():
            files = [path]
            beside = (Path(f"{path}.{RUN_FILE}"), Path(f"{path}.{REJECTS_FILE}"))
        else:
            found = "that is another file" if path.exists() else "there is nothing of that name"
            raise input_error(f"PREDICTIONS: found {text!r}, {found}; allowed: {_ALLOWED}")
        run = _read_run(beside[0])
        _check_whole(text, path, files, run)
        if path.suffix.lower() == ".jsonl" and path.is_file():
            files = [scratch / "rows.parquet"]
            json_lines_to_parquet(path, files[0])
        schema, counts = _same_columns(files, path)
        rejects = _rejects(run, beside[1])
        if not sum(counts):
            why = f": all {rejects} documents were rejected, {beside[1]} tells why" if rejects else ""
            raise input_error(f"PREDICTIONS: there are no articles in {text}{why}")
        labels = _Labels(files)
        names = [name for name, _ in (*_tasks(schema), *_tasks(_mediator_fields(schema)))]
        if len(set(names)) < len(names):
            raise input_error(f"PREDICTIONS: {text}: two tasks have the same name among {', '.join(names)}")
        article_tasks = [labels.of_article(name, problem) for name, problem in _tasks(schema)]
        return cls(
            name=text,
            files=tuple(files),
            counts=tuple(counts),
            article_tasks=tuple(sorted(article_tasks, key=lambda task: not task.is_single)),
            mediator_tasks=labels.of_mediators(_tasks(_mediator_fields(schema))),
            has_text="text" in schema.names,
            run=run,
            rejects=rejects,
        )


def _parts(text: str, folder: Path) -> list[Path]:
    files = [path for path in folder.glob("*.parquet") if path.is_file() and not path.name.startswith(".")]
    if not files:
        raise input_error(f"PREDICTIONS: found {text!r}, a folder without .parquet files; allowed: {_ALLOWED}")
    # Parts are numbered with at least five digits.
    return sorted(files, key=lambda path: (len(path.name), path.name))


def _read_run(path: Path) -> Mapping[str, Any] | None:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _check_whole(text: str, path: Path, files: list[Path], run: Mapping[str, Any] | None) -> None:
    if path.is_dir() and "parts" not in (run or {}) and (path / JOURNAL_FOLDER).is_dir():
        raise input_error(
            f"PREDICTIONS: {text} is not finished; give the same `wasit classify` command again: it goes on "
            "where it was"
        )
    parts = run.get("parts") if run and path.is_dir() else None
    if isinstance(parts, int) and parts != len(files):
        raise input_error(
            f"PREDICTIONS: {text} is not whole: {RUN_FILE} tells of {parts} parts, found {len(files)}; "
            "allowed: all parts of the run and no other .parquet"
        )


def _rejects(run: Mapping[str, Any] | None, path: Path) -> int | None:
    counts = (run or {}).get("counts")
    told = counts.get("rejects") if isinstance(counts, dict) else None
    if isinstance(told, int):
        return told
    try:
        with path.open("rb") as stream:
            return sum(1 for line in stream if line.strip())
    except OSError:
        return None


def _same_columns(files: list[Path], named: Path) -> tuple[pa.Schema, list[int]]:
    """The columns of all files, and how many rows each has."""
    first: pa.Schema | None = None
    counts = []
    for path in files:
        try:
            metadata = pq.read_metadata(path)
            schema = metadata.schema.to_arrow_schema().remove_metadata()
        except (OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())
            raise input_error(f"PREDICTIONS: {path} cannot be read: {reason}; allowed: {_ALLOWED}") from error
        counts.append(metadata.num_rows)
        if first is None:
            first = schema
            _check_columns(named if len(files) == 1 else path, schema)
        elif not schema.equals(first):
            raise input_error(
                f"PREDICTIONS: {path} has other columns than {files[0].name}: {_difference(schema, first)}; "
                "allowed: the parts of one run"
            )
    assert first is not None
    return first, counts


def _check_columns(path: Path, schema: pa.Schema) -> None:
    missing = [name for name in _NEEDED if name not in schema.names]
    if not missing:
        fields = [field.name for field in _mediator_fields(schema)]
        missing = [f"mediators.{name}" for name in _NEEDED_OF_MEDIATORS if name not in fields]
    if missing:
        raise input_error(
            f"PREDICTIONS: {path} is not of `wasit classify`, it has no {', '.join(missing)}; allowed: {_ALLOWED}"
        )


def _difference(schema: pa.Schema, first: pa.Schema) -> str:
    fields, others = {field.name: field for field in schema}, {field.name: field for field in first}
    changed = [
        name
        for name in {**others, **fields}
        if name not in fields or name not in others or not fields[name].equals(others[name])
    ]
    return ", ".join(changed[:_MOST_NAMED]) or "in another order"


def _mediator_fields(schema: pa.Schema) -> list[pa.Field]:
    kind = schema.field("mediators").type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    return list(kind) if pa.types.is_struct(kind) else []


def _tasks(fields: pa.Schema | list[pa.Field]) -> list[tuple[str, Problem]]:
    """Tasks by their columns: ``NAME`` and ``NAME_scores``, and with one answer ``NAME_score`` too."""
    names = [field.name for field in fields]
    tasks = [name.removesuffix(_SCORES) for name in names if name.endswith(_SCORES)]
    for task in tasks:
        # Tables are called by it.
        if not _NAME.fullmatch(task):
            raise input_error(f"PREDICTIONS: found a column {task!r} with scores; allowed: {_ALLOWED}")
    return [
        (task, "single_label" if f"{task}{_SCORE}" in names else "multi_label") for task in tasks if task in names
    ]


class _Labels:
    """Reads the labels of tasks off the first row that has an answer."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files

    def of_article(self, name: str, problem: Problem) -> ReportTask:
        """The task with its labels."""
        for scores in self._values(f"{name}{_SCORES}"):
            if scores:
                return ReportTask(name, problem, tuple(one["label"] for one in scores))
        return ReportTask(name, problem, ())

    def of_mediators(self, tasks: list[tuple[str, Problem]]) -> tuple[ReportTask, ...]:
        """The tasks with their labels."""
        found: Mapping[str, Any] = {}
        for mediators in self._values("mediators"):
            if mediators:
                found = mediators[0]
                break
        return tuple(
            ReportTask(name, problem, tuple(one["label"] for one in found.get(f"{name}{_SCORES}") or ()))
            for name, problem in tasks
        )

    def _values(self, column: str) -> Iterator[Any]:
        for path in self._files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=100, columns=[column]):
                    yield from batch.column(0).to_pylist()
