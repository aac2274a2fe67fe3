"""One row of a file as an annotated article: its values checked against a taxonomy, and turned into labels."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.articles import AnnotatedArticle, Columns, Labels
from wasit.train.mediator_names import MediatorNames
from wasit.train.row_files import parse_json
from wasit.train.row_problem import (
    EMPTY_TEXT,
    MISSING_COLUMN,
    UNKNOWN_LABEL,
    UNKNOWN_MEDIATOR,
    WRONG_VALUE,
    Report,
    RowProblem,
    shown,
)

_A_MAPPING = "{mediator: {task: label}}"


class RowReader:
    """Reads the rows of one file.

    Attributes:
        mediator_fields: The keys that were met within the column of mediators.
    """

    def __init__(self, taxonomy: Taxonomy, columns: Columns, report: Report) -> None:
        """Keeps what rows are read by.

        Args:
            taxonomy: What the labels are checked against.
            columns: Where a row keeps what.
            report: Is told of every problem; if it returns, the value is left out.
        """
        self.mediator_fields: set[str] = set()
        self._taxonomy = taxonomy
        self._columns = columns
        self._report = report
        self._names = MediatorNames(taxonomy)
        self._used = columns.used(taxonomy)

    def read(self, where: str, row: Mapping[str, Any]) -> AnnotatedArticle | None:
        """Checks a row; None if it has no text and the report went on."""
        text = self._text(where, row)
        labels = self._labels(where, row, self._taxonomy.article_tasks)
        mediators = self._mediators(where, row.get(self._columns.mediators))
        self._add_pair(where, row, mediators)
        if text is None:
            return None
        others = {name: value for name, value in row.items() if name not in self._used}
        return AnnotatedArticle(where, text, labels, mediators, others)

    def _text(self, where: str, row: Mapping[str, Any]) -> str | None:
        field = self._columns.text
        text = row.get(field)
        kind = None
        if field not in row:
            kind = MISSING_COLUMN
        elif text is None or (isinstance(text, str) and not text.strip()):
            kind = EMPTY_TEXT
        elif not isinstance(text, str) or not _is_unicode(text):
            kind = WRONG_VALUE
        if kind is None:
            return str(text)
        known = ", ".join(map(repr, row))
        wrong = f"field {field!r} holds {shown(text)}"
        self._report(RowProblem(kind, where, wrong, f"a text (the fields are {known})"))
        return None

    def _mediators(self, where: str, value: Any) -> dict[str, Labels]:
        field = self._columns.mediators
        if isinstance(value, str):
            value = _parsed(value)
        if not isinstance(value, Mapping | None):
            self._report(RowProblem(WRONG_VALUE, where, f"field {field!r} holds {shown(value)}", _A_MAPPING))
            return {}
        mediators: dict[str, Labels] = {}
        for name, labels in ((str(key), item) for key, item in (value or {}).items()):
            place = f"{field}.{name}: "
            if labels is not None and not isinstance(labels, Mapping):
                wrong = f"field {field!r} holds {shown(labels)} for {name!r}"
                self._report(RowProblem(WRONG_VALUE, where, wrong, _A_MAPPING))
            elif labels is not None:
                self.mediator_fields.update(labels)
                self._add(where, field, name, self._labels(where, labels, self._mediator_tasks, place), mediators)
            else:
                self._known(where, field, name)
        return mediators

    @property
    def _mediator_tasks(self) -> tuple[Task, ...]:
        return self._taxonomy.mediator_tasks

    def _add_pair(self, where: str, row: Mapping[str, Any], mediators: dict[str, Labels]) -> None:
        field = self._columns.mediator
        if field is None:
            return
        name = row.get(field)
        labels = self._labels(where, row, self._mediator_tasks)
        if name is None or name == "" or str(name).isspace():
            for task in labels:
                found = row[self._columns.label_fields.get(task, task)]
                wrong = f"field {field!r} is empty, but the {task} is {shown(found)}"
                self._report(RowProblem(WRONG_VALUE, where, wrong, "the mediator whose label it is"))
        else:
            self._add(where, field, str(name), labels, mediators)

    def _add(self, where: str, field: str, name: str, labels: Labels, mediators: dict[str, Labels]) -> None:
        mediator = self._known(where, field, name)
        if mediator in mediators:
            wrong = f"field {field!r} names {mediator!r} a second time, as {name!r}"
            self._report(RowProblem(WRONG_VALUE, where, wrong, "each mediator once"))
        elif mediator is not None:
            mediators[mediator] = labels

    def _known(self, where: str, field: str, name: str) -> str | None:
        mediator = self._names.find(name.strip())
        if mediator is None:
            allowed = ", ".join(self._names.ids) or "none, since the taxonomy lists no mediators"
            wrong = f"field {field!r} names {shown(name)}"
            self._report(RowProblem(UNKNOWN_MEDIATOR, where, wrong, f"{allowed}, or one of their names and forms"))
        return mediator

    def _labels(self, where: str, values: Mapping[str, Any], tasks: Sequence[Task], place: str = "") -> Labels:
        labels: Labels = {}
        for task in tasks:
            field = self._columns.label_fields.get(task.name, task.name)
            names = self._label_names(where, f"{place}field {field!r}", values.get(field), task)
            if names is not None:
                labels[task.name] = names
        return labels

    def _label_names(self, where: str, field: str, value: Any, task: Task) -> tuple[str, ...] | None:
        sets = self._columns.label_sets.get(task.name, {})
        parts = self._parts(value, sets)
        if parts is None:
            return None
        names = [name for part in parts for name in sets.get(part, (part,))]
        wrong = [name for name in names if name not in task.label_names]
        if not names and task.problem == "single_label":
            wrong = [value]
        for name in wrong:
            among = f" in {shown(value)}" if len(parts) > 1 else ""
            allowed = ", ".join((*task.label_names, *sets))
            self._report(RowProblem(UNKNOWN_LABEL, where, f"{field} holds {shown(name)}{among}", allowed))
        return None if wrong else tuple(dict.fromkeys(names))

    def _parts(self, value: Any, sets: Mapping[str, tuple[str, ...]]) -> list[str] | None:
        """The names that a value holds; None if it is empty, which says that there is no label."""
        if isinstance(value, str):
            value = value.strip()
            if value.startswith("["):
                value = _parsed(value)
        if value is None or value == "":
            return None
        if isinstance(value, list | tuple):
            return [_plain(item) for item in value]
        text = _plain(value)
        if text in sets or not isinstance(value, str):
            return [text]
        return [part.strip() for part in text.split(self._columns.label_separator)]


def _plain(value: Any) -> str:
    """A value of JSON or Parquet as CSV would have it, so that 1 is found among the names of a label set."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, default=str, ensure_ascii=False)


def _parsed(text: str) -> Any:
    """What a cell holds if it is JSON, else the cell."""
    if not text.strip():
        return None
    try:
        return parse_json(text)
    except ValueError:
        return text


def _is_unicode(text: str) -> bool:
    """Whether a text can be written: JSON may hold halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
