"""Cuts time into periods: days, weeks, months, quarters or years."""

import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNITS = {
    "day": "strftime({day}, '%Y-%m-%d')",
    "week": "strftime({day}, '%G-W%V')",
    "month": "strftime({day}, '%Y-%m')",
    "quarter": "strftime({day}, '%Y') || '-Q' || quarter({day})",
    "year": "strftime({day}, '%Y')",
}
"""How the period of a day is called, the finest first; later ones are greater."""

MOST_PERIODS = 120
BEFORE, AFTER = "<", ">"
"""Begin the names of what lies before the first and after the last period."""

# A page may be dated 1970 because its site knew no better. One article in so many at either end gets no period of
# its own if it is as far away as the others are apart; among few articles none is a stray.
_STRAYS = 100
_FEW = 20


def make_buckets(connection: "DuckDBPyConnection", days: str) -> tuple[str, ...]:
    """Makes the tables ``days``, from days to buckets, and ``buckets``, from them to the period in each unit.

    All days from the first to the last are there, so that no period is missing between two others; only days far
    from nearly all articles share one period before all others, and one after them. All days of a bucket are in
    the same period, whatever the unit. Buckets are in the order of time. The last one is of articles without a
    date, whose periods are empty.

    Args:
        connection: To the database.
        days: A query of the articles' days, with repetitions.

    Returns:
        The units in which there are not too many periods, the finest first; years always.
    """
    first, last = _bulk(connection, days)
    every_day = f"SELECT unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day FROM ({days})"
    columns = ", ".join(f"{_name(period, first, last)} AS {unit}" for unit, period in UNITS.items())
    connection.execute(f"CREATE TEMP TABLE dated AS SELECT day AS date, {columns} FROM ({every_day})")
    distinct = ", ".join(f"count(DISTINCT {unit})" for unit in UNITS)
    (counts,) = connection.execute(f"SELECT {distinct} FROM dated").fetchall()
    fitting = [place for place, count in enumerate(counts) if count <= MOST_PERIODS]
    units = tuple(UNITS)[min(fitting, default=len(UNITS) - 1) :]
    names = ", ".join(units)
    connection.execute(
        f"""CREATE TABLE buckets AS
        SELECT (row_number() OVER (ORDER BY min(date)) - 1)::USMALLINT AS bucket, {names}
        FROM dated GROUP BY {names}
        UNION ALL
        SELECT count(*)::USMALLINT, {", ".join("''" for _ in units)} FROM (SELECT DISTINCT {names} FROM dated)"""
    )
    connection.execute(f"CREATE TABLE days AS SELECT date AS day, bucket FROM dated JOIN buckets USING ({names})")
    return units


def _bulk(connection: "DuckDBPyConnection", days: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day that get a period of their own."""
    count, first, last = _row(connection, f"SELECT count(day), min(day), max(day) FROM ({days})")
    if not count:
        return datetime.date.min, datetime.date.max
    if count < _FEW or (last - first).days < MOST_PERIODS:
        return first, last
    strays = -(-count // _STRAYS)
    low, high = (
        _row(connection, f"SELECT day FROM ({days}) ORDER BY day {order} LIMIT 1 OFFSET {strays}")[0]
        for order in ("ASC", "DESC")
    )
    span = (high - low).days + 1
    is_near = f"day BETWEEN DATE '{low}' - {span} AND DATE '{high}' + {span}"
    first, last = _row(connection, f"SELECT min(day), max(day) FROM ({days}) WHERE {is_near}")
    return first, last


def _row(connection: "DuckDBPyConnection", query: str) -> tuple[Any, ...]:
    (row,) = connection.execute(query).fetchall()
    return row


def _name(period: str, first: datetime.date, last: datetime.date) -> str:
    """SQL for what the period of ``day`` is called; all before the first and all after the last have one name."""
    own, earliest, latest = (period.format(day=day) for day in ("day", f"DATE '{first}'", f"DATE '{last}'"))
    return (
        f"CASE WHEN {own} < {earliest} THEN '{BEFORE}' || {earliest} "
        f"WHEN {own} > {latest} THEN '{AFTER}' || {latest} ELSE {own} END"
    )
