"""What tasks, labels and mediators are called in Arabic and English."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from wasit.inference.report_input import ReportTask

_CONFIG = "config.json"
# The largest taxonomy that is allowed has fewer bytes.
_LONGEST_CONFIG = 10_000_000

_Names = Mapping[str, str]


class ReportNames:
    """Names of the models' taxonomies where the models are on this machine, and of the shipped one; else the ids.

    Args:
        models: What the predictions call their models.
        mediators: The file of further mediators that was given to the run, if it was.

    Attributes:
        unknown: What was asked for and has no name here, in the order of the questions.
    """

    def __init__(self, models: Sequence[str], mediators: str | None = None) -> None:
        """Reads the taxonomies that are here; nothing is fetched."""
        self.unknown: list[str] = []
        self._tasks: dict[str, _Names] = {}
        self._labels: dict[tuple[str, str], _Names] = {}
        self._mediators: dict[str, _Names] = {}
        for taxonomy in _taxonomies(models, mediators):
            self._add(taxonomy)

    def task(self, task: ReportTask) -> dict[str, Any]:
        """A task with its labels, as JSON holds it."""
        return {
            "name": task.name,
            **self._named(self._tasks.get(task.name), task.name),
            "problem": task.problem,
            "labels": [self._label(task, label) for label in task.labels],
        }

    def _label(self, task: ReportTask, label: str) -> dict[str, str]:
        return {"name": label, **self._named(self._labels.get((task.name, label)), label)}

    def mediator(self, mediator: str | None) -> dict[str, Any]:
        """A mediator; None is for all others."""
        if mediator is None:
            return {"id": None, "ar": "وسطاء آخرون", "en": "other mediators"}
        return {"id": mediator, **self._named(self._mediators.get(mediator), mediator)}

    def _named(self, names: _Names | None, otherwise: str) -> dict[str, str]:
        found = {language: _text((names or {}).get(language)) for language in ("ar", "en")}
        if not any(found.values()) and otherwise not in self.unknown:
            self.unknown.append(otherwise)
        return {language: name or otherwise for language, name in found.items()}

    def _add(self, taxonomy: Mapping[str, Any]) -> None:
        """Adds names; those that are there stay."""
        for task, names in _items(taxonomy.get("tasks"), "name"):
            self._tasks.setdefault(task, names)
            for label, label_names in _items(names.get("labels"), "name"):
                self._labels.setdefault((task, label), label_names)
        for mediator, names in _items(taxonomy.get("mediators"), "id"):
            self._mediators.setdefault(mediator, names)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _items(values: object, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The items of a list that have an id; whatever else a stranger's file holds is passed over."""
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict) and isinstance(value.get(key), str):
            yield value[key], value


def _taxonomies(models: Sequence[str], mediators: str | None) -> Iterator[Mapping[str, Any]]:
    for model in models:
        taxonomy = _of_model(model)
        if taxonomy:
            yield taxonomy
    # Not from the shipped model, whose package brings torch.
    yield yaml.safe_load((files("wasit.configs") / "taxonomy.yaml").read_bytes())
    if mediators is not None:
        yield _of_file(Path(mediators))


def _of_model(name: str) -> Mapping[str, Any] | None:
    try:
        content = _config(name)
        values = json.loads(content)["taxonomy"] if content else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _config(name: str) -> bytes | None:
    """The settings of a model that is in a folder or in the cache of the Hub."""
    folder = Path(name)
    if folder.is_dir():
        return _read(folder / _CONFIG)
    repository, _, revision = name.partition("@")
    if "/" not in repository:
        return None
    # The client of the Hub takes a while to import.
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, _CONFIG, revision=revision or None)
    return _read(Path(found)) if isinstance(found, str) else None


def _of_file(path: Path) -> Mapping[str, Any]:
    try:
        values = yaml.safe_load(_read(path) or b"")
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and path.stat().st_size <= _LONGEST_CONFIG else None
