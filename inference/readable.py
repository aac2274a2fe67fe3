"""Shows rows to a person, in a terminal.

Arabic stands at the end of a line and inside of an isolate: terminals that order letters by their direction leave
the columns before it in place, and those that do not lose nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from wasit.inference.documents import Rejection
from wasit.inference.records import Record
from wasit.models.taxonomy import Label, Task, Taxonomy

_RIGHT_TO_LEFT_ISOLATE = "\u2067"
_FIRST_STRONG_ISOLATE = "\u2068"
_END_OF_ISOLATE = "\u2069"
# A page could move the cursor or change colours with them.
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
_MARGIN = 3
_DEEP_MARGIN = 5
_NARROWEST = 40
_TITLE_WORDS = 12
_NO_LABEL = "–"


def show(records: Sequence[Record], rejections: Sequence[Rejection], taxonomy: Taxonomy, console: Console) -> None:
    """Prints each article with its answers, its mediators and their evidence, then what was rejected.

    Args:
        records: Rows with their texts.
        rejections: Documents without rows.
        taxonomy: Gives the names of labels and mediators.
        console: Where to print; sentences are broken into lines for a terminal only.
    """
    articles = Counter(record["doc_id"] for record in records)
    for number, record in enumerate(records, start=1):
        for line in _article(number, record, articles[record["doc_id"]], taxonomy, console):
            console.print(line, soft_wrap=True)
        console.print()
    for rejection in rejections:
        reason = Text(f"rejected: {_isolated(rejection.id)}, {_isolated(rejection.reason)}", style="red")
        console.print(reason, soft_wrap=True)


def _article(number: int, record: Record, of: int, taxonomy: Taxonomy, console: Console) -> Iterator[Text]:
    place = f", article {record['article'] + 1} of {of}" if of > 1 else ""
    yield Text.assemble((f"{number:<{_MARGIN}}", "dim"), (_isolated(record["doc_id"]) + place, "dim"))
    yield from _arabic(Text(_title(record), style="bold"), _MARGIN, console)
    facts = [_isolated(record[name]) for name in ("date", "source", "byline") if record[name]]
    if facts:
        yield Text(" " * _MARGIN + " · ".join(facts))
    for task in taxonomy.article_tasks:
        yield Text.assemble(
            " " * _MARGIN,
            (f"{task.en}: ", "dim"),
            (_english(task, record), "cyan"),
            "  ",
            _arabic_labels([task], record),
        )
    if record["mediators"]:
        yield from _mediators(record, taxonomy, console)


def _mediators(record: Record, taxonomy: Taxonomy, console: Console) -> Iterator[Text]:
    names = {mediator.id: mediator for mediator in taxonomy.mediators}
    tasks = taxonomy.mediator_tasks
    rows = [["Mediator", *(task.en for task in tasks), "Mentions"]]
    for found in record["mediators"]:
        answers = [_english(task, found) for task in tasks]
        rows.append([names[found["mediator"]].en, *answers, str(found["mentions"])])
    widths = [max(map(cell_len, column)) + 2 for column in zip(*rows, strict=True)]
    lines = [" " * _MARGIN + "".join(map(_padded, row, widths)) for row in rows]
    yield Text()
    yield Text(lines[0], style="dim")
    for line, found in zip(lines[1:], record["mediators"], strict=True):
        arabic = _isolated(names[found["mediator"]].ar, _RIGHT_TO_LEFT_ISOLATE)
        labels = _arabic_labels(tasks, found)
        yield Text.assemble((line, "green"), arabic, " · " if labels else "", labels)
        yield from _arabic(_evidence(found["evidence"]), _DEEP_MARGIN, console)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _english(task: Task, answers: Record) -> str:
    """The labels of a task with their scores."""
    scores = {one["label"]: one["score"] for one in answers[f"{task.name}_scores"]}
    labels = _labels(task, answers)
    if labels:
        return ", ".join(f"{label.en} {scores[label.name]:.2f}" for label in labels)
    return f"{_NO_LABEL} {max(scores.values()):.2f}"


def _arabic_labels(tasks: Sequence[Task], answers: Record) -> str:
    labels = [label.ar for task in tasks for label in _labels(task, answers)]
    return _isolated("، ".join(labels), _RIGHT_TO_LEFT_ISOLATE) if labels else ""


def _labels(task: Task, answers: Record) -> list[Label]:
    value = answers[task.name]
    chosen = value if isinstance(value, list) else [value]
    return [label for label in task.labels if label.name in chosen]


def _title(record: Record) -> str:
    if record["title"]:
        return _clean(record["title"])
    words = _clean(record["text"]).split(" ")
    return " ".join(words[:_TITLE_WORDS]) + (" …" if len(words) > _TITLE_WORDS else "")


def _evidence(evidence: Record) -> Text:
    """The sentence with the mention between stars, which show without colours too."""
    text, start = evidence["text"], evidence["start"]
    first, last = evidence["mention_start"] - start, evidence["mention_end"] - start
    # Cleaned apart and joined with the space that stood between them.
    before, mention, after = (
        _clean(part, keep_edges=True) for part in (text[:first], text[first:last], text[last:])
    )
    return Text.assemble(before, (f"*{mention}*", "bold yellow"), after)


def _arabic(text: Text, margin: int, console: Console) -> Iterator[Text]:
    """Lines of Arabic, each an isolate of its own."""
    width = max(_NARROWEST, console.width - margin - 2)
    lines = text.wrap(console, width) if console.is_terminal else [text]
    for line in lines:
        line.rstrip()
        yield Text.assemble(" " * margin, _RIGHT_TO_LEFT_ISOLATE, line, _END_OF_ISOLATE)


def _isolated(text: str, isolate: str = _FIRST_STRONG_ISOLATE) -> str:
    return f"{isolate}{_clean(text)}{_END_OF_ISOLATE}"


def _clean(text: str, keep_edges: bool = False) -> str:
    """One line without control characters."""
    line = " ".join(text.split())
    if keep_edges:
        line = " " * text[:1].isspace() + line + " " * (bool(line) and text[-1:].isspace())
    return line.translate(_CONTROLS)
