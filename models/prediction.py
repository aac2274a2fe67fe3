"""What the model says of an article, and how logits become that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasit.models.encoded import EncodedArticles
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
class Logits:
    """What the network gives for some articles, on the host.

    Attributes:
        answers: For each task (articles, labels) or (pairs, labels).
        mentions: For each task of mediators (mentions, labels): what each mention alone speaks for.
    """

    answers: Mapping[str, FloatArray]
    mentions: Mapping[str, FloatArray]


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
        self, texts: Sequence[str], articles: Sequence[EncodedArticle], encoded: EncodedArticles, logits: Logits
    ) -> list[Prediction]:
        """Decodes the answers to some articles.

        Args:
            texts: The texts of the articles, for the evidence.
            articles: The articles.
            encoded: The same, as they ran.
            logits: What the network gave for them.
        """
        scores = {
            task.name: self._scores(task, logits.answers[task.name])
            for task in (*self.article_tasks, *self.mediator_tasks)
        }
        mediators = self._mediators(texts, articles, encoded, logits, scores)
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
        encoded: EncodedArticles,
        logits: Logits,
        scores: Mapping[str, FloatArray],
    ) -> list[list[MediatorPrediction]]:
        mentions = [mention for article in articles for mention in article.mentions]
        telling = self._telling(encoded, logits, scores)
        found: list[list[MediatorPrediction]] = [[] for _ in articles]
        for pair, own in enumerate(_mentions_of_pairs(encoded)):
            index = int(encoded.pair_article[pair])
            found[index].append(
                MediatorPrediction(
                    mediator=encoded.pair_mediators[pair],
                    mentions=len(own),
                    answers={task.name: _answer(task, scores[task.name][pair]) for task in self.mediator_tasks},
                    evidence=evidence_for(texts[index], mentions[own[telling[own].argmax()]]),
                )
            )
        return found

    def _telling(self, encoded: EncodedArticles, logits: Logits, scores: Mapping[str, FloatArray]) -> FloatArray:
        """How much each mention speaks for the answer to its pair's first task; (mentions,)."""
        if not self.mediator_tasks:
            return np.zeros(len(encoded.marker_pair), dtype=np.float32)
        task = self.mediator_tasks[0]
        label = scores[task.name].argmax(axis=1)[encoded.marker_pair]
        of_mentions = self._scores(task, logits.mentions[task.name])
        telling: FloatArray = of_mentions[np.arange(len(label)), label]
        return telling


def _mentions_of_pairs(encoded: EncodedArticles) -> list[npt.NDArray[np.intp]]:
    """The mentions of each pair, in text order."""
    order = np.argsort(encoded.marker_pair, kind="stable")
    ends = np.cumsum(np.bincount(encoded.marker_pair, minlength=len(encoded.pair_article)))
    return np.split(order, ends[:-1]) if len(ends) else []


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
