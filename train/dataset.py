"""Annotated articles as rows of a ``datasets.Dataset``: token ids and label vectors, memory-mapped from disk.

Nothing here holds a file in memory, however long it is: rows are read, encoded and written as they come.
"""

import hashlib
import random
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import numpy.typing as npt
import torch
from datasets.arrow_writer import ArrowWriter
from torch import Tensor

from wasit.models.encoding import ArticleEncoder
from wasit.models.errors import InputError
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.annotation import AnnotatedArticle, Columns, Labels, annotated_articles, read_rows
from wasit.train.distillation import Teachers, TeachersView
from wasit.train.losses import MISSING, is_distribution
from wasit.train.recipe import DataSource
from wasit.train.row_files import Row

ENCODED_TOGETHER = 256

LABEL_PREFIX = "labels_"

_READ_TOGETHER = 10_000


def read_source(
    source: DataSource, folder: str | Path, taxonomy: Taxonomy, seed: int
) -> Iterator[AnnotatedArticle]:
    """Reads the rows that a source of a recipe asks for, one after another, in the order of the file.

    Args:
        source: Which file and which of its rows.
        folder: Where relative paths start; a path or URL.
        taxonomy: What the labels are checked against.
        seed: For the choice of rows.

    Raises:
        InputError: If the file or a row is wrong, or no row is left; as soon as reading comes to it.
    """
    return annotated_articles(_chosen_rows(source, source.place(folder), seed), taxonomy, columns_of(source))


def columns_of(source: DataSource) -> Columns:
    """Where a source keeps what."""
    return Columns(
        text=source.text_field,
        mediators=source.mediators_field,
        mediator=source.mediator_field,
        label_fields=source.label_fields,
        label_separator=source.label_separator,
        label_sets=source.label_sets,
    )


def is_drawn(article: AnnotatedArticle, share: float, draw: str) -> bool:
    """Whether an article is among a share of all; always the same for the same text and draw.

    Args:
        article: What is asked about.
        share: From 0 to 1.
        draw: What is drawn for, and the seed: another draw takes others.
    """
    digest = hashlib.sha256(f"{draw}:{article.text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _chosen_rows(source: DataSource, path: str, seed: int) -> Iterator[Row]:
    drawn = None if source.rows is None else _draw(source, path, seed)
    is_empty = True
    for number, row in enumerate(_wanted_rows(source, path)):
        if drawn is None or number in drawn:
            is_empty = False
            yield row
    if is_empty:
        raise InputError(f"{path}: no row fits where={source.where} and max_words={source.max_words}")


def _wanted_rows(source: DataSource, path: str) -> Iterator[Row]:
    return ((where, row) for where, row in read_rows(path) if _is_wanted(where, row, source))


def _is_wanted(where: str, row: dict[str, Any], source: DataSource) -> bool:
    for column in missing_columns(row, source):
        raise InputError(f"{where}: there is no column {column!r}; allowed: {', '.join(row)}")
    return fits(row, source)


def missing_columns(row: Mapping[str, Any], source: DataSource) -> list[str]:
    """Columns that a source chooses its rows by, and that a row lacks."""
    return [column for column in dict.fromkeys((*source.where, *source.balance_by)) if column not in row]


def fits(row: Mapping[str, Any], source: DataSource) -> bool:
    """Whether a source asks for a row that has all columns it chooses by."""
    if any(str(row[column]) != value for column, value in source.where.items()):
        return False
    return source.max_words is None or len(str(row.get(source.text_field)).split()) <= source.max_words


def _draw(source: DataSource, path: str, seed: int) -> frozenset[int]:
    """Draws rows, in turn from each combination of values of the columns, as long as it has any.

    Returns:
        Their numbers among the rows that are wanted.
    """
    # A number a row is all that is kept of the file.
    keys: dict[tuple[Any, ...], int] = {}
    key_of_row = array("q")
    for _, row in _wanted_rows(source, path):
        key = tuple(str(row[column]) for column in source.balance_by)
        key_of_row.append(keys.setdefault(key, len(keys)))
    groups: dict[int, array[int]] = {}
    for number in random.Random(seed).sample(range(len(key_of_row)), len(key_of_row)):
        groups.setdefault(key_of_row[number], array("q")).append(number)
    turns = (number for turn in zip_longest(*groups.values()) for number in turn if number is not None)
    return frozenset(islice(turns, source.rows))


def build_dataset(
    articles: Iterable[AnnotatedArticle],
    encoder: ArticleEncoder,
    taxonomy: Taxonomy,
    file: Path,
    teachers: Teachers | None = None,
) -> datasets.Dataset:
    """Encodes articles into a dataset on disk.

    Args:
        articles: What to encode.
        encoder: Makes the windows.
        taxonomy: Gives the order of labels.
        file: The Arrow file to write; its folder is made if it is not there.
        teachers: Models whose scores go into the labels.

    Returns:
        One row an article, with the token ids of its windows, the lengths of these, where in them the markers
        stand and whom they mark, a label vector for each task of articles, one for each task and mediator that the
        text mentions, and ``length``, the tokens of all windows.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with ArrowWriter(path=str(file), features=_features(taxonomy)) as writer:
        for row in _rows(articles, encoder, taxonomy, teachers):
            writer.write(row)
        writer.finalize()
    return datasets.Dataset.from_file(str(file))


def _rows(
    articles: Iterable[AnnotatedArticle], encoder: ArticleEncoder, taxonomy: Taxonomy, teachers: Teachers | None
) -> Iterator[dict[str, Any]]:
    remaining = iter(articles)
    while chunk := list(islice(remaining, ENCODED_TOGETHER)):
        texts = [article.text for article in chunk]
        views = [None] * len(chunk) if teachers is None else teachers(texts)
        encoded = encoder.encode(texts)
        for article, view, one in zip(chunk, views, encoded.singly(), strict=True):
            named = [one.mentions.mediators[place] for place in one.mentions.mediator]
            yield {
                "input_ids": one.input_ids,
                "window_lengths": one.window_tokens,
                "marker_positions": one.marker_place,
                "mention_mediators": named,
                "length": len(one.input_ids),
                **_label_columns(article, list(dict.fromkeys(named)), taxonomy, view),
            }


def _features(taxonomy: Taxonomy) -> datasets.Features:
    integers = datasets.List(datasets.Value("int32"))
    vector = datasets.List(datasets.Value("float32"))
    return datasets.Features(
        {
            "input_ids": integers,
            "window_lengths": integers,
            "marker_positions": integers,
            "mention_mediators": datasets.List(datasets.Value("string")),
            "length": datasets.Value("int32"),
            **{LABEL_PREFIX + task.name: vector for task in taxonomy.article_tasks},
            **{LABEL_PREFIX + task.name: datasets.List(vector) for task in taxonomy.mediator_tasks},
        }
    )


def _label_columns(
    article: AnnotatedArticle, mentioned: Sequence[str], taxonomy: Taxonomy, view: TeachersView | None
) -> dict[str, Any]:
    def vector(labels: Labels, task: Task, mediator: str | None = None) -> list[float]:
        gold = label_vector(labels, task)
        return gold if view is None else view.mixed(gold, task, mediator)

    of_article = {LABEL_PREFIX + task.name: vector(article.labels, task) for task in taxonomy.article_tasks}
    of_mediators = {
        LABEL_PREFIX + task.name: [vector(article.mediators.get(name, {}), task, name) for name in mentioned]
        for task in taxonomy.mediator_tasks
    }
    return of_article | of_mediators


def label_vector(labels: Labels, task: Task) -> list[float]:
    """Labels of a task as numbers: 1 for each label named, 0 for others, all missing if the task is not named."""
    if task.name not in labels:
        return [MISSING] * len(task.labels)
    return [float(name in labels[task.name]) for name in task.label_names]


def article_lengths(dataset: datasets.Dataset) -> npt.NDArray[np.int32]:
    """The tokens of each article; (articles,)."""
    lengths: npt.NDArray[np.int32] = dataset.data.column("length").to_numpy()
    return lengths


def count_labels(dataset: datasets.Dataset, task: Task) -> Tensor:
    """How often each label of a task occurs, some thousands of rows in memory at a time; (labels,).

    A label that is only known to lie in a set says nothing about how frequent each label is, and is not counted.
    """
    name = LABEL_PREFIX + task.name
    counts = np.zeros(len(task.labels))
    for table in dataset.select_columns(name).with_format("arrow").iter(_READ_TOGETHER):
        column = table[name].combine_chunks()
        values = (column if task.scope == "article" else column.flatten()).flatten()
        vectors = values.to_numpy(zero_copy_only=False).reshape(-1, len(task.labels))
        known = ~np.isnan(vectors).any(axis=1)
        is_sure = known
        if task.problem == "single_label":
            is_sure = known & is_distribution(torch.tensor(vectors)).numpy()
        counts += vectors[is_sure].sum(axis=0)
    return torch.from_numpy(counts)
