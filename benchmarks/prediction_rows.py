"""Makes rows as `wasit classify` writes them, many and fast: what a report is made of, without any model.

Mediators, topics, labels and sources are as unequally frequent as in the news, and labels shift over the years.
The same seed gives the same rows, and a part is the same whatever the number of parts.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import starmap
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from news_pages import news_pages

from wasit.inference.records import build_schema
from wasit.inference.writers import COMPRESSION, PartForm, part_name
from wasit.models.taxonomy import Task, Taxonomy

ROWS_OF_A_PART = 2_000
REPEATED_SHARE = 0.15
"""So many rows have the text of an earlier one."""

_POOL_PAGES = 1_000
_SOURCES = 400
_FIRST_DAY = np.datetime64("2018-01-01")
_DAYS = 2_500
_UNDATED_SHARE = 0.1
_NO_SOURCE_SHARE = 0.2
_MOST_MEDIATORS = 6
_HASH_DIGITS = 16
_Integers = npt.NDArray[np.int64]


def write_parts(folder: Path, rows: int, seed: int = 0, keep_text: bool = False, processes: int = 1) -> None:
    """Writes a folder of parts.

    Args:
        folder: It is made.
        rows: How many in all.
        seed: Another one gives other rows.
        keep_text: Whether rows have the article's text.
        processes: That write at a time.
    """
    folder.mkdir(parents=True)
    starts = range(0, rows, ROWS_OF_A_PART)
    parts = [(number, start, min(ROWS_OF_A_PART, rows - start)) for number, start in enumerate(starts)]
    write = partial(_write_part, folder, seed, keep_text)
    if processes == 1:
        list(starmap(write, parts))
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        list(pool.map(write, *zip(*parts, strict=True), chunksize=16))


def _write_part(folder: Path, seed: int, keep_text: bool, number: int, start: int, rows: int) -> None:
    table = _Part(np.random.default_rng((seed, number)), start, rows, keep_text).table()
    pq.write_table(table, folder / part_name(number, PartForm.PARQUET), compression=COMPRESSION)


@dataclass(frozen=True)
class _Pool:
    """Texts that rows are dealt from."""

    titles: pa.Array
    texts: pa.Array
    sentences: pa.Array
    lengths: _Integers
    mentions: _Integers


@cache
def _pool() -> _Pool:
    texts = [page.text for page in news_pages(_POOL_PAGES)]
    sentences = [line for text in texts for line in text.splitlines()[1:] if len(line.split()) > 5]
    # The third word stands for the mention.
    starts = [len(" ".join(sentence.split(" ")[:2])) + 1 for sentence in sentences]
    ends = [sentence.index(" ", start) for sentence, start in zip(sentences, starts, strict=True)]
    titles = [text.split("\n", 1)[0] for text in texts]
    mentions = np.array([starts, ends], dtype=np.int64).T
    lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
    return _Pool(pa.array(titles), pa.array(texts), pa.array(sentences), lengths, mentions)


@cache
def _skewed(choices: int) -> npt.NDArray[np.float64]:
    weights = 1 / np.arange(1, choices + 1)
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


class _Part:
    """One part: a column after the other."""

    def __init__(self, chance: np.random.Generator, start: int, rows: int, keep_text: bool) -> None:
        self._chance = chance
        self._numbers = np.arange(start, start + rows)
        self._rows = rows
        self._keep_text = keep_text
        self._taxonomy = Taxonomy.default()
        self._schema = build_schema(self._taxonomy, keep_text)
        self._days = chance.integers(0, _DAYS, rows)

    def table(self) -> pa.Table:
        """The rows."""
        pool = _pool()
        page = self._chance.integers(0, _POOL_PAGES, self._rows)
        zeros = np.zeros(self._rows, dtype=np.int64)
        lengths = np.full(self._rows, 2_000)
        columns: dict[str, Any] = {
            "doc_id": [f"crawl/page-{number:09}.html" for number in self._numbers.tolist()],
            "article": zeros,
            "start": zeros,
            "end": lengths,
            "spans": self._lists("spans", np.ones(self._rows, dtype=np.int64), [zeros, lengths]),
            "title": pool.titles.take(pa.array(page)),
            "date": self._dates(),
            "source": self._sources(),
            "byline": pa.nulls(self._rows, pa.string()),
            "content_hash": self._hashes(),
        }
        for task in self._taxonomy.article_tasks:
            columns |= self._answers(task, self._days)
        columns["mediators"] = self._mediators(pool)
        columns |= {"tokens": lengths, "windows": zeros + 1, "model": pa.repeat("wasit-mini", self._rows)}
        if self._keep_text:
            columns["text"] = pool.texts.take(pa.array(page))
        return pa.table(columns, self._schema)

    def _dates(self) -> pa.Array:
        days = np.datetime_as_string(_FIRST_DAY + self._days)
        return pa.array(days.astype(object), pa.string(), mask=self._chance.random(self._rows) < _UNDATED_SHARE)

    def _sources(self) -> pa.Array:
        names = pa.array([f"صحيفة {number}" for number in range(1, _SOURCES + 1)])
        drawn = self._chance.choice(_SOURCES, self._rows, p=_skewed(_SOURCES))
        return names.take(pa.array(drawn, mask=self._chance.random(self._rows) < _NO_SOURCE_SHARE))

    def _hashes(self) -> pa.Array:
        repeated = self._chance.random(self._rows) < REPEATED_SHARE
        keys = np.where(repeated, self._chance.integers(0, self._numbers + 1), self._numbers).astype(np.uint64)
        # A product with an odd number is another one for each key.
        digits = (keys * np.uint64(0x9E3779B97F4A7C15)).astype(">u8").tobytes().hex()
        return pa.array([digits[at : at + _HASH_DIGITS] for at in range(0, len(digits), _HASH_DIGITS)])

    def _mediators(self, pool: _Pool) -> pa.Array:
        counts = self._chance.binomial(_MOST_MEDIATORS, 0.4, self._rows)
        pairs = int(counts.sum())
        ids = pa.array([mediator.id for mediator in self._taxonomy.mediators])
        sentence = self._chance.integers(0, len(pool.sentences), pairs)
        starts = self._chance.integers(0, 1_500, pairs)
        places = [
            starts,
            starts + pool.lengths[sentence],
            pool.sentences.take(pa.array(sentence)),
            *(starts + pool.mentions[sentence].T),
        ]
        fields = self._schema.field("mediators").type.value_type
        drawn = self._chance.choice(len(ids), pairs, p=_skewed(len(ids)))
        columns: dict[str, Any] = {
            "mediator": ids.take(pa.array(drawn)),
            "mentions": self._chance.integers(1, 9, pairs),
        }
        days = np.repeat(self._days, counts)
        for task in self._taxonomy.mediator_tasks:
            columns |= self._answers(task, days + 150 * drawn)
        columns["evidence"] = _structs(fields.field("evidence").type, places)
        return self._lists("mediators", counts, list(columns.values()))

    def _answers(self, task: Task, shift: _Integers) -> dict[str, Any]:
        """One label of each row, which depends on the shift a little, and scores of all."""
        rows, labels = len(shift), len(task.labels)
        drawn = (self._chance.choice(labels, rows, p=_skewed(labels)) + shift // (_DAYS // 2)) % labels
        score = self._chance.beta(4, 1.2, rows).astype(np.float32)
        scores = np.repeat((1 - score) / max(1, labels - 1), labels).reshape(rows, labels)
        scores[np.arange(rows), drawn] = score
        names = pa.array(task.label_names)
        kind = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))
        all_names = names.take(pa.array(np.tile(np.arange(labels), rows)))
        listed = _lists(kind, np.full(rows, labels), [all_names, scores.ravel()])
        return {task.name: names.take(pa.array(drawn)), f"{task.name}_score": score, f"{task.name}_scores": listed}

    def _lists(self, name: str, counts: _Integers, columns: Sequence[Any]) -> pa.Array:
        return _lists(self._schema.field(name).type, counts, columns)


def _lists(kind: pa.ListType, counts: _Integers, columns: Sequence[Any]) -> pa.Array:
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, _structs(kind.value_type, columns), type=kind)


def _structs(kind: pa.StructType, columns: Sequence[Any]) -> pa.Array:
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, field.type)
        for field, values in zip(kind, columns, strict=True)
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(kind))
