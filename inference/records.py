"""Rows of the output: one an article, with columns that follow from the taxonomy."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from wasit.inference.documents import Document
from wasit.models.article import Article
from wasit.models.errors import InputError
from wasit.models.evidence import Evidence
from wasit.models.prediction import Answer, MediatorPrediction, Prediction
from wasit.models.taxonomy import Task, Taxonomy

Record = dict[str, Any]

_SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64())])
_SCORES = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))
_EVIDENCE = pa.struct(
    [
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("text", pa.string()),
        ("mention_start", pa.int64()),
        ("mention_end", pa.int64()),
    ]
)
_ARTICLE_FIELDS = [
    ("doc_id", pa.string()),
    ("article", pa.int32()),
    ("start", pa.int64()),
    ("end", pa.int64()),
    ("spans", pa.list_(_SPAN)),
    ("title", pa.string()),
    ("date", pa.string()),
    ("source", pa.string()),
    ("byline", pa.string()),
    ("content_hash", pa.string()),
]


def build_schema(taxonomy: Taxonomy, keep_text: bool = False) -> pa.Schema:
    """The columns of the output.

    A task with one answer gives ``{task}``, ``{task}_score`` and ``{task}_scores``; a task with several gives
    ``{task}``, a list of the labels that hold, and ``{task}_scores``.

    Args:
        taxonomy: Its tasks give columns.
        keep_text: Whether there is a last column ``text``.

    Raises:
        InputError: If two columns would get the same name.
    """
    mediator = [("mediator", pa.string()), ("mentions", pa.int32())]
    mediator += [field for task in taxonomy.mediator_tasks for field in _task_fields(task)]
    mediator.append(("evidence", _EVIDENCE))
    fields = [*_ARTICLE_FIELDS, *(field for task in taxonomy.article_tasks for field in _task_fields(task))]
    fields += [("mediators", pa.list_(pa.struct(mediator)))]
    fields += [("tokens", pa.int32()), ("windows", pa.int32()), ("model", pa.string())]
    if keep_text:
        fields.append(("text", pa.string()))
    _check_distinct(fields)
    _check_distinct(mediator)
    return pa.schema(fields)


def _task_fields(task: Task) -> list[tuple[str, pa.DataType]]:
    if task.problem == "multi_label":
        return [(task.name, pa.list_(pa.string())), (f"{task.name}_scores", _SCORES)]
    return [(task.name, pa.string()), (f"{task.name}_score", pa.float32()), (f"{task.name}_scores", _SCORES)]


def _check_distinct(fields: list[tuple[str, pa.DataType]]) -> None:
    repeated = [name for name, count in Counter(name for name, _ in fields).items() if count > 1]
    if repeated:
        raise InputError(
            f"a task of the taxonomy gives columns that are there already: {', '.join(repeated)}; rename the task"
        )


class RecordBuilder:
    """Makes rows of predictions.

    Args:
        taxonomy: The tasks that were predicted.
        model: Name of the model, for the column of that name.
        min_score: A label with a lower score becomes null; its scores are kept.
        keep_text: Whether the row has the article's text.
    """

    def __init__(
        self, taxonomy: Taxonomy, model: str, min_score: float | None = None, keep_text: bool = False
    ) -> None:
        """Keeps the settings."""
        self._article_tasks = taxonomy.article_tasks
        self._mediator_tasks = taxonomy.mediator_tasks
        self._model = model
        self._min_score = min_score or 0.0
        self._keep_text = keep_text

    def __call__(self, document: Document, number: int, article: Article, prediction: Prediction) -> Record:
        """Makes one row.

        Args:
            document: The page; all offsets of the row are characters of its text.
            number: Of the article in its document, from 0.
            article: The article.
            prediction: What the model says of it.
        """
        record: Record = {
            "doc_id": document.id,
            "article": number,
            "start": article.start,
            "end": article.end,
            "spans": [{"start": start, "end": end} for start, end in article.spans],
            "title": article.title,
            "date": article.date,
            "source": article.source,
            "byline": article.byline,
            "content_hash": article.content_hash,
        }
        for task in self._article_tasks:
            record |= self._answer(task, prediction.answers[task.name])
        record["mediators"] = [self._mediator(one, document, article) for one in prediction.mediators]
        record |= {"tokens": prediction.tokens, "windows": prediction.windows, "model": self._model}
        if self._keep_text:
            record["text"] = article.text
        return record

    def _mediator(self, prediction: MediatorPrediction, document: Document, article: Article) -> Record:
        record: Record = {"mediator": prediction.mediator, "mentions": prediction.mentions}
        for task in self._mediator_tasks:
            record |= self._answer(task, prediction.answers[task.name])
        record["evidence"] = _evidence(prediction.evidence, document, article)
        return record

    def _answer(self, task: Task, answer: Answer) -> Record:
        sure = [label for label in answer.labels if answer.scores[label] >= self._min_score]
        scores = {f"{task.name}_scores": _score_list(answer.scores)}
        if task.problem == "multi_label":
            return {task.name: sure, **scores}
        label = answer.labels[0]
        return {task.name: label if sure else None, f"{task.name}_score": answer.scores[label], **scores}


def _score_list(scores: Mapping[str, float]) -> list[Record]:
    return [{"label": label, "score": score} for label, score in scores.items()]


def _evidence(evidence: Evidence, document: Document, article: Article) -> Record:
    start, end, mention_start, mention_end = map(article.to_document, evidence)
    return {
        "start": start,
        "end": end,
        "text": document.text[start:end],
        "mention_start": mention_start,
        "mention_end": mention_end,
    }
