"""The rows of predictions in a database: distinct articles and their mediators, as small numbers.

Tables of the database, whose columns are codes:

- ``articles``: ``position`` of the row, ``shuffle``, a number by which to draw, ``bucket`` of dates, ``source`` by
  frequency, and for the tasks of articles ``a0``, ``a0_bin``, ``a1``, …,
- ``pairs``: one row a mediator of an article: the same with ``topic`` as the only answer of the article,
  ``mediator`` by frequency, and ``m0``, ``m0_bin``, ``m1``, …,
- ``buckets``: ``bucket`` and its period in each unit; ``days``: ``day`` and ``bucket``,
- ``sources``: ``code``, ``source`` and ``articles``,
- ``mediator_id_values``, ``a0_label_values``, …, ``m0_label_values``, …: ``code`` and ``value``.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from wasit.inference.report_codes import articles_query, pairs_query
from wasit.inference.report_engine import engine, quoted
from wasit.inference.report_failures import failures_told
from wasit.inference.report_input import Predictions, ReportTask
from wasit.inference.report_periods import make_buckets
from wasit.inference.report_stream import counted_columns, hashes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST_SOURCE = 300

# Other years are of other calendars.
_YEARS = (1900, 2100)
_KEY = "coalesce(md5_number_lower(content_hash), md5_number_lower('row ' || position))"


@dataclass(frozen=True)
class Rows:
    """Distinct articles in a database.

    Attributes:
        connection: To the database.
        predictions: The files that they come from; its tasks have all labels that occur.
        units: In which periods can be counted, the finest first.
        mediators: Ids by code, the most frequent first.
        sources: How many there are; articles without one have this number as their code.
        articles: How many distinct ones.
        documents: How many have articles, repeated ones included.
        models: Names of the models that were used.
    """

    connection: "DuckDBPyConnection"
    predictions: Predictions
    units: tuple[str, ...]
    mediators: tuple[str, ...]
    sources: int
    articles: int
    documents: int
    models: tuple[str, ...]

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a small result."""
        return self.connection.execute(query).fetchall()

    def one(self, query: str) -> Any:
        """The only value of a result."""
        return self.all(query)[0][0]

    def run(self, query: str) -> None:
        """Runs what has no result."""
        self.connection.execute(query)


@contextmanager
def open_rows(predictions: str) -> Iterator[Rows]:
    """Reads predictions, and keeps of them what is counted in a file that is gone afterwards.

    Args:
        predictions: A folder of parts, a ``.parquet`` or a ``.jsonl``.

    Raises:
        InputError: If they are no predictions of wasit, or the disk is full.
        KeyboardInterrupt: If the user asked to stop.
    """
    with TemporaryDirectory(prefix="wasit-report-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        with failures_told(scratch):
            found = Predictions.find(predictions, scratch)
            with engine(scratch) as connection:
                yield _Loader(connection, found).load()


class _Loader:
    """Fills the database."""

    def __init__(self, connection: "DuckDBPyConnection", predictions: Predictions) -> None:
        self._connection = connection
        self._predictions = predictions

    def load(self) -> Rows:
        """Fills all tables."""
        # The order of rows is in their numbers.
        self._run("SET preserve_insertion_order = false")
        documents = self._find_firsts()
        self._read()
        units = make_buckets(self._connection, "SELECT day FROM kept WHERE day IS NOT NULL")
        models = sorted(name for (name,) in self._all("SELECT DISTINCT model FROM kept WHERE model IS NOT NULL"))
        self._run(
            """CREATE TABLE sources AS
            SELECT (row_number() OVER (ORDER BY articles DESC, source) - 1)::INTEGER AS code, source, articles
            FROM (SELECT source, count(*) AS articles FROM kept WHERE source IS NOT NULL GROUP BY source)"""
        )
        predictions, mediators = self._name_answers()
        self._run(f"CREATE TABLE articles AS {articles_query(predictions)}")
        self._run(f"CREATE TABLE pairs AS {pairs_query(predictions)}")
        self._run("DROP TABLE kept")
        return Rows(
            connection=self._connection,
            predictions=predictions,
            units=units,
            mediators=mediators,
            sources=self._all("SELECT count(*) FROM sources")[0][0],
            articles=self._all("SELECT count(*) FROM articles")[0][0],
            documents=documents,
            models=tuple(models),
        )

    def _run(self, query: str) -> None:
        self._connection.execute(query)

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def _find_firsts(self) -> int:
        """Of rows with the same words the first stays; gives how many documents there are."""
        self._connection.register("stream", hashes(self._predictions))
        self._run(
            "CREATE TABLE firsts AS SELECT min(position) AS position, count_if(article = 0) AS documents "
            f"FROM stream GROUP BY {_KEY}"
        )
        self._connection.unregister("stream")
        documents: int = self._all("SELECT sum(documents)::BIGINT FROM firsts")[0][0]
        return documents

    def _read(self) -> None:
        first, last = _YEARS
        distinct = self._all("SELECT count(*) FROM firsts")[0][0]
        kept = "WHERE position IN (SELECT position FROM firsts)" if distinct < self._predictions.rows else ""
        self._connection.register("stream", counted_columns(self._predictions))
        self._run(
            f"""CREATE TABLE kept AS
            SELECT * EXCLUDE (content_hash, date, source, written),
                {_KEY} AS shuffle,
                nullif(trim(left(source, {LONGEST_SOURCE})), '') AS source,
                if(year(written) BETWEEN {first} AND {last}, written, NULL) AS day
            FROM (SELECT *, try_cast(left(date, 10) AS DATE) AS written FROM stream {kept})"""
        )
        self._connection.unregister("stream")
        self._run("DROP TABLE firsts")

    def _name_answers(self) -> tuple[Predictions, tuple[str, ...]]:
        """Gives every label and mediator that occurs its code, as a type of the database."""
        found = self._predictions
        article_tasks = self._with_labels(found.article_tasks, "a", "kept")
        names = ", ".join(["mediator", *(quoted(task.name) for task in found.mediator_tasks)])
        self._run(
            f"""CREATE TEMP TABLE named AS SELECT {names}, count(*) AS count
            FROM (SELECT unnest(m) FROM (SELECT unnest(mediators) AS m FROM kept)) GROUP BY ALL"""
        )
        mediator_tasks = self._with_labels(found.mediator_tasks, "m", "named")
        counted = self._all("SELECT mediator FROM named GROUP BY mediator ORDER BY sum(count) DESC, mediator")
        mediators = tuple(name for (name,) in counted)
        self._make_type("mediator_id", mediators)
        return dataclasses.replace(found, article_tasks=article_tasks, mediator_tasks=mediator_tasks), mediators

    def _with_labels(self, tasks: tuple[ReportTask, ...], letter: str, table: str) -> tuple[ReportTask, ...]:
        """The tasks with all labels that occur, those of the scores first."""
        named = []
        for index, task in enumerate(tasks):
            label = quoted(task.name) if task.is_single else f"unnest({quoted(task.name)})"
            found = {label for (label,) in self._all(f"SELECT DISTINCT {label} FROM {table}") if label is not None}
            labels = (*task.labels, *sorted(found.difference(task.labels)))
            self._make_type(f"{letter}{index}_label", labels)
            named.append(task._replace(labels=labels))
        return tuple(named)

    def _make_type(self, name: str, values: tuple[str, ...]) -> None:
        table = f"{name}_values"
        self._run(f"CREATE TABLE {table} (code INTEGER, value VARCHAR)")
        if values:
            self._connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", list(enumerate(values)))
        self._run(f"CREATE TYPE {name} AS ENUM (SELECT value FROM {table} ORDER BY code)")
