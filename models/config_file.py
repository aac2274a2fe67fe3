"""Reads a YAML file into a typed model, and says everything that is wrong with it at once."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pydantic
import yaml

from wasit.models.errors import ConfigError

Location = tuple[int | str, ...]

# libyaml is ten times as fast as the loader in Python; some builds of PyYAML come without it.
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST_FILE = 4_000_000
_DEEPEST = 50
_NOTHING = object()
_LONGEST_SHOWN = 80
# A stranger's file may have a mistake in every byte.
_MOST_TOLD = 200


class Strict(pydantic.BaseModel):
    """What comes from a file: it cannot change, and a key that nobody reads is an error."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


Model = TypeVar("Model", bound=pydantic.BaseModel)


class Problem(NamedTuple):
    """One thing that is wrong at one place.

    Attributes:
        location: Keys and indexes that lead to the place, from where the check stands.
        wrong: What is wrong.
        found: The value that stands there.
        allowed: What may stand there.
    """

    location: Location
    wrong: str
    found: object
    allowed: str = ""

    def line(self, where: str) -> str:
        """The problem as a user reads it, the place that it is in first."""
        key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.location)
        found = "" if self.found is _NOTHING else f", found {_shorten(self.found)}"
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{where}: {key.removeprefix('.')}{': ' if key else ''}{self.wrong}{found}{allowed}"


class Problems(ValueError):  # noqa: N818 (several things that are wrong, not one)
    """Raised by a model's validator for all that it finds: each keeps its own place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keeps the problems for ``describe_problems``."""
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.wrong}, found {problem.found!r}" for problem in self.problems))


def load_yaml(path: Path | Traversable, schema: type[Model]) -> Model:
    """Reads one YAML file into its model.

    Args:
        path: The file, on disk or packaged.
        schema: The model that says what the file may hold.

    Raises:
        ConfigError: If the file cannot be read, is not UTF-8 or not YAML, repeats a key, uses an alias, or does
            not fit the schema; with every problem of the last three kinds.
    """
    where = str(path)
    content, problems = _parse(_read(path, where), where)
    try:
        model = validate(content, schema, where)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from error
    if problems:
        raise ConfigError(problems)
    return model


def validate(content: object, schema: type[Model], where: str) -> Model:
    """Fits values into their model.

    Args:
        content: What was read, a mapping if it is right.
        schema: The model that says what may be there.
        where: The file, flag or other place that the values come from.

    Raises:
        ConfigError: With everything that does not fit.
    """
    if not isinstance(content, Mapping):
        found = "nothing" if content is None else _shorten(content)
        keys = ", ".join(schema.model_fields)
        raise ConfigError(
            [f"{where}: is not a mapping of keys to values, found {found}; allowed: the keys {keys}"]
        )
    try:
        return schema.model_validate(content)
    except pydantic.ValidationError as error:
        raise ConfigError(describe_problems(error, schema, where)) from error


def read_yaml(path: Path | Traversable) -> dict[str, Any]:
    """Reads one YAML file whose values change before they are validated.

    Args:
        path: The file, on disk or packaged.

    Raises:
        ConfigError: If the file cannot be read, is not UTF-8, not YAML or not a mapping, repeats a key or uses
            an alias.
    """
    where = str(path)
    content, problems = _parse(_read(path, where), where)
    if not isinstance(content, dict):
        problems.append(f"{where}: is not a mapping of keys to values, found {_shorten(content)}")
    if problems or not isinstance(content, dict):
        raise ConfigError(problems)
    return content


def describe_problems(error: pydantic.ValidationError, schema: type[pydantic.BaseModel], where: str) -> list[str]:
    """Turns pydantic's error into lines that a user can act on.

    Args:
        error: What pydantic raised.
        schema: The model that was being validated.
        where: The file, flag or other place that the values come from.

    Returns:
        One line a problem: place, key, what is wrong, the value found and what is allowed. Of very many problems
        the first ones, and that there are more.
    """
    # A list that is too short only because its items are wrong needs no line of its own.
    wrong_inside = {details["loc"][:depth] for details in error.errors() for depth in range(len(details["loc"]))}
    problems = (
        problem
        for details in error.errors()
        if details["type"] != "too_short" or details["loc"] not in wrong_inside
        for problem in _problems(details, schema)
    )
    lines = [problem.line(where) for problem in islice(problems, _MOST_TOLD)]
    return [*lines, f"{where}: there are more problems than these"] if next(problems, None) else lines


def _read(path: Path | Traversable, where: str) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError([f"{where}: there is no such file"]) from error
    except OSError as error:
        raise ConfigError([f"{where}: cannot be read: {error.strerror or error}"]) from error
    if len(content) > _LONGEST_FILE:
        raise ConfigError([f"{where}: is too long, found {len(content)} bytes; allowed: up to {_LONGEST_FILE}"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = f"is not UTF-8, found byte 0x{content[error.start]:02x} at offset {error.start}"
        raise ConfigError([f"{where}: {wrong}; allowed: UTF-8 text"]) from error


def _parse(text: str, where: str) -> tuple[object, list[str]]:
    """Gives the content, and the keys that are given twice: YAML itself would keep the last."""
    try:
        _refuse_bombs(text, where)
        node = yaml.compose(text, Loader=_LOADER)
        if node is None:
            return None, []
        repeated = [problem.line(where) for problem in _repeated_keys(node)]
        return yaml.load(text, Loader=_LOADER), repeated
    except yaml.YAMLError as error:
        raise ConfigError([f"{where}: is not YAML: {_syntax(error)}"]) from error
    except (ValueError, OverflowError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError([f"{where}: holds a value that YAML cannot read: {error}"]) from error


def _refuse_bombs(text: str, where: str) -> None:
    """Looks at the file before it is built: aliases unfold past any memory, deep nesting past any stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = _line_number(event)
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(
                [f"{where}: line {line}: is an alias, found *{event.anchor}; allowed: values written out"]
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ConfigError([f"{where}: line {line}: is nested too deeply; allowed: up to {_DEEPEST} levels"])


def _line_number(item: yaml.Node | yaml.Event) -> int:
    return item.start_mark.line + 1 if item.start_mark else 0


def _syntax(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    parts = [getattr(error, "context", None), getattr(error, "problem", None)]
    return f"line {mark.line + 1}, column {mark.column + 1}: {', '.join(part for part in parts if part)}"


def _repeated_keys(node: yaml.Node, location: Location = ()) -> Iterator[Problem]:
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _repeated_keys(child, (*location, index))
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, child in node.value:
            name, line = str(key.value), _line_number(key)
            if name in lines:
                wrong = f"is given twice, on lines {lines[name]} and {line}"
                yield Problem((*location, name), wrong, _NOTHING, "each key once")
            lines.setdefault(name, line)
            yield from _repeated_keys(child, (*location, name))


def _problems(details: Any, schema: type[pydantic.BaseModel]) -> Iterator[Problem]:
    location, found, kind = details["loc"], details["input"], details["type"]
    context = details.get("ctx", {})
    if isinstance(context.get("error"), Problems):
        for problem in context["error"].problems:
            yield problem._replace(location=(*location, *problem.location))
    elif kind == "extra_forbidden":
        allowed = _allowed_keys(schema.model_json_schema(), location[:-1])
        yield Problem(location, "is an unknown key", found, _options(str(location[-1]), allowed))
    elif kind in ("too_short", "too_long"):
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"up to {context['max_length']}"
        yield Problem(location, f"has too {'few' if kind == 'too_short' else 'many'} items", found, bound)
    elif kind == "missing":
        yield Problem(location, "is missing", _NOTHING)
    elif kind in ("literal_error", "enum"):
        options = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        yield Problem(location, "is not one of the values allowed here", found, _options(str(found), options))
    else:
        message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
        yield Problem(location, message[:1].lower() + message[1:], found)


def _allowed_keys(root: Mapping[str, Any], location: Location) -> list[str]:
    nodes = [root]
    for step in location:
        nodes = [child for node in nodes for branch in _branches(root, node) for child in _children(branch, step)]
    return [key for node in nodes for branch in _branches(root, node) for key in branch.get("properties", ())]


def _branches(root: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in node:
        yield from _branches(root, root["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    options = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    for option in options:
        yield from _branches(root, option)
    if not options and "$ref" not in node:
        yield node


def _children(node: Mapping[str, Any], step: int | str) -> Iterator[Mapping[str, Any]]:
    child = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
    if child is None and isinstance(step, str):
        child = node.get("additionalProperties")
    if isinstance(child, Mapping):
        yield child


def _options(found: str, allowed: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(found, allowed, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    return ", ".join(allowed) + hint


def _shorten(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
