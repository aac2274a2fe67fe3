"""What is wrong with a row of annotations: raised at once by default, or collected by whoever wants to see all."""

from collections.abc import Callable
from dataclasses import dataclass

from wasit.models.errors import InputError

UNREADABLE = "unreadable row"
MISSING_COLUMN = "missing column"
EMPTY_TEXT = "empty text"
WRONG_VALUE = "wrong value"
UNKNOWN_LABEL = "unknown label"
UNKNOWN_MEDIATOR = "unknown mediator"
CONTRADICTION = "contradicting rows"

_LONGEST_SHOWN = 80


@dataclass(frozen=True)
class RowProblem:
    """One thing that is wrong at one place.

    Attributes:
        kind: What sort of mistake it is.
        where: File and line or row.
        wrong: What is wrong, with the field and the value found.
        allowed: What may stand there instead.
    """

    kind: str
    where: str
    wrong: str
    allowed: str

    def __str__(self) -> str:
        """One sentence that names the place, the value found and what is allowed."""
        return f"{self.where}: {self.wrong}; allowed: {self.allowed}"


Report = Callable[[RowProblem], object]
"""Is told of every problem; if it returns, what is wrong is left out and reading goes on."""


def raise_problem(problem: RowProblem) -> None:
    """The report that ends at the first problem.

    Raises:
        InputError: Always.
    """
    raise InputError(str(problem))


def shown(value: object) -> str:
    """A value as messages show it: a long one is cut."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
