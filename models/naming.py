"""How the parts of a taxonomy are named, and that no two share a name."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from wasit.models.config_file import Problem, Problems

LONGEST_NAME = 100
LONGEST_TEXT = 500

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        allowed = "ASCII letters in lower case, digits and single underscores, as in peace_process"
        raise Problems([Problem((), "is not a name", name, allowed)])
    return name


def _check_line(text: str) -> str:
    if len(text.splitlines()) > 1:
        raise Problems([Problem((), "runs over several lines", text, "one line")])
    return text


Name = Annotated[str, AfterValidator(_check_name)]
Line = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_check_line)]


def repeated(key: str, names: Iterable[str], field: str) -> Iterator[Problem]:
    """Finds the names that stand in a list a second time.

    Args:
        key: The key of the list.
        names: The names of its items, in order.
        field: The key of the name within an item.
    """
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Problem((key, index, field), "is taken already", name, "each name once")
        seen.add(name)


def raise_problems(problems: Iterable[Problem]) -> None:
    """Ends a validator: raises what it has found.

    Raises:
        Problems: If there is any.
    """
    found = tuple(problems)
    if found:
        raise Problems(found)
