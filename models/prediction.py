"""What the model says of an article, and how logits become that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasit.models.batch import Batch
from wasit.models.encoding import EncodedArticle
from wasit.models.evidence import Evidence, evidence_for
from wasit.models.taxonomy import Task, Taxonomy

FloatArray = npt.NDArray[np.float32]

MULTI_LABEL_THRESHOLD = 0.5


@dataclass(frozen=True)
class Answer:
    """The answer to one task.

    Attributes:
        labels: The label of a task with one answer; of a task with several, all that hold, maybe none.
        scores: Calibrated score of every label of the task, in the taxonomy's order.
    """

    labels: tuple[str, ...]
    scores: Mapping[str, float]


@dataclass(frozen=True)
class MediatorPrediction:
    """What is said of one mediator of an article.

    Attributes:
        mediator: Its id.
        mentions: How often it is mentioned.
        answers: Answer to each task of mediators, by the task's name.
        evidence: The sentence of the mention that speaks most for the answer to the first of these tasks.
    """

    mediator: str
    mentions: int
    answers: Mapping[str, Answer]
    evidence: Evidence


@dataclass(frozen=True)
class Prediction:
    """What is said of one article.

    Attributes:
        answers: Answer to each task of articles, by the task's name.
        mediators: In order of first mention.
        tokens: Length of the article, overlaps of windows counted once.
        windows: Passages that it was read in.
    """

    answers: Mapping[str, Answer]
    mediators: tuple[MediatorPrediction, ...]
    tokens: int
    windows: int


@dataclass(frozen=True)
class BatchLogits:
    """The output of the network for a batch, on the host.

    Attributes:
        logits: For each task (articles, labels) or (pairs, labels).
        mention_logits: For each task of mediators (mentions, labels).
    """

    logits: Mapping[str, FloatArray]
    mention_logits: Mapping[str, FloatArray]


class Decoder:
    """Turns logits into predictions.

    Args:
        taxonomy: The tasks, as trained.
        temperatures: For each task what its logits are divided by; 1 for tasks not named.
    """

    def __init__(self, taxonomy: Taxonomy, temperatures: Mapping[str, float]) -> None:
        """Keeps the parts."""
        self.article_tasks = taxonomy.article_tasks
        self.mediator_tasks = taxonomy.mediator_tasks
        self.temperatures = temperatures

    def __call__(
        self, texts: Sequence[str], articles: Sequence[EncodedArticle], batch: Batch, output: BatchLogits
    ) -> list[Prediction]:
        """Decodes a batch.

        Args:
            texts: The texts of the articles, for the evidence.
            articles: The articles of the batch.
            batch: The batch that ran.
            output: What the network gave for it.
        """
        scores = {
            task.name: self._scores(task, output.logits[task.name])
            for task in (*self.article_tasks, *self.mediator_tasks)
        }
        mediators = self._mediators(texts, articles, batch, output, scores)
        return [
            Prediction(
                answers={task.name: _answer(task, scores[task.name][index]) for task in self.article_tasks},
                mediators=tuple(mediators[index]),
                tokens=article.tokens,
                windows=len(article.window_lengths),
            )
            for index, article in enumerate(articles)
        ]

    def _scores(self, task: Task, logits: FloatArray) -> FloatArray:
        scaled = logits / np.float32(self.temperatures.get(task.name, 1.0))
        return softmax(scaled) if task.problem == "single_label" else 1 / (1 + np.exp(-scaled))

    def _mediators(
        self,
        texts: Sequence[str],
        articles: Sequence[EncodedArticle],
        batch: Batch,
        output: BatchLogits,
        scores: Mapping[str, FloatArray],
    ) -> list[list[MediatorPrediction]]:
        mentions = [(index, mention) for index, article in enumerate(articles) for mention in article.mentions]
        marker_pair = batch.marker_pair.numpy()
        found: list[list[MediatorPrediction]] = [[] for _ in articles]
        for pair, (index, mediator) in enumerate(batch.pairs):
            own = np.flatnonzero(marker_pair == pair)
            spokesman = own[self._most_telling(pair, own, output, scores)]
            found[index].append(
                MediatorPrediction(
                    mediator=mediator,
                    mentions=len(own),
                    answers={task.name: _answer(task, scores[task.name][pair]) for task in self.mediator_tasks},
                    evidence=evidence_for(texts[index], mentions[spokesman][1]),
                )
            )
        return found

    def _most_telling(
        self, pair: int, own: npt.NDArray[np.int64], output: BatchLogits, scores: Mapping[str, FloatArray]
    ) -> int:
        """Which of a pair's mentions gives its answer the highest score; the first of equals, or without tasks."""
        if not self.mediator_tasks:
            return 0
        task = self.mediator_tasks[0]
        label = int(scores[task.name][pair].argmax())
        return int(self._scores(task, output.mention_logits[task.name][own])[:, label].argmax())


def _answer(task: Task, scores: FloatArray) -> Answer:
    by_label = {name: float(score) for name, score in zip(task.label_names, scores, strict=True)}
    if task.problem == "single_label":
        labels: tuple[str, ...] = (task.label_names[int(scores.argmax())],)
    else:
        labels = tuple(name for name, score in by_label.items() if score >= MULTI_LABEL_THRESHOLD)
    return Answer(labels, by_label)


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax of each row."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    scores: FloatArray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return scores
