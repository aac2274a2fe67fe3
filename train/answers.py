"""Answers beside gold: one flat table a task, whoever gave the answers.

A model, a baseline and the models of a cross-validation all become such tables; every score, picture and page of
an evaluation is a function of them.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from wasit.models.evidence import Evidence
from wasit.models.prediction import Answer, Prediction
from wasit.models.taxonomy import Task
from wasit.train.annotation import AnnotatedArticle


@dataclass(frozen=True)
class ScoredAnswer:
    """What gold says at one place, and what was answered there.

    Attributes:
        task: What was asked.
        article: Index of the article among those evaluated.
        mediator: Whom it was asked about; None in a task of articles.
        gold: In a task with several answers, all labels that hold, maybe none. In a task with one answer the true
            label, or several: the true one is among them.
        given: Labels and scores; None if the mediator was not found.
        evidence: Where the text speaks for the answer, if it was asked about a mediator that was found.
    """

    task: Task
    article: int
    mediator: str | None
    gold: tuple[str, ...]
    given: Answer | None
    evidence: Evidence | None = None

    @property
    def is_right(self) -> bool:
        """Whether the answer is gold's: one of a set in a task with one answer, else the very same labels."""
        if self.given is None:
            return False
        if self.task.problem == "single_label":
            return self.given.labels[0] in self.gold
        return set(self.given.labels) == set(self.gold)

    @property
    def reference(self) -> tuple[str, ...]:
        """The labels that gold counts as: of a set of possible ones the answer if it is right, else the first."""
        if self.task.problem == "multi_label":
            return self.gold
        return self.given.labels if self.given is not None and self.is_right else self.gold[:1]

    @property
    def predicted(self) -> tuple[str, ...]:
        """The labels that were answered; none if the mediator was not found."""
        return () if self.given is None else self.given.labels

    @property
    def certainty(self) -> float | None:
        """How likely the answer is right by its own scores, from 0 to 1; None if the mediator was not found.

        In a task with several answers this is the chance that all its labels are right, each taken by itself.
        """
        if self.given is None:
            return None
        if self.task.problem == "single_label":
            return self.given.scores[self.given.labels[0]]
        return math.prod(max(score, 1 - score) for score in self.given.scores.values())


@dataclass(frozen=True)
class AnswerTable:
    """All answers to one task.

    Attributes:
        task: What was asked.
        answers: One for each label or set of labels of gold.
    """

    task: Task
    answers: tuple[ScoredAnswer, ...]

    @cached_property
    def articles(self) -> tuple[int, ...]:
        """Indexes of the articles that have an answer, in order."""
        return tuple(dict.fromkeys(answer.article for answer in self.answers))

    @property
    def missed(self) -> tuple[ScoredAnswer, ...]:
        """Gold mediators that were not found."""
        return tuple(answer for answer in self.answers if answer.given is None)

    def only(self, articles: Collection[int]) -> "AnswerTable":
        """The answers that belong to some of the articles."""
        return AnswerTable(self.task, tuple(answer for answer in self.answers if answer.article in articles))


def answer_table(
    task: Task, articles: Sequence[AnnotatedArticle], predictions: Sequence[Prediction]
) -> AnswerTable:
    """Puts gold and predictions of one task beside each other. Mediators beyond those of gold are ignored.

    Args:
        task: What was asked.
        articles: Gold; articles without a label of the task give no answer.
        predictions: One for each article, answering the task.
    """
    answers: list[ScoredAnswer] = []
    for index, (article, prediction) in enumerate(zip(articles, predictions, strict=True)):
        if task.scope == "mediator":
            answers += _mediator_answers(task, index, article, prediction)
        elif task.name in article.labels:
            given = prediction.answers[task.name]
            answers.append(ScoredAnswer(task, index, None, article.labels[task.name], given))
    return AnswerTable(task, tuple(answers))


def _mediator_answers(
    task: Task, index: int, article: AnnotatedArticle, prediction: Prediction
) -> Iterable[ScoredAnswer]:
    found = {mediator.mediator: mediator for mediator in prediction.mediators}
    for name, labels in article.mediators.items():
        if task.name in labels:
            there = found.get(name)
            given = None if there is None else there.answers[task.name]
            evidence = None if there is None else there.evidence
            yield ScoredAnswer(task, index, name, labels[task.name], given, evidence)
