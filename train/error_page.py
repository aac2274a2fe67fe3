"""The worst errors of a model as one HTML page: what was said, what is right, and the text with its evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

from jinja2 import Environment, StrictUndefined

from wasit.models.taxonomy import Label, Mediator, Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.answers import AnswerTable, ScoredAnswer

_TEMPLATE = "errors.html.jinja"
_SHOWN_SCORE = 0.03


@dataclass(frozen=True)
class Piece:
    """A part of a line.

    Attributes:
        text: Its characters.
        kind: ``plain``, ``evidence``, or ``mention`` for the mention in the evidence.
    """

    text: str
    kind: str


@dataclass(frozen=True)
class LabelScore:
    """A label and its score, for the page.

    Attributes:
        label: The label.
        score: From 0 to 1.
        is_gold: Whether gold has it.
        is_predicted: Whether it was answered.
    """

    label: Label
    score: float
    is_gold: bool
    is_predicted: bool


@dataclass(frozen=True)
class ShownError:
    """One wrong answer, ready for the page.

    Attributes:
        where: File and line of the article.
        mediator: Whom the answer is about.
        gold: Labels of gold; several of a task with one answer are the possible ones.
        predicted: Labels that were answered; None if the mediator was not found.
        certainty: Of the answer; None if the mediator was not found.
        scores: Highest first; those of gold, of the answer, and all that are not tiny.
        lines: The text, line by line.
        evidence: The sentence in it that speaks for the answer, if it is about a mediator that was found.
    """

    where: str
    mediator: Mediator | None
    gold: tuple[Label, ...]
    predicted: tuple[Label, ...] | None
    certainty: float | None
    scores: tuple[LabelScore, ...]
    lines: tuple[tuple[Piece, ...], ...]
    evidence: tuple[Piece, ...]


def error_page(
    name: str,
    tables: Mapping[str, AnswerTable],
    articles: Sequence[AnnotatedArticle],
    taxonomy: Taxonomy,
    limit: int,
) -> str:
    """Renders the page. Whatever stands in a text is shown as text.

    Args:
        name: Who answered.
        tables: The answers, by task.
        articles: The articles that they belong to.
        taxonomy: Gives the names of labels and mediators.
        limit: Errors of a task that are shown: the most certain first, mediators that were not found last.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("wasit.train") / _TEMPLATE).read_text(encoding="utf-8"))
    mediators = {mediator.id: mediator for mediator in taxonomy.mediators}
    sections = []
    for table in tables.values():
        wrong = sorted(_wrong(table), key=lambda answer: -(answer.certainty or 0.0))
        shown = [_shown(answer, articles[answer.article], mediators) for answer in wrong[:limit]]
        sections.append({"task": table.task, "answers": len(table.answers), "wrong": len(wrong), "shown": shown})
    return template.render(name=name, sections=sections)


def _wrong(table: AnswerTable) -> Iterator[ScoredAnswer]:
    return (answer for answer in table.answers if not answer.is_right)


def _shown(answer: ScoredAnswer, article: AnnotatedArticle, mediators: Mapping[str, Mediator]) -> ShownError:
    lines = tuple(text_lines(article.text, answer))
    return ShownError(
        where=article.where,
        mediator=None if answer.mediator is None else mediators[answer.mediator],
        gold=_labels(answer, answer.gold),
        predicted=None if answer.given is None else _labels(answer, answer.given.labels),
        certainty=answer.certainty,
        scores=tuple(_scores(answer)),
        lines=lines,
        evidence=tuple(piece for line in lines for piece in line if piece.kind != "plain"),
    )


def _labels(answer: ScoredAnswer, names: Sequence[str]) -> tuple[Label, ...]:
    return tuple(answer.task.labels[answer.task.index(name)] for name in names)


def _scores(answer: ScoredAnswer) -> Iterator[LabelScore]:
    if answer.given is None:
        return
    for name, score in sorted(answer.given.scores.items(), key=lambda item: -item[1]):
        is_gold, is_predicted = name in answer.gold, name in answer.predicted
        if is_gold or is_predicted or score >= _SHOWN_SCORE:
            (label,) = _labels(answer, (name,))
            yield LabelScore(label, score, is_gold, is_predicted)


def text_lines(text: str, answer: ScoredAnswer) -> Iterator[tuple[Piece, ...]]:
    """Cuts a text into lines, and these where evidence and mention begin and end. Empty lines are left out."""
    evidence = answer.evidence
    marks = (
        () if evidence is None else (evidence.start, evidence.mention_start, evidence.mention_end, evidence.end)
    )
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        cuts = [start, *sorted(mark for mark in set(marks) if start < mark < end), end]
        pieces = [Piece(text[low:high].rstrip("\r\n"), _kind(low, answer)) for low, high in pairwise(cuts)]
        if line.strip():
            yield tuple(piece for piece in pieces if piece.text)
        start = end


def _kind(position: int, answer: ScoredAnswer) -> str:
    evidence = answer.evidence
    if evidence is None or not evidence.start <= position < evidence.end:
        return "plain"
    return "mention" if evidence.mention_start <= position < evidence.mention_end else "evidence"
