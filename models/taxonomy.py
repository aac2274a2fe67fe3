"""What a model tells apart: tasks with their labels, and the mediators that it looks for."""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, Field

from wasit.models.config_file import Problem, Problems, Strict, load_yaml, validate
from wasit.models.errors import ConfigError, InputError
from wasit.models.mediators import MOST_MEDIATORS, Forms, Mediator, MediatorsFile, mediator_problems
from wasit.models.naming import Line, Name, raise_problems, repeated

__all__ = ["Label", "Mediator", "Task", "Taxonomy"]

MOST_TASKS = 100
MOST_LABELS = 1_000

_IPTC = re.compile(r"medtop:[0-9]{8}")


def _check_iptc(identifier: str) -> str:
    if not _IPTC.fullmatch(identifier):
        allowed = "medtop: and eight digits, or null"
        raise Problems([Problem((), "is no IPTC Media Topics id", identifier, allowed)])
    return identifier


class Label(Strict):
    """One answer to a task.

    Attributes:
        name: How it stands in the output.
        ar: Its Arabic name.
        en: Its English name.
        definition: What it means, in one line.
        iptc: The nearest IPTC Media Topics id, if there is one.
    """

    name: Name
    ar: Line
    en: Line
    definition: Line
    iptc: Annotated[str, AfterValidator(_check_iptc)] | None = None


class Task(Strict):
    """One question that the model answers.

    Attributes:
        name: How it stands in the output.
        scope: Whether it is asked once an article, or once for each mediator of the article.
        problem: Whether exactly one label is the answer, or any number.
        ar: Its Arabic name.
        en: Its English name.
        labels: The answers, in the order of the model's outputs.
    """

    name: Name
    scope: Literal["article", "mediator"]
    problem: Literal["single_label", "multi_label"]
    ar: Line
    en: Line
    labels: Annotated[tuple[Label, ...], Field(min_length=2, max_length=MOST_LABELS)]

    @pydantic.model_validator(mode="after")
    def _check_labels(self) -> "Task":
        raise_problems(repeated("labels", self.label_names, "name"))
        return self

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels, in the order of the model's outputs."""
        return tuple(label.name for label in self.labels)

    @cached_property
    def _indexes(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.label_names)}

    def index(self, label: str) -> int:
        """The position of a label among the model's outputs.

        Raises:
            InputError: If the task has no such label.
        """
        if label not in self._indexes:
            allowed = ", ".join(self.label_names)
            raise InputError(f"{self.name} has no label {label!r}; allowed: {allowed}")
        return self._indexes[label]


class Taxonomy(Strict):
    """All that a model tells apart.

    Attributes:
        tasks: What is asked, at least one thing.
        mediators: Who is looked for.
        exceptions: Words that name no mediator, whichever form stands in them.
    """

    tasks: Annotated[tuple[Task, ...], Field(min_length=1, max_length=MOST_TASKS)]
    mediators: Annotated[tuple[Mediator, ...], Field(max_length=MOST_MEDIATORS)] = ()
    exceptions: Forms = ()

    @pydantic.model_validator(mode="after")
    def _check_sharing(self) -> "Taxonomy":
        names = repeated("tasks", (task.name for task in self.tasks), "name")
        raise_problems([*names, *mediator_problems(self.mediators, self.exceptions)])
        return self

    @staticmethod
    @cache
    def default() -> "Taxonomy":
        """The shipped taxonomy."""
        return Taxonomy.from_yaml(files("wasit.configs") / "taxonomy.yaml")

    @classmethod
    def from_yaml(cls, path: Path | Traversable) -> "Taxonomy":
        """Reads a taxonomy from its file.

        Raises:
            ConfigError: With everything that is wrong with the file.
        """
        return load_yaml(path, cls)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str = "taxonomy") -> "Taxonomy":
        """Reads a taxonomy back from ``to_dict``.

        Args:
            content: The values.
            where: The place that they come from, for errors.

        Raises:
            ConfigError: With everything that is wrong with the values.
        """
        return validate(content, cls, where)

    def to_dict(self) -> dict[str, Any]:
        """The taxonomy as values that JSON can hold."""
        return self.model_dump(mode="json")

    def with_mediators(self, path: Path | Traversable) -> "Taxonomy":
        """Adds the mediators and exceptions of a YAML file.

        Raises:
            ConfigError: With everything that is wrong with the file, ids and forms that are taken included.
        """
        added = load_yaml(path, MediatorsFile)
        mediators = (*self.mediators, *added.mediators)
        problems = mediator_problems(mediators, (*self.exceptions, *added.exceptions))
        if problems:
            known: dict[str | int, int] = {"mediators": len(self.mediators), "exceptions": len(self.exceptions)}
            raise ConfigError(_moved(problem, known).line(str(path)) for problem in problems)
        exceptions = tuple(dict.fromkeys((*self.exceptions, *added.exceptions)))
        return self.model_copy(update={"mediators": mediators, "exceptions": exceptions})

    @property
    def article_tasks(self) -> tuple[Task, ...]:
        """The tasks that are asked once an article."""
        return tuple(task for task in self.tasks if task.scope == "article")

    @property
    def mediator_tasks(self) -> tuple[Task, ...]:
        """The tasks that are asked for each mediator of an article."""
        return tuple(task for task in self.tasks if task.scope == "mediator")

    @property
    def all_exceptions(self) -> tuple[str, ...]:
        """The exceptions of the taxonomy and of its mediators."""
        own = (exception for mediator in self.mediators for exception in mediator.exceptions)
        return tuple(dict.fromkeys((*self.exceptions, *own)))

    def task(self, name: str) -> Task:
        """The task of that name.

        Raises:
            InputError: If there is no such task.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        raise InputError(f"there is no task {name!r}; allowed: {', '.join(task.name for task in self.tasks)}")


def _moved(problem: Problem, known: Mapping[str | int, int]) -> Problem:
    """Counts the index in a problem's location from the start of the added file."""
    key, *steps = problem.location
    indexes = [step - known[key] for step in steps[:1] if isinstance(step, int)]
    return problem._replace(location=(key, *indexes, *steps[1:]))
