"""Rows of the output: one an article, with columns that follow from the taxonomy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wasit.inference.documents import Document
from wasit.models.article import Article
from wasit.models.encoded import Outline
from wasit.models.errors import InputError
from wasit.models.prediction import Decoded, FloatArray, held_labels
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


def build_schema(taxonomy: Taxonomy, keep_text: bool = False, keep_page_text: bool = False) -> pa.Schema:
    """The columns of the output.

    A task with one answer gives ``{task}``, ``{task}_score`` and ``{task}_scores``; a task with several gives
    ``{task}``, a list of the labels that hold, and ``{task}_scores``.

    Args:
        taxonomy: Its tasks give columns.
        keep_text: Whether there is a column ``text``.
        keep_page_text: Whether there is a column ``page_text``.

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
    if keep_page_text:
        fields.append(("page_text", pa.string()))
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


class PlacedArticle(NamedTuple):
    """An article and where it comes from.

    Attributes:
        document: The page; all offsets of a row are characters of its text.
        number: Of the article in its document, from 0.
        article: The article.
    """

    document: Document
    number: int
    article: Article


class TableBuilder:
    """Makes rows of what was decoded, column by column.

    Args:
        taxonomy: The tasks that were predicted.
        model: Name of the model, for the column of that name.
        min_score: A label with a lower score becomes null; its scores are kept.
        keep_text: Whether rows have the article's text.
        keep_page_text: Whether rows have the page's text where it was extracted, null where it was not.

    Attributes:
        schema: The columns.

    Raises:
        InputError: If two columns would get the same name.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        model: str,
        min_score: float | None = None,
        keep_text: bool = False,
        keep_page_text: bool = False,
    ) -> None:
        """Lays out the columns."""
        self.schema = build_schema(taxonomy, keep_text, keep_page_text)
        self._article_tasks = taxonomy.article_tasks
        self._mediator_tasks = taxonomy.mediator_tasks
        self._model = model
        self._min_score = min_score or 0.0
        self._keep_text = keep_text
        self._keep_page_text = keep_page_text

    def __call__(self, articles: Sequence[PlacedArticle], outline: Outline, decoded: Decoded) -> pa.Table:
        """Makes a row of each article.

        Args:
            articles: The articles.
            outline: The same, as they were encoded.
            decoded: The answers for them.
        """
        columns: dict[str, Any] = _article_columns(articles)
        for task in self._article_tasks:
            columns |= self._answers(task, decoded.scores[task.name])
        columns["mediators"] = self._mediators(articles, outline, decoded)
        columns |= {"tokens": outline.tokens, "windows": outline.windows}
        columns["model"] = pa.repeat(self._model, len(articles))
        if self._keep_text:
            columns["text"] = [one.article.text for one in articles]
        if self._keep_page_text:
            pages = (one.document for one in articles)
            columns["page_text"] = [page.text if page.extracted else None for page in pages]
        return pa.table(columns, self.schema)

    def _mediators(self, articles: Sequence[PlacedArticle], outline: Outline, decoded: Decoded) -> pa.Array:
        ids = pa.array(outline.mediators, pa.string())
        columns: dict[str, Any] = {
            "mediator": ids.take(pa.array(outline.pair_mediator)),
            "mentions": decoded.pair_mentions,
        }
        for task in self._mediator_tasks:
            columns |= self._answers(task, decoded.scores[task.name])
        columns["evidence"] = _evidence(articles, outline, decoded)
        kind = self.schema.field("mediators").type
        return _lists(kind, np.bincount(outline.pair_article, minlength=outline.count), columns)

    def _answers(self, task: Task, scores: FloatArray) -> dict[str, Any]:
        """The columns of a task, with a row for each row of the scores."""
        held = held_labels(task, scores)
        sure = held & (scores.astype(np.float64) >= self._min_score)
        names = pa.array(task.label_names, pa.string())
        rows, labels = scores.shape
        all_names = names.take(pa.array(np.tile(np.arange(labels), rows)))
        all_scores = {"label": all_names, "score": scores.ravel()}
        columns = {f"{task.name}_scores": _lists(_SCORES, np.full(rows, labels), all_scores)}
        if task.problem == "multi_label":
            given = names.take(pa.array(np.nonzero(sure)[1]))
            return {task.name: _list_array(pa.list_(pa.string()), sure.sum(axis=1), given), **columns}
        label = held.argmax(axis=1)
        return {
            task.name: names.take(pa.array(label, mask=~sure.any(axis=1))),
            f"{task.name}_score": scores[np.arange(rows), label],
            **columns,
        }


def _article_columns(articles: Sequence[PlacedArticle]) -> dict[str, Any]:
    texts = [one.article for one in articles]
    spans = np.array([span for article in texts for span in article.spans], dtype=np.int64).reshape(-1, 2)
    counts = np.array([len(article.spans) for article in texts], dtype=np.int64)
    return {
        "doc_id": [one.document.id for one in articles],
        "article": [one.number for one in articles],
        "start": [article.start for article in texts],
        "end": [article.end for article in texts],
        "spans": _lists(pa.list_(_SPAN), counts, {"start": spans[:, 0], "end": spans[:, 1]}),
        "title": [article.title for article in texts],
        "date": [article.date for article in texts],
        "source": [article.source for article in texts],
        "byline": [article.byline for article in texts],
        "content_hash": [article.content_hash for article in texts],
    }


def _evidence(articles: Sequence[PlacedArticle], outline: Outline, decoded: Decoded) -> pa.Array:
    """The evidence of each pair, in characters of the document."""
    places, texts = [], []
    for article, evidence in zip(outline.pair_article.tolist(), decoded.evidence.tolist(), strict=True):
        one = articles[article]
        start, end, *mention = map(one.article.to_document, evidence)
        places.append((start, end, *mention))
        texts.append(one.document.text[start:end])
    start, end, mention_start, mention_end = np.array(places, dtype=np.int64).reshape(-1, 4).T
    return _structs(
        _EVIDENCE,
        {"start": start, "end": end, "text": texts, "mention_start": mention_start, "mention_end": mention_end},
    )


def _lists(kind: pa.ListType, counts: npt.NDArray[np.int64], columns: Mapping[str, Any]) -> pa.Array:
    """Lists of so many structs each, out of the columns of all."""
    return _list_array(kind, counts, _structs(kind.value_type, columns))


def _list_array(kind: pa.ListType, counts: npt.NDArray[np.int64], values: pa.Array) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=kind)


def _structs(kind: pa.StructType, columns: Mapping[str, Any]) -> pa.Array:
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, field.type)
        for field, values in zip(kind, columns.values(), strict=True)
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(kind))
