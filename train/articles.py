"""What an annotator said of an article, and in which columns a file keeps it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wasit.models.errors import InputError
from wasit.models.taxonomy import Task, Taxonomy

Labels = dict[str, tuple[str, ...]]
"""For each task that is labelled, its label or labels."""

LabelSets = Mapping[str, Mapping[str, tuple[str, ...]]]
"""For a task, names that a file uses for a set of labels."""

DEFAULT_MEDIATORS = "mediators"


@dataclass(frozen=True)
class AnnotatedArticle:
    """An article and what an annotator said of it.

    Attributes:
        where: File and line or row, for messages; of several rows the first.
        text: The article.
        labels: Labels of the article's tasks.
        mediators: Labels of the tasks of each mediator.
        columns: Everything else that the row holds; of several rows the first.
    """

    where: str
    text: str
    labels: Labels
    mediators: dict[str, Labels]
    columns: dict[str, Any]


@dataclass(frozen=True)
class Columns:
    """Where a file keeps what.

    Attributes:
        text: Column of the text.
        mediators: Column of ``{mediator: {task: label}}``, in a cell of text as JSON. A file without a column of
            the name ``mediators`` has no labels of mediators; a column of another name must be there.
        label_sets: Names that the file uses for a set of labels.
        mediator: For pairs, one row a mediator: the column that names it, by its id or by a name or form that the
            taxonomy knows. The labels of its tasks stand in columns of the row.
        label_fields: For a task, the column of its labels, or their key within ``mediators``; named as the task
            without it.
        label_separator: What stands between several labels in a cell of text.
    """

    text: str = "text"
    mediators: str = DEFAULT_MEDIATORS
    label_sets: LabelSets = field(default_factory=dict)
    mediator: str | None = None
    label_fields: Mapping[str, str] = field(default_factory=dict)
    label_separator: str = "|"

    def label_field(self, task: Task) -> str:
        """The column of a task's labels."""
        return self.label_fields.get(task.name, task.name)

    def row_tasks(self, taxonomy: Taxonomy) -> tuple[Task, ...]:
        """The tasks whose labels stand in columns of their own."""
        of_mediators = taxonomy.mediator_tasks if self.mediator is not None else ()
        return (*taxonomy.article_tasks, *of_mediators)

    def required(self, taxonomy: Taxonomy) -> list[str]:
        """The columns that were named, so that a file must have them."""
        given = [task.name for task in self.row_tasks(taxonomy) if task.name in self.label_fields]
        named = [self.text, self.mediator, *(self.label_fields[task] for task in given)]
        if self.mediators != DEFAULT_MEDIATORS:
            named.append(self.mediators)
        return list(dict.fromkeys(name for name in named if name is not None))

    def required_inside(self, taxonomy: Taxonomy) -> list[str]:
        """The keys that were named for the labels of mediators, so that some mediator must have them."""
        is_inside = self.mediator is None
        named = (self.label_fields.get(task.name) for task in taxonomy.mediator_tasks if is_inside)
        return [name for name in named if name is not None]

    def used(self, taxonomy: Taxonomy) -> set[str]:
        """The columns that are read, be they there or not."""
        fields = (self.label_field(task) for task in self.row_tasks(taxonomy))
        return {self.text, self.mediators, *fields, *([self.mediator] if self.mediator is not None else ())}

    def check(self, taxonomy: Taxonomy) -> None:
        """Makes sure that the taxonomy has the tasks and labels that are named.

        Raises:
            InputError: If it has not.
        """
        if not self.label_separator:
            raise InputError("label_separator: found ''; allowed: at least one character")
        for task in self.label_fields:
            _check("label_fields", taxonomy, task, ())
        for task, sets in self.label_sets.items():
            _check("label_sets", taxonomy, task, (label for labels in sets.values() for label in labels))


def _check(setting: str, taxonomy: Taxonomy, task: str, labels: Iterable[str]) -> None:
    try:
        known = taxonomy.task(task)
        for label in labels:
            known.index(label)
    except InputError as error:
        raise InputError(f"{setting}: {error}") from error
