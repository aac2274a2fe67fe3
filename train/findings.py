"""What a check of annotated articles can find, how bad it is, and why it matters."""

from dataclasses import dataclass
from typing import Any, Literal

from wasit.train.near_duplicates import LEAST_SHARE, RUN_WORDS
from wasit.train.row_files import split_place
from wasit.train.row_problem import RowProblem

Severity = Literal["error", "warning", "note"]
"""An error stops training or evaluation; a warning does not, and makes model or figures worse."""


@dataclass(frozen=True)
class Kind:
    """A sort of finding.

    Attributes:
        name: What it is called.
        severity: How bad it is.
        why: What comes of it, or what to do, if the name does not say so.
    """

    name: str
    severity: Severity
    why: str = ""


WRONG_FILE = Kind("unreadable file", "error")
NO_ARTICLES = Kind("no articles", "error")
NO_LABELS = Kind("no labels", "error")
DUPLICATE_BETWEEN = Kind(
    "duplicates between splits",
    "warning",
    "the model is scored on what it has learnt: keep the text in one of them",
)
NEAR_BETWEEN = Kind(
    "near-duplicates between splits",
    "warning",
    "the model is scored on what it has learnt; "
    f"{LEAST_SHARE:.0%} or more of the runs of {RUN_WORDS} words in the shorter text are in the other",
)
CONFLICT = Kind("conflicting labels", "warning", "the same words have other labels elsewhere")
DUPLICATE_WITHIN = Kind("duplicates within a split", "warning", "the text counts twice")
NEAR_WITHIN = Kind("near-duplicates within a split", "warning", "what they share counts twice")
NOT_FOUND = Kind(
    "mentions not found",
    "warning",
    "the text has no form of the mediator: the label teaches nothing and counts as wrong in evaluation; "
    "a form can be added to the taxonomy",
)
UNREAD_LABELS = Kind("labels that are not read", "warning")
NO_TASK = Kind("tasks without labels", "warning", "what is not labelled in training is not learnt")
NO_EXAMPLE = Kind("labels without examples", "warning", "what does not occur in training is not learnt")
FEW_EXAMPLES = Kind("labels with few examples", "warning", "what is this rare in training is hardly learnt")
UNREAD_COLUMNS = Kind("columns that are not read", "note")
SEVERAL_WINDOWS = Kind("articles longer than a window", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: What sort of thing it is.
        where: Its place: a file and line or row, a file, or the name of a split.
        message: What is there.
        allowed: What may stand there instead; empty if there is nothing to name.
        other: The place of another article that it is about; empty if there is none.
    """

    kind: Kind
    where: str
    message: str
    allowed: str = ""
    other: str = ""

    @classmethod
    def of_problem(cls, problem: RowProblem) -> "Finding":
        """What is wrong with a row is an error."""
        return cls(Kind(problem.kind, "error"), problem.where, problem.wrong, problem.allowed)

    def to_dict(self) -> dict[str, Any]:
        """The finding as values that JSON can hold; its file and line apart, too, if it has a line."""
        file, number = split_place(self.where)
        return {
            "severity": self.kind.severity,
            "kind": self.kind.name,
            "where": self.where,
            "file": None if number is None else file,
            "line": number,
            "message": self.message,
            "allowed": self.allowed or None,
            "other": self.other or None,
        }
