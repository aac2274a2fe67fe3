"""The scores of an evaluation as tables for people: on a screen and in Markdown."""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wasit.models.taxonomy import Task, Taxonomy

NOTHING = "–"

_NOTES = """\
Intervals hold 95 % of {resamples} bootstrap resamples of the articles (seed {seed}). Macro-F1 is the mean F1 of
the labels that occur in gold. ECE is the expected calibration error. Coverage at 95 % is the largest share of the
answers, most certain first, of which 95 % are right. A gold mediator that was not found counts as wrong."""

_STABILITY_NOTE = """
Changed articles name other mediators of the same kind in the same places, or are read without markers, or only the
first of their windows is read; arrows lead from the scores before to those after."""

_MISSED_ON_SCREEN = 20


@dataclass(frozen=True)
class ReportTable:
    """A table.

    Attributes:
        title: What it shows.
        header: Names of the columns.
        rows: Cells.
        names: How many of the first columns hold names; all others hold numbers.
        arabic: The column of Arabic names, which is not shown on a screen: terminals that order letters by their
            direction would move the columns after it.
        most_on_screen: How many rows are shown on a screen; all without it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int
    arabic: int | None = None
    most_on_screen: int | None = None


def report_tables(metrics: Mapping[str, Any], taxonomy: Taxonomy) -> list[ReportTable]:
    """Builds the tables of a report; those that have nothing to say are left out.

    Args:
        metrics: By the schema of :mod:`wasit.train.evaluation`.
        taxonomy: Gives the names of tasks and labels.
    """
    tasks = [task for task in taxonomy.tasks if task.name in metrics["tasks"]]
    tables = [_summary(metrics, tasks), _differences(metrics, tasks), _folds(metrics, tasks)]
    tables.append(_stability(metrics, tasks))
    tables += [_labels(task, metrics["tasks"][task.name]) for task in tasks]
    scores = [metrics["tasks"][task.name] for task in tasks]
    tables.append(_groups("By length", "words", tasks, [one["by_length"] for one in scores]))
    columns = dict.fromkeys(name for one in scores for name in one["by_column"])
    for name in columns:
        tables.append(_groups(f"By {name}", name, tasks, [one["by_column"].get(name, {}) for one in scores]))
    tables.append(_missed(metrics))
    return [table for table in tables if table.rows]


def _summary(metrics: Mapping[str, Any], tasks: Sequence[Task]) -> ReportTable:
    rows = []
    for task in tasks:
        for name, scored in ((metrics["model"], metrics), *metrics["others"].items()):
            scores = scored["tasks"].get(task.name)
            if scores is not None:
                rows.append((task.en, name, *_overall(scores), _three(scores["ece"]), _share(scores)))
    header = ("task", "", "answers", "accuracy [95 %]", "macro-F1 [95 %]", "ECE", "coverage at 95 %")
    return ReportTable("Scores", header, tuple(rows), names=2)


def _overall(scores: Mapping[str, Any]) -> tuple[str, str, str]:
    accuracy = _with_interval(scores["accuracy"], scores["accuracy_interval"])
    macro_f1 = _with_interval(scores["macro_f1"], scores["macro_f1_interval"])
    return str(scores["answers"]), accuracy, macro_f1


def _share(scores: Mapping[str, Any]) -> str:
    return f"{scores['coverage_at_95_precision']:.0%}"


def _three(value: float | None, sign: str = "") -> str:
    return NOTHING if value is None else f"{value:{sign}.3f}"


def _with_interval(value: float | None, interval: Sequence[float] | None, sign: str = "") -> str:
    if value is None or interval is None:
        return _three(value, sign)
    low, high = interval
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def _differences(metrics: Mapping[str, Any], tasks: Sequence[Task]) -> ReportTable:
    rows = []
    for task in tasks:
        for name, other in metrics["others"].items():
            for score, label in (("accuracy", "accuracy"), ("macro_f1", "macro-F1")):
                found = other["differences"].get(task.name, {}).get(score)
                if found is not None:
                    value = _with_interval(found["difference"], found["interval"], sign="+")
                    better = found["other_is_better"]
                    rows.append((task.en, name, label, value, NOTHING if better is None else f"{better:.1%}"))
    header = ("task", "other", "score", "difference [95 %]", "resamples in which the other is better")
    return ReportTable(f"{metrics['model']} less the other", header, tuple(rows), names=3)


def _folds(metrics: Mapping[str, Any], tasks: Sequence[Task]) -> ReportTable:
    rows = []
    for task in tasks:
        for score, label in (("accuracy", "accuracy"), ("macro_f1", "macro-F1")):
            found = metrics.get("folds", {}).get(task.name, {}).get(score)
            if found is not None:
                spread = (_three(found["mean"]), _three(found["standard_deviation"]))
                rows.append((task.en, label, *spread, ", ".join(map(_three, found["by_fold"]))))
    header = ("task", "score", "mean", "standard deviation", "by fold")
    return ReportTable("Folds", header, tuple(rows), names=2)


def _stability(metrics: Mapping[str, Any], tasks: Sequence[Task]) -> ReportTable:
    rows = []
    for change, by_task in metrics.get("stability", {}).items():
        for task in tasks:
            found = by_task.get(task.name)
            if found is not None:
                arrows = [
                    f"{_three(found[score])} → {_three(found[f'changed_{score}'])}"
                    for score in ("accuracy", "macro_f1")
                ]
                rows.append((change, task.en, str(found["answers"]), f"{found['unchanged']:.1%}", *arrows))
    header = ("change", "task", "answers", "unchanged", "accuracy", "macro-F1")
    return ReportTable("Answers to changed articles", header, tuple(rows), names=2)


def _labels(task: Task, scores: Mapping[str, Any]) -> ReportTable:
    rows = []
    for label in task.labels:
        found = scores["by_label"][label.name]
        f1 = _with_interval(found["f1"], found["f1_interval"])
        numbers = (_three(found["precision"]), _three(found["recall"]), f1, str(found["support"]))
        rows.append((label.en, label.ar, *numbers))
    header = ("label", "", "precision", "recall", "F1 [95 %]", "support")
    return ReportTable(f"{task.en}: labels", header, tuple(rows), names=2, arabic=1)


def _groups(title: str, name: str, tasks: Sequence[Task], groups: Sequence[Mapping[str, Any]]) -> ReportTable:
    rows = [
        (task.en, value, *_overall(scores))
        for task, by_value in zip(tasks, groups, strict=True)
        for value, scores in by_value.items()
    ]
    header = ("task", name, "answers", "accuracy [95 %]", "macro-F1 [95 %]")
    return ReportTable(title, header, tuple(rows), names=2)


def _missed(metrics: Mapping[str, Any]) -> ReportTable:
    # The folders of the file mean nothing elsewhere.
    rows = tuple((one["mediator"], Path(one["where"]).name) for one in metrics["missed_mediators"])
    title = f"Mediators that were not found: {len(rows)}"
    return ReportTable(title, ("mediator", "where"), rows, names=2, most_on_screen=_MISSED_ON_SCREEN)


def notes(metrics: Mapping[str, Any]) -> str:
    """How to read the tables, and what is missing from them."""
    text = _NOTES.format(resamples=metrics["resamples"], seed=metrics["seed"])
    if metrics.get("stability"):
        text += _STABILITY_NOTE
    if metrics["not_scored"]:
        text += f"\nNot scored, since the data do not label them: {', '.join(metrics['not_scored'])}."
    for name, other in metrics["others"].items():
        missing = [task for task in other["not_scored"] if task in metrics["tasks"]]
        if missing:
            text += f"\n{name} did not learn and is not scored on: {', '.join(missing)}."
    return text


def markdown(
    metrics: Mapping[str, Any], taxonomy: Taxonomy, pictures: Mapping[str, str], further: Sequence[str] = ()
) -> str:
    """The report as Markdown.

    Args:
        metrics: By the schema of :mod:`wasit.train.evaluation`.
        taxonomy: Gives the names of tasks and labels.
        pictures: What a picture shows, by its file beside the report.
        further: Sentences that a reader should know.
    """
    counts = f"{metrics['articles']} articles with {metrics['mediators']} mediators"
    parts = [f"# {_cell(metrics['model'])} on {_cell(', '.join(metrics['data']))}", f"{counts}.", notes(metrics)]
    parts += further
    for table in report_tables(metrics, taxonomy):
        parts += [f"## {_cell(table.title)}", "\n".join(_markdown_lines(table))]
    if pictures:
        parts += ["## Pictures", *(f"![{_cell(shown)}]({file})" for file, shown in pictures.items())]
    return "\n\n".join(parts) + "\n"


def _markdown_lines(table: ReportTable) -> Iterator[str]:
    numbers = len(table.header) - table.names
    for cells in (table.header, ("---",) * table.names + ("---:",) * numbers, *table.rows):
        yield f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """One line that Markdown shows as it is."""
    return html.escape(" ".join(text.split()), quote=False).replace("|", "\\|")


def show(metrics: Mapping[str, Any], taxonomy: Taxonomy, console: Console) -> None:
    """Prints the tables, with English names.

    Args:
        metrics: By the schema of :mod:`wasit.train.evaluation`.
        taxonomy: Gives the names of tasks and labels.
        console: Where to print.
    """
    for table in report_tables(metrics, taxonomy):
        console.print(Text(_printable(table.title), style="bold"))
        console.print(_screen_table(table))
        rest = len(table.rows) - len(table.rows[: table.most_on_screen])
        if rest:
            console.print(Text(f"and {rest} more", style="dim"))
        console.print()
    console.print(Text(" ".join(notes(metrics).split("\n")), style="dim"))


def _screen_table(table: ReportTable) -> Table:
    screen = Table(box=None, pad_edge=False, collapse_padding=True)
    for index, header in enumerate(table.header):
        if index == table.arabic:
            continue
        cells = [row[index] for row in table.rows]
        # Numbers stay on one line, what is above them and names may be broken.
        whole = [] if index < table.names else cells
        width = max(len(text) for text in (*header.split(), *whole, "names"))
        screen.add_column(
            header, justify="left" if index < table.names else "right", overflow="fold", min_width=width
        )
    for row in table.rows[: table.most_on_screen]:
        screen.add_row(*(Text(_printable(cell)) for index, cell in enumerate(row) if index != table.arabic))
    return screen


def _printable(text: str) -> str:
    """Values of a file could move the cursor."""
    return "".join(character if character.isprintable() else "�" for character in text)
