"""Counts of distinct articles and of their mediators in every combination of what the page filters by."""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasit.inference.report_codes import SCORE_BINS, answers
from wasit.inference.report_input import ReportTask
from wasit.inference.report_rows import Rows

MOST_SOURCES = 20
MANY_MEDIATORS = 12
"""So many have a line of their own as long as coarser periods can make up for them."""
MOST_CELLS = 4_000_000
"""Of all cubes together."""
MOST_BYTES = 4_000_000
"""Of all cubes together, compressed."""

_QUICK = 6
_Column = npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Cube:
    """Counts, a cell a row.

    Attributes:
        task: Whose answers are counted; none for articles by all tasks with one answer.
        columns: Codes by which is counted, and ``count``; all of the same length. The tasks of articles are called
            as in the database.
    """

    task: ReportTask | None
    columns: dict[str, _Column]

    @property
    def cells(self) -> int:
        """How many there are."""
        return len(self.columns["count"])


@dataclass(frozen=True)
class Cubes:
    """All counts, and what their codes stand for.

    Attributes:
        unit: Of the periods.
        periods: In order; the last is empty if there are articles without a date.
        sources: The most frequent ones, then an empty one for articles without a source and None for all others,
            if there are such.
        mediators: Ids, then None for all others, if there are such.
        cubes: The counts.
    """

    unit: str
    periods: tuple[str, ...]
    sources: tuple[str | None, ...]
    mediators: tuple[str | None, ...]
    cubes: tuple[Cube, ...]


def build_cubes(rows: Rows) -> Cubes:
    """Counts in the finest periods that give no more cells and bytes than a page can hold.

    If there are too many, the rarest mediators are counted together before periods become coarser, and more of
    them if there are too many even by the year.
    """
    sources = _sources(rows)
    builders = _make_fine(rows, sources)
    choices = list(_choices(rows))
    for unit, kept in choices:
        _make_codes(rows, unit, kept)
        is_last = (unit, kept) == choices[-1]
        if not is_last and sum(builder.count(rows) for builder in builders) > MOST_CELLS:
            continue
        cubes = tuple(builder.build(rows) for builder in builders)
        if _compressed(cubes) <= MOST_BYTES:
            break
    found = rows.all("SELECT DISTINCT period, period_name FROM period_codes ORDER BY period")
    others = (None,) if kept < len(rows.mediators) else ()
    return Cubes(unit, tuple(name for _, name in found), sources, (*rows.mediators[:kept], *others), cubes)


def _choices(rows: Rows) -> Iterator[tuple[str, int]]:
    """Units and numbers of mediators, from the most to the least telling; the last is taken as it is."""
    every = len(rows.mediators)
    kept = min(every, MANY_MEDIATORS)
    for unit in rows.units:
        yield unit, every
        if kept < every:
            yield unit, kept
    while kept:
        kept //= 2
        yield rows.units[-1], kept


@dataclass(frozen=True)
class _Builder:
    """Makes a cube of a table that is counted by bucket and by every mediator.

    Attributes:
        task: Whose answers are counted; none for articles by all tasks with one answer.
        table: The table.
        columns: By which is counted besides period, source and mediator.
        has_mediators: Whether it is counted by mediator.
    """

    task: ReportTask | None
    table: str
    columns: tuple[str, ...]
    has_mediators: bool = False

    def fill(self, rows: Rows, source: str, answers: str) -> None:
        """Makes the table.

        Args:
            rows: The articles.
            source: The code of the source, from that in the database.
            answers: A query with the columns.
        """
        keys = ", ".join(("bucket", f"{source} AS source", *self._mediator("mediator"), *self.columns))
        rows.run(f"CREATE TABLE {self.table} AS SELECT {keys}, count(*) AS count FROM ({answers}) GROUP BY ALL")

    def count(self, rows: Rows) -> int:
        """How many cells the cube would have."""
        cells: int = rows.one(f"SELECT count(*) FROM (SELECT DISTINCT {self._keys} FROM {self._coded})")
        return cells

    def build(self, rows: Rows) -> Cube:
        """The cube."""
        query = f"SELECT {self._keys}, sum(count)::UBIGINT AS count FROM {self._coded} GROUP BY ALL ORDER BY ALL"
        found = rows.connection.execute(query).fetchnumpy()
        return Cube(self.task, {name: _smallest(values) for name, values in found.items()})

    def _mediator(self, column: str) -> tuple[str, ...]:
        return (column,) if self.has_mediators else ()

    @property
    def _keys(self) -> str:
        return ", ".join(("period", "source", *self._mediator("shown AS mediator"), *self.columns))

    @property
    def _coded(self) -> str:
        mediators = "JOIN mediator_codes ON code = mediator" if self.has_mediators else ""
        return f"{self.table} JOIN period_codes USING (bucket) {mediators}"


def _make_fine(rows: Rows, sources: Sequence[str | None]) -> list[_Builder]:
    """Counts by bucket, which no choice refines."""
    predictions = rows.predictions
    source = _source_code(rows, sources)
    singles = tuple(f"a{index}" for index, task in enumerate(predictions.article_tasks) if task.is_single)
    whole = _Builder(None, "fine_articles", (*singles, "score"))
    # Without a topic there is no score: nothing is left out for it.
    score = "a0_bin" if predictions.topic else f"{len(SCORE_BINS) - 1}::UTINYINT"
    whole.fill(rows, source, f"SELECT *, {score} AS score FROM articles")
    builders = [whole]
    topic = ("topic",) if predictions.topic else ()
    several = tuple(task for task in predictions.article_tasks if not task.is_single)
    for number, task in enumerate((*several, *predictions.mediator_tasks)):
        has_mediators = task in predictions.mediator_tasks
        builder = _Builder(task, f"fine_{number}", (*topic, "label", "score"), has_mediators)
        builder.fill(rows, source, answers(predictions, task))
        builders.append(builder)
    return builders


def _sources(rows: Rows) -> tuple[str | None, ...]:
    named = [name for (name,) in rows.all(f"SELECT source FROM sources WHERE code < {MOST_SOURCES} ORDER BY code")]
    without = [""] if rows.one(f"SELECT count(*) FROM articles WHERE source = {rows.sources}") else []
    return (*named, *without, *([None] if rows.sources > MOST_SOURCES else []))


def _source_code(rows: Rows, sources: Sequence[str | None]) -> str:
    without = sources.index("") if "" in sources else 0
    return (
        f"CASE WHEN source = {rows.sources} THEN {without} WHEN source < {MOST_SOURCES} THEN source "
        f"ELSE {len(sources) - 1} END::UTINYINT"
    )


def _make_codes(rows: Rows, unit: str, kept: int) -> None:
    """Makes the tables ``period_codes``, of buckets, and ``mediator_codes``."""
    rows.run(
        f"""CREATE OR REPLACE TABLE period_codes AS
        SELECT bucket, period_name, (dense_rank() OVER (ORDER BY first) - 1)::USMALLINT AS period
        FROM (SELECT bucket, {unit} AS period_name, min(bucket) OVER (PARTITION BY {unit}) AS first FROM buckets)
        WHERE period_name <> '' OR bucket IN (SELECT bucket FROM articles)"""
    )
    rows.run(
        f"""CREATE OR REPLACE TABLE mediator_codes AS
        SELECT code::USMALLINT AS code, least(code, {kept})::USMALLINT AS shown
        FROM range({len(rows.mediators)}) AS mediators(code)"""
    )


def _smallest(values: npt.NDArray[np.generic]) -> _Column:
    numbers = np.ma.getdata(values)
    kind = np.min_scalar_type(int(numbers.max(initial=0)))
    return numbers.astype(kind if kind.itemsize <= 4 else np.uint32)


def _compressed(cubes: Sequence[Cube]) -> int:
    return sum(len(gzip.compress(column.tobytes(), _QUICK)) for cube in cubes for column in cube.columns.values())
