"""What a check of annotated articles found, for a person and for a machine."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from wasit.models.errors import InputError
from wasit.train.findings import Finding, Kind, Severity
from wasit.train.row_files import split_place

MOST_LINES = 30

_MOST_PLACES = 8
_HEADINGS: dict[Severity, tuple[str, str]] = {
    "error": ("Errors: training or evaluation stops at them", "bold red"),
    "warning": ("Warnings: nothing stops at them, but model or figures get worse", "bold yellow"),
    "note": ("Notes", "bold"),
}


@dataclass(frozen=True)
class SplitSize:
    """How much a split holds.

    Attributes:
        name: What the split is called.
        files: Its files.
        articles: How many articles were read from them.
    """

    name: str
    files: tuple[str, ...]
    articles: int


@dataclass(frozen=True)
class DataReport:
    """All that a check found.

    Attributes:
        splits: The splits in order; the first is what the model learns from.
        findings: In the order in which they were found.
        counts: For each task and label, how often it is given in each split.
    """

    splits: tuple[SplitSize, ...]
    findings: tuple[Finding, ...]
    counts: dict[str, dict[str, dict[str, int]]]

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.kind.severity == severity]

    def to_dict(self) -> dict[str, Any]:
        """The report as values that JSON can hold: every finding, however many."""
        return {
            "splits": [vars(split) for split in self.splits],
            "errors": len(self.of("error")),
            "warnings": len(self.of("warning")),
            "findings": [finding.to_dict() for finding in self.findings],
            "labels": self.counts,
        }


def show(report: DataReport, console: Console) -> None:
    """Prints a report; of a kind with very many findings the first lines, and how many lines there are beyond."""
    for line in _lines(report):
        console.print(line, soft_wrap=True)


def write_json(report: DataReport, path: Path) -> None:
    """Writes a report with all that was found.

    Raises:
        InputError: If the file cannot be written.
    """
    try:
        path.write_text(json.dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _lines(report: DataReport) -> Iterator[Text]:
    for split in report.splits:
        yield Text(f"{split.name}: {split.articles} articles")
    for severity, (heading, style) in _HEADINGS.items():
        findings = report.of(severity)
        if findings:
            yield Text()
            yield Text(heading, style=style)
            yield from _finding_lines(findings)
    yield Text()
    yield from _count_lines(report)
    yield Text()
    yield Text(f"{len(report.of('error'))} errors, {len(report.of('warning'))} warnings", style="bold")


def _finding_lines(findings: Sequence[Finding]) -> Iterator[Text]:
    kinds: dict[Kind, list[Finding]] = defaultdict(list)
    for finding in findings:
        kinds[finding.kind].append(finding)
    for kind, found in kinds.items():
        why = f" ({kind.why})" if kind.why else ""
        yield Text.assemble("  ", (f"{kind.name}: {len(found)}", "bold"), why)
        lines = list(_grouped(found))
        for line in lines[:MOST_LINES]:
            yield Text(f"    {line}")
        if len(lines) > MOST_LINES:
            yield Text(f"    … and {len(lines) - MOST_LINES} more lines; --json FILE writes all findings")


def _grouped(findings: Iterable[Finding]) -> Iterator[str]:
    """One line for all places of a file that have the same thing wrong; what is allowed is said once."""
    groups: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        file, _ = split_place(finding.where)
        groups[finding.allowed][file, finding.message].append(finding.where)
    for allowed, places in groups.items():
        if allowed:
            yield f"allowed: {allowed}"
        for (file, message), where in places.items():
            yield f"{_place(file, where)}: {message}"


def _place(file: str, where: Sequence[str]) -> str:
    if len(where) == 1:
        return where[0]
    word = where[0].removeprefix(f"{file}: ").partition(" ")[0]
    numbers = [str(split_place(place)[1]) for place in where]
    more = f" and {len(numbers) - _MOST_PLACES} more" if len(numbers) > _MOST_PLACES else ""
    return f"{file}: {word}s {', '.join(numbers[:_MOST_PLACES])}{more}"


def _count_lines(report: DataReport) -> Iterator[Text]:
    names = [split.name for split in report.splits]
    labels = [label for counts in report.counts.values() for label in counts]
    width = max(map(len, (*report.counts, *labels))) + len("    ")
    yield Text("Labels", style="bold")
    for task, counts in report.counts.items():
        yield Text(f"  {task}".ljust(width) + "".join(f"  {name}" for name in names))
        for label, by_split in counts.items():
            cells = (f"  {by_split[name]:>{cell_len(name)}}" for name in names)
            yield Text(f"    {label}".ljust(width) + "".join(cells))
