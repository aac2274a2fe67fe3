"""Writes the aggregates of a report, of all sources and mediators, as CSV and Parquet for notebooks and papers."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wasit.inference.report_codes import answers
from wasit.inference.report_engine import quoted_text
from wasit.inference.report_errors import input_error
from wasit.inference.report_input import ReportTask
from wasit.inference.report_rows import Rows, open_rows

_FORMATS = {".csv": "FORMAT csv, HEADER", ".parquet": "FORMAT parquet, COMPRESSION zstd"}


class _Key(NamedTuple):
    """Something that is counted by.

    Attributes:
        code: Its column in the tables of articles and of pairs.
        join: Where its names are.
        name: Its name.
        order: By what names are ordered.
    """

    code: str
    join: str
    name: str
    order: str


_UNIT = "UNIT"
_KEYS = {
    # Buckets are in the order of time; what has no date comes last.
    "period": _Key(
        "bucket",
        "JOIN buckets USING (bucket)",
        f"buckets.{_UNIT}",
        "min(counted.bucket)",
    ),
    "source": _Key(
        "source",
        "LEFT JOIN sources ON sources.code = counted.source",
        "coalesce(sources.source, '')",
        "counted.source",
    ),
    "mediator": _Key(
        "mediator",
        "JOIN mediator_id_values AS mediators ON mediators.code = counted.mediator",
        "mediators.value",
        "counted.mediator",
    ),
}


class _Table(NamedTuple):
    """An aggregate.

    Attributes:
        name: Of its files.
        task: Whose answers are counted.
        keys: By which they are counted besides the label; shares are within them.
    """

    name: str
    task: ReportTask
    keys: tuple[str, ...]


def write_tables(predictions: str, folder: Path) -> None:
    """Reads predictions and writes their aggregates.

    For each task of articles there are ``TASK_by_period`` and ``TASK_by_source``, for each task of mediators also
    ``mediator_TASK``, and for all ``sources``. A row has the number of distinct articles, its share, and how many
    of them have a score under 0.5. Periods are the finest of which there are not more than 120, and an article
    without a date or a source has an empty one.

    Args:
        predictions: A folder of parts, a ``.parquet`` or a ``.jsonl``.
        folder: It is made; files of the same names are replaced.

    Raises:
        InputError: If they are no predictions of wasit, or the tables cannot be written.
    """
    with open_rows(predictions) as rows:
        write_all_tables(rows, folder)


def write_all_tables(rows: Rows, folder: Path) -> None:
    """Writes the aggregates of rows; see :func:`write_tables`."""
    # It is there when the database comes.
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    for name, query in _queries(rows):
        for ending, how in _FORMATS.items():
            place = folder / f"{name}{ending}"
            try:
                rows.run(f"COPY ({query}) TO {quoted_text(str(place))} ({how})")
            except duckdb.IOException as error:
                reason = str(error).split("\n")[0]
                raise input_error(f"--tables: {place} cannot be written: {reason}") from error


def _queries(rows: Rows) -> Iterator[tuple[str, str]]:
    for table in _tables(rows):
        yield table.name, _query(rows, table)
    score = ", count_if(a0_bin = 0) AS low_scores, count_if(a0_bin = 0) / count(*) AS low_score_share"
    yield (
        "sources",
        f"""SELECT coalesce(sources.source, '') AS source, count(*) AS articles,
            count(*) / (SELECT count(*) FROM articles) AS share{score if rows.predictions.topic else ""}
        FROM articles LEFT JOIN sources ON sources.code = articles.source
        GROUP BY ALL ORDER BY articles DESC, source""",
    )


def _tables(rows: Rows) -> Iterator[_Table]:
    for task in rows.predictions.article_tasks:
        yield _Table(f"{task.name}_by_period", task, ("period",))
        yield _Table(f"{task.name}_by_source", task, ("source",))
    for task in rows.predictions.mediator_tasks:
        yield _Table(f"mediator_{task.name}", task, ("mediator",))
        yield _Table(f"{task.name}_by_period", task, ("period", "mediator"))
        yield _Table(f"{task.name}_by_source", task, ("source", "mediator"))


def _query(rows: Rows, table: _Table) -> str:
    """Names stand in the place of codes only after counting."""
    predictions = rows.predictions
    of_articles = table.task in predictions.article_tasks
    tasks, letter = (predictions.article_tasks, "a") if of_articles else (predictions.mediator_tasks, "m")
    values = f"{letter}{tasks.index(table.task)}_label_values"
    keys = [_KEYS[key] for key in table.keys]
    names = ", ".join(f"{key.name} AS {name}" for key, name in zip(keys, table.keys, strict=True))
    orders = ", ".join(f"{key.order} AS {name}_order" for key, name in zip(keys, table.keys, strict=True))
    listed = ", ".join(table.keys)
    query = f"""SELECT {listed}, label, articles, articles / sum(articles) OVER (PARTITION BY {listed}) AS share,
            low_scores, low_scores / articles AS low_score_share
        FROM (
            SELECT {names}, coalesce({values}.value, '') AS label, {orders}, counted.label AS label_order,
                sum(counted.articles)::BIGINT AS articles, sum(counted.low_scores)::BIGINT AS low_scores
            FROM (
                SELECT {", ".join(key.code for key in keys)}, label,
                    count(*) AS articles, count_if(score = 0) AS low_scores
                FROM ({answers(predictions, table.task)}) GROUP BY ALL
            ) AS counted {" ".join(key.join for key in keys)}
            LEFT JOIN {values} ON {values}.code = counted.label
            GROUP BY ALL
        ) ORDER BY {", ".join(f"{name}_order" for name in table.keys)}, label_order"""
    return query.replace(_UNIT, rows.units[0])
