"""Cuts time into periods: days, weeks, months, quarters or years."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNITS = {
    "day": "strftime(day, '%Y-%m-%d')",
    "week": "strftime(day, '%G-W%V')",
    "month": "strftime(day, '%Y-%m')",
    "quarter": "strftime(day, '%Y') || '-Q' || quarter(day)",
    "year": "strftime(day, '%Y')",
}
"""How the period of a day is called, the finest first."""

MOST_PERIODS = 120


def make_buckets(connection: "DuckDBPyConnection", days: str) -> tuple[str, ...]:
    """Makes the tables ``days``, from days to buckets, and ``buckets``, from them to the period in each unit.

    All days from the first to the last are there, so that no period is missing between two others. All days of a
    bucket are in the same period, whatever the unit. The last bucket is of articles without a date, whose periods
    are empty.

    Args:
        connection: To the database.
        days: A query of the days.

    Returns:
        The units in which there are not too many periods, the finest first; years always.
    """
    columns = ", ".join(f"{period} AS {unit}" for unit, period in UNITS.items())
    every_day = f"SELECT unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day FROM ({days})"
    connection.execute(f"CREATE TEMP TABLE dated AS SELECT day AS date, {columns} FROM ({every_day})")
    distinct = ", ".join(f"count(DISTINCT {unit})" for unit in UNITS)
    (counts,) = connection.execute(f"SELECT {distinct} FROM dated").fetchall()
    fitting = [place for place, count in enumerate(counts) if count <= MOST_PERIODS]
    units = tuple(UNITS)[min(fitting, default=len(UNITS) - 1) :]
    names = ", ".join(units)
    connection.execute(f"CREATE TEMP TABLE periods AS SELECT DISTINCT {names} FROM dated")
    connection.execute(
        f"""CREATE TABLE buckets AS
        SELECT (row_number() OVER (ORDER BY {", ".join(reversed(units))}) - 1)::USMALLINT AS bucket, {names}
        FROM periods
        UNION ALL SELECT (SELECT count(*) FROM periods)::USMALLINT, {", ".join("''" for _ in units)}"""
    )
    connection.execute(f"CREATE TABLE days AS SELECT date AS day, bucket FROM dated JOIN buckets USING ({names})")
    return units
