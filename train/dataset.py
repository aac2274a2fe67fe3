"""Annotated articles as rows of a ``datasets.Dataset``: token ids and label vectors, memory-mapped from disk."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import datasets

from wasit.models.encoding import ArticleEncoder
from wasit.models.errors import InputError
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.annotation import AnnotatedArticle, Columns, Labels, annotated_article, read_rows
from wasit.train.losses import MISSING
from wasit.train.recipe import DataSource

ENCODED_TOGETHER = 256

LABEL_PREFIX = "labels_"


def read_source(source: DataSource, folder: Path, taxonomy: Taxonomy, seed: int) -> list[AnnotatedArticle]:
    """Reads the rows that a source of a recipe asks for.

    Args:
        source: Which file and which of its rows.
        folder: Where relative paths start.
        taxonomy: What the labels are checked against.
        seed: For the choice of rows.

    Raises:
        InputError: If the file or a row is wrong, or no row is left.
    """
    columns = Columns(source.text_field, source.mediators_field, source.label_sets)
    path = folder / source.path
    chosen = [(where, row) for where, row in read_rows(path) if _is_wanted(where, row, source)]
    if not chosen:
        raise InputError(f"{path}: no row fits where={source.where} and max_words={source.max_words}")
    if source.rows is not None:
        chosen = _draw(chosen, source.rows, source.balance_by, random.Random(seed))
    return [annotated_article(where, row, taxonomy, columns) for where, row in chosen]


def is_held_out(article: AnnotatedArticle, share: float, seed: int) -> bool:
    """Whether an article is among the share that is kept for calibration; the same for the same text and seed."""
    digest = hashlib.sha256(f"{seed}:{article.text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _is_wanted(where: str, row: dict[str, Any], source: DataSource) -> bool:
    for column in (*source.where, *source.balance_by):
        if column not in row:
            raise InputError(f"{where}: there is no column {column!r}; allowed: {', '.join(row)}")
    if any(str(row[column]) != value for column, value in source.where.items()):
        return False
    return source.max_words is None or len(str(row.get(source.text_field)).split()) <= source.max_words


Row = tuple[str, dict[str, Any]]


def _draw(rows: list[Row], count: int, balance_by: Sequence[str], generator: random.Random) -> list[Row]:
    """Draws rows, in turn from each combination of values of the columns, as long as it has any."""
    shuffled = generator.sample(rows, len(rows))
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in shuffled:
        groups[tuple(row[1][column] for column in balance_by)].append(row)
    turns = (row for turn in zip_longest(*groups.values()) for row in turn if row is not None)
    return list(islice(turns, count))


def build_dataset(
    articles: Sequence[AnnotatedArticle], encoder: ArticleEncoder, taxonomy: Taxonomy, cache_folder: Path
) -> datasets.Dataset:
    """Encodes articles into a dataset on disk.

    Args:
        articles: What to encode, at least one.
        encoder: Makes the windows.
        taxonomy: Gives the order of labels.
        cache_folder: Where the Arrow files go.

    Returns:
        One row an article, with the arrays of an ``EncodedArticle``, a label vector for each task of articles, one
        for each task and mediator that the text mentions, and ``length``, the tokens of all windows.
    """

    def rows() -> Iterator[dict[str, Any]]:
        for start in range(0, len(articles), ENCODED_TOGETHER):
            chunk = articles[start : start + ENCODED_TOGETHER]
            encoded = encoder([article.text for article in chunk])
            for article, encoding in zip(chunk, encoded, strict=True):
                mentioned = list(dict.fromkeys(mention.mediator for mention in encoding.mentions))
                yield {
                    "input_ids": encoding.input_ids,
                    "window_lengths": encoding.window_lengths,
                    "marker_positions": encoding.marker_positions,
                    "mention_mediators": [mention.mediator for mention in encoding.mentions],
                    "length": len(encoding.input_ids),
                    **_label_columns(article, mentioned, taxonomy),
                }

    dataset = datasets.Dataset.from_generator(
        rows, features=_features(taxonomy), cache_dir=str(cache_folder), fingerprint=cache_folder.name
    )
    assert isinstance(dataset, datasets.Dataset)
    return dataset


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


def _label_columns(article: AnnotatedArticle, mentioned: Sequence[str], taxonomy: Taxonomy) -> dict[str, Any]:
    of_article = {LABEL_PREFIX + task.name: label_vector(article.labels, task) for task in taxonomy.article_tasks}
    of_mediators = {
        LABEL_PREFIX + task.name: [label_vector(article.mediators.get(name, {}), task) for name in mentioned]
        for task in taxonomy.mediator_tasks
    }
    return of_article | of_mediators


def label_vector(labels: Labels, task: Task) -> list[float]:
    """Labels of a task as numbers: 1 for each label named, 0 for others, all missing if the task is not named."""
    if task.name not in labels:
        return [MISSING] * len(task.labels)
    return [float(name in labels[task.name]) for name in task.label_names]
