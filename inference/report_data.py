"""Packs what a report shows into one compressed container, which the page unpacks in the browser.

Decompressed it is: the length of the header in four bytes, little-endian; the header, JSON in UTF-8; and the
columns of the counts as raw little-endian numbers, each at the place that the header names, counted from its end.
"""

import datetime
import gzip
import json
import struct
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from wasit.inference.report_articles import LONGEST_TEXT, ArticleShaper
from wasit.inference.report_codes import SCORE_BINS
from wasit.inference.report_cube import MOST_SOURCES, Cubes, build_cubes
from wasit.inference.report_input import Predictions, ReportTask
from wasit.inference.report_names import ReportNames
from wasit.inference.report_rows import Rows, open_rows
from wasit.inference.report_sample import Sample, draw_sample, sampled_rows
from wasit.inference.report_tables import write_all_tables

MOST_BYTES = 5_100_000
"""Of a container; the page is a third larger than it, and has a plotting library besides."""

_SHORTEST_TEXT = 250
_ALIGNMENT = 4
_TAKEN = ("articles", "period", "source", "mediator", "label", "score", "count")


def build_report_data(predictions: str, tables: Path | None = None) -> bytes:
    """Reads predictions and packs what a report shows of them.

    Args:
        predictions: A folder of parts, a ``.parquet`` or a ``.jsonl``.
        tables: A folder that the aggregates are written to as well; it is made.

    Returns:
        The container.

    Raises:
        InputError: If they are no predictions of wasit, or there are no articles.
    """
    with open_rows(predictions) as rows:
        cubes = build_cubes(rows)
        sample = draw_sample(rows)
        if tables is not None:
            write_all_tables(rows, tables)
        return _pack(rows, cubes, sample)


def _pack(rows: Rows, cubes: Cubes, sample: Sample) -> bytes:
    """Cuts the articles' texts until the container is small enough; in the end they are left out."""
    shaper = ArticleShaper(rows, cubes, container_names(rows.predictions))
    header = _header(rows, cubes, sample)
    columns = _place_columns(header, rows.predictions, cubes)
    found = list(sampled_rows(rows, sample))
    longest = LONGEST_TEXT if rows.predictions.has_text else 0
    while True:
        header["facts"]["bounds"]["text_characters"] = longest
        header["samples"] = {"rows": [shaper.row(row, longest) for row in found]}
        container = _compressed(header, columns)
        if len(container) <= MOST_BYTES or not longest:
            return container
        longest = longest // 2 if longest > _SHORTEST_TEXT else 0


def _header(rows: Rows, cubes: Cubes, sample: Sample) -> dict[str, Any]:
    names = ReportNames(rows.models, _mediators_file(rows.predictions))
    renamed = container_names(rows.predictions)
    header = {
        "period_unit": cubes.unit,
        "periods": cubes.periods,
        "sources": cubes.sources,
        "article_tasks": [names.task(task) | {"name": renamed[task]} for task in rows.predictions.article_tasks],
        "mediator_tasks": [names.task(task) | {"name": renamed[task]} for task in rows.predictions.mediator_tasks],
        "mediators": [names.mediator(mediator) for mediator in cubes.mediators],
    }
    return header | {"facts": _facts(rows, cubes, sample) | {"unnamed": names.unknown}}


def container_names(predictions: Predictions) -> dict[ReportTask, str]:
    """What tasks are called in the container, where some names are taken."""
    tasks = (*predictions.article_tasks, *predictions.mediator_tasks)
    taken = {*_TAKEN, *(task.name for task in tasks)}
    names = {}
    for task in tasks:
        name = task.name
        while name in _TAKEN or (name != task.name and name in taken):
            name += "_"
        names[task] = name
        taken.add(name)
    return names


def _facts(rows: Rows, cubes: Cubes, sample: Sample) -> dict[str, Any]:
    predictions = rows.predictions
    first, last = rows.all("SELECT min(day)::VARCHAR, max(day)::VARCHAR FROM days")[0]
    undated = "SELECT count(*) FROM articles WHERE bucket = (SELECT max(bucket) FROM buckets)"
    return {
        "pages": _pages(predictions, rows.documents),
        "articles": predictions.rows,
        "distinct_articles": rows.articles,
        "rejects": predictions.rejects,
        "first_date": first,
        "last_date": last,
        "undated": rows.one(undated),
        "sources": rows.sources,
        "models": rows.models,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "wasit": version("wasit"),
        "sampled": len(sample.positions) < rows.articles,
        "articles_in_sample": len(sample.positions),
        "bounds": {
            "periods": len(cubes.periods),
            "sources": MOST_SOURCES,
            "mediators": sum(mediator is not None for mediator in cubes.mediators),
            "score_bins": SCORE_BINS,
            "per_cell": sample.per_cell,
        },
    }


def _pages(predictions: Predictions, documents: int) -> int:
    counts = (predictions.run or {}).get("counts")
    told = counts.get("documents") if isinstance(counts, dict) else None
    return told if isinstance(told, int) else documents + (predictions.rejects or 0)


def _mediators_file(predictions: Predictions) -> str | None:
    options = (predictions.run or {}).get("options")
    named = options.get("mediators") if isinstance(options, dict) else None
    return named if isinstance(named, str) else None


def _place_columns(header: dict[str, Any], predictions: Predictions, cubes: Cubes) -> bytes:
    """Describes the cubes in the header, and lays out their columns one after the other."""
    renamed = container_names(predictions)
    columns = {f"a{index}": renamed[task] for index, task in enumerate(predictions.article_tasks)}
    if predictions.topic:
        columns["topic"] = renamed[predictions.topic]
    data = bytearray()
    header["cubes"] = {}
    for cube in cubes.cubes:
        described = {}
        for name, values in cube.columns.items():
            data += bytes(-len(data) % _ALIGNMENT)
            described[columns.get(name, name)] = {"dtype": f"u{values.itemsize}", "offset": len(data)}
            data += values.astype(values.dtype.newbyteorder("<")).tobytes()
        name = "articles" if cube.task is None else renamed[cube.task]
        header["cubes"][name] = {"rows": cube.cells, "columns": described}
    return bytes(data)


def _compressed(header: Mapping[str, Any], columns: bytes) -> bytes:
    coded = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    # Numbers of several bytes begin at a multiple of four.
    coded += b" " * (-len(coded) % _ALIGNMENT)
    return gzip.compress(struct.pack("<I", len(coded)) + coded + columns, 9, mtime=0)
