"""Draws the articles that the page can show: all of them, or some for each number of the charts."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pyarrow.parquet as pq

from wasit.inference.report_codes import answers
from wasit.inference.report_rows import Rows
from wasit.inference.report_stream import answer_columns, leaves

MOST_ARTICLES = 3_000

_MOST_OF_A_CELL = 1_000


@dataclass(frozen=True)
class Sample:
    """Articles that were drawn.

    Attributes:
        positions: Numbers of their rows, in order.
        per_cell: So many articles are there at least for each cell that has as many, if not all are there.
    """

    positions: tuple[int, ...]
    per_cell: int | None


def draw_sample(rows: Rows, most: int = MOST_ARTICLES) -> Sample:
    """Draws articles by their content's hash, so that the same rows give the same sample.

    They are drawn for every label of every mediator, for every mediator in every source, for every topic in every
    period and for every mediator in every period, in turns: one for each of these cells, then a second one, and so
    on.

    Args:
        rows: The articles; their cubes are built.
        most: How many articles are drawn at most.
    """
    if rows.articles <= most:
        whole = rows.all("SELECT position FROM articles ORDER BY position")
        return Sample(tuple(position for (position,) in whole), None)
    kinds = list(_kinds(rows))
    cells = sum(rows.one(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {table})") for keys, table in kinds)
    # An article is drawn for several cells at once.
    turns = min(_MOST_OF_A_CELL, 1 + 10 * most // max(1, cells))
    drawn = " UNION ALL ".join(
        f"""SELECT unnest(nearest) AS position, {len(kinds)} * generate_subscripts(nearest, 1) + {place} AS turn
        FROM (SELECT arg_min(position, shuffle, {turns}) AS nearest FROM {table} GROUP BY {keys})"""
        for place, (keys, table) in enumerate(kinds)
    )
    rows.run(f"CREATE TABLE drawn AS SELECT position, min(turn) AS turn FROM ({drawn}) GROUP BY position")
    # Of the turn that is cut short, too, chance decides who is in it.
    ordered = "ORDER BY turn, md5_number_lower(position::VARCHAR), position"
    positions = [position for (position,) in rows.all(f"SELECT position FROM drawn {ordered} LIMIT {most}")]
    following = rows.all(f"SELECT turn FROM drawn {ordered} LIMIT 1 OFFSET {most}")
    per_cell = following[0][0] // len(kinds) - 1 if following else turns
    return Sample(tuple(sorted(positions)), max(1, per_cell))


def _kinds(rows: Rows) -> Iterator[tuple[str, str]]:
    """Columns whose values make cells, and the table that has them."""
    predictions = rows.predictions
    mediators = "JOIN mediator_codes ON mediator_codes.code = mediator"
    periods = "JOIN period_codes USING (bucket)"
    for task in predictions.mediator_tasks:
        yield "shown, label", f"({answers(predictions, task)}) {mediators}"
    yield "source, shown", f"pairs {mediators}"
    yield ("a0, period" if predictions.topic else "period"), f"articles {periods}"
    yield "shown, period", f"pairs {mediators} {periods}"


def sampled_rows(rows: Rows, sample: Sample) -> Iterator[dict[str, Any]]:
    """Reads the rows that were drawn, with evidence and text, in order."""
    predictions = rows.predictions
    wanted = {"doc_id", "article", "title", "date", "source", "mediators.mediator", "mediators.evidence", "text"}
    wanted |= answer_columns(predictions)
    left = list(reversed(sample.positions))
    starts = accumulate(predictions.counts, initial=0)
    for path, start, count in zip(predictions.files, starts, predictions.counts, strict=False):
        if not left or left[-1] >= start + count:
            continue
        with pq.ParquetFile(path) as file:
            columns = leaves(file.metadata.schema, wanted)
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                chosen = []
                while left and left[-1] < start + size:
                    chosen.append(left.pop() - start)
                if chosen:
                    yield from file.read_row_group(group, columns=columns).take(chosen).to_pylist()
                start += size
