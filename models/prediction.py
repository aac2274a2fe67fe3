"""What the model says of an article, and how logits become that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasit.models.encoded import Indexes, IntArray, Outline
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


@dataclass(frozen=True)
class Decoded:
    """The answers for some articles, in columns.

    Attributes:
        scores: For each task the calibrated score of every label; (articles, labels) or (pairs, labels).
        pair_mentions: How often each pair's mediator is mentioned; (pairs,).
        evidence: For each pair the sentence that speaks most for the answer to the first task of mediators: its
            start and end, and those of the mention in it, in characters of the article's text; (pairs, 4).
    """

    scores: Mapping[str, FloatArray]
    pair_mentions: IntArray
    evidence: Indexes


class Decoder:
    """Turns logits into answers.

    Args:
        taxonomy: The tasks, as trained.
        temperatures: For each task what its logits are divided by; 1 for tasks not named.
    """

    def __init__(self, taxonomy: Taxonomy, temperatures: Mapping[str, float]) -> None:
        """Keeps the parts."""
        self.article_tasks = taxonomy.article_tasks
        self.mediator_tasks = taxonomy.mediator_tasks
        self.temperatures = temperatures

    def __call__(self, texts: Sequence[str], outline: Outline, logits: Logits) -> Decoded:
        """Decodes the answers to some articles.

        Args:
            texts: The texts of the articles, for the evidence.
            outline: The articles.
            logits: What the network gave for them.
        """
        scores = {
            task.name: self._scores(task, logits.answers[task.name])
            for task in (*self.article_tasks, *self.mediator_tasks)
        }
        pairs = len(outline.pair_article)
        telling = self._telling_mentions(outline, logits, scores)
        evidence = [
            evidence_for(texts[article], start, end)
            for article, start, end in zip(
                outline.pair_article.tolist(),
                outline.mention_start[telling].tolist(),
                outline.mention_end[telling].tolist(),
                strict=True,
            )
        ]
        return Decoded(
            scores=scores,
            pair_mentions=np.bincount(outline.mention_pair, minlength=pairs).astype(np.int32),
            evidence=np.array(evidence, dtype=np.int64).reshape(-1, 4),
        )

    def predictions(self, outline: Outline, decoded: Decoded) -> list[Prediction]:
        """The same answers, an object for each article.

        Args:
            outline: The articles.
            decoded: What was decoded for them.
        """
        scores = decoded.scores
        mediators: list[list[MediatorPrediction]] = [[] for _ in range(outline.count)]
        for pair, article in enumerate(outline.pair_article.tolist()):
            mediators[article].append(
                MediatorPrediction(
                    mediator=outline.mediators[outline.pair_mediator[pair]],
                    mentions=int(decoded.pair_mentions[pair]),
                    answers={task.name: _answer(task, scores[task.name][pair]) for task in self.mediator_tasks},
                    evidence=Evidence(*decoded.evidence[pair].tolist()),
                )
            )
        return [
            Prediction(
                answers={task.name: _answer(task, scores[task.name][article]) for task in self.article_tasks},
                mediators=tuple(found),
                tokens=int(outline.tokens[article]),
                windows=int(outline.windows[article]),
            )
            for article, found in enumerate(mediators)
        ]

    def _scores(self, task: Task, logits: FloatArray) -> FloatArray:
        scaled = logits / np.float32(self.temperatures.get(task.name, 1.0))
        return softmax(scaled) if task.problem == "single_label" else 1 / (1 + np.exp(-scaled))

    def _telling_mentions(self, outline: Outline, logits: Logits, scores: Mapping[str, FloatArray]) -> Indexes:
        """The mention of each pair that speaks most for its first answer, of equals the first; (pairs,)."""
        telling = self._telling(outline, logits, scores)
        # By pair, then from the most telling; the sort is stable.
        order = np.lexsort((-telling, outline.mention_pair))
        return order[np.searchsorted(outline.mention_pair[order], np.arange(len(outline.pair_article)))]

    def _telling(self, outline: Outline, logits: Logits, scores: Mapping[str, FloatArray]) -> FloatArray:
        """How much each mention speaks for the answer to its pair's first task; (mentions,)."""
        if not self.mediator_tasks:
            return np.zeros(len(outline.mention_pair), dtype=np.float32)
        task = self.mediator_tasks[0]
        label = scores[task.name].argmax(axis=1)[outline.mention_pair]
        of_mentions = self._scores(task, logits.mentions[task.name])
        telling: FloatArray = of_mentions[np.arange(len(label)), label]
        return telling


def held_labels(task: Task, scores: FloatArray) -> npt.NDArray[np.bool_]:
    """Which labels are given: the highest of a task with one answer, all that hold of one with several.

    Args:
        task: The task.
        scores: (rows, labels).
    """
    if task.problem == "multi_label":
        held: npt.NDArray[np.bool_] = scores >= MULTI_LABEL_THRESHOLD
    else:
        held = scores.argmax(axis=1)[:, None] == np.arange(scores.shape[1])
    return held


def _answer(task: Task, scores: FloatArray) -> Answer:
    held = held_labels(task, scores[None])[0].nonzero()[0].tolist()
    return Answer(
        tuple(task.label_names[label] for label in held),
        dict(zip(task.label_names, scores.tolist(), strict=True)),
    )


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax of each row."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    scores: FloatArray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return scores
