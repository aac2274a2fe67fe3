"""Streams the few columns that are counted out of files of predictions, part by part."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.report_input import Predictions, ReportTask

_BATCH_ROWS = 10_000


def hashes(predictions: Predictions) -> pa.RecordBatchReader:
    """What tells repeated articles: ``content_hash`` and ``article``, with ``position``, the number of the row."""
    return _reader(predictions, {"content_hash", "article"})


def counted_columns(predictions: Predictions) -> pa.RecordBatchReader:
    """The columns that are counted, in order of file and row, with the number of the row as ``position``.

    Of the mediators only the columns of their answers are read, not the evidence: most of a file is left alone.
    """
    counted = {"content_hash", "date", "source", "model", "mediators.mediator"}
    return _reader(predictions, counted | answer_columns(predictions))


def answer_columns(predictions: Predictions) -> set[str]:
    """The columns of answers, and the fields of the mediators' as in ``mediators.role``."""
    columns = {column for task in predictions.article_tasks for column in _columns(task)}
    return columns | {f"mediators.{column}" for task in predictions.mediator_tasks for column in _columns(task)}


def _reader(predictions: Predictions, wanted: set[str]) -> pa.RecordBatchReader:
    with pq.ParquetFile(predictions.files[0]) as file:
        first = next(file.iter_batches(batch_size=1, columns=leaves(file.metadata.schema, wanted)), None)
        columns = file.schema_arrow.empty_table() if first is None else first
    schema = pa.schema([pa.field("position", pa.int64()), *columns.schema.remove_metadata()])
    return pa.RecordBatchReader.from_batches(schema, _batches(predictions, wanted, schema))


def _columns(task: ReportTask) -> tuple[str, ...]:
    """Scores of a task with one answer stand in a column of their own."""
    return (task.name, f"{task.name}_score") if task.is_single else (task.name, f"{task.name}_scores")


def _batches(predictions: Predictions, wanted: set[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    position = 0
    for path in predictions.files:
        for batch in _read(path, wanted, _BATCH_ROWS):
            positions = pa.array(np.arange(position, position + batch.num_rows))
            yield pa.RecordBatch.from_arrays([positions, *batch.columns], schema=schema)
            position += batch.num_rows


def _read(path: Path, wanted: set[str], rows: int) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=rows, columns=leaves(file.metadata.schema, wanted))


def leaves(schema: pq.ParquetSchema, wanted: set[str]) -> Sequence[str]:
    """The full paths of columns and of fields of the mediators, which writers of Parquet call in different ways.

    Args:
        schema: Of a file.
        wanted: Names of columns, and of fields as in ``mediators.role``.
    """
    paths = [schema.column(index).path for index in range(len(schema))]
    return [path for path in paths if _short(path) in wanted]


def _short(path: str) -> str:
    """The name of the column, and below the mediators that of the field: `mediators.list.element.role`."""
    steps = path.split(".")
    return f"mediators.{steps[3]}" if steps[0] == "mediators" and len(steps) > 3 else steps[0]
