import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from predictions import mediator, row, write_lines, write_parts

from wasit.inference.report_data import build_report_data
from wasit.inference.report_input import Predictions
from wasit.models.errors import InputError


def error_of(predictions: Path | str) -> str:
    with pytest.raises(InputError) as caught:
        build_report_data(str(predictions))
    return str(caught.value)


def test_what_is_not_there_or_something_else_is_told(tmp_path: Path) -> None:
    assert "there is nothing of that name" in error_of(tmp_path / "nowhere")
    (tmp_path / "page.txt").write_text("نص")
    assert "that is another file" in error_of(tmp_path / "page.txt")
    (tmp_path / "empty").mkdir()
    assert "a folder without .parquet files" in error_of(tmp_path / "empty")


def test_a_file_that_is_broken_or_of_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no more")
    assert "broken.parquet cannot be read" in error_of(tmp_path / "broken.parquet")
    pq.write_table(pa.table({"doc_id": ["a"], "title": ["b"]}), tmp_path / "other.parquet")
    assert "has no article, date, source, content_hash, mediators, model" in error_of(tmp_path / "other.parquet")
    for name, line in {
        "list": "[1]",
        "text": "no json",
        "number": '{"doc_id": 3}',
        "empty": "",
        "blank": "\n\n",
    }.items():
        path = tmp_path / f"{name}.jsonl"
        path.write_text(line + "\n" if line else "")
        assert f"{name}.jsonl" in error_of(path)


def test_a_broken_line_is_told_and_not_left_out(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_lines(path, [row(), row()])
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"doc_id": "c", "article":\n')
    assert "out.jsonl cannot be read" in error_of(path)


def test_parts_of_different_runs_are_not_mixed(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "out", [row()])
    write_parts(tmp_path / "other", [row(text="نص")], keep_text=True)
    (tmp_path / "other" / "part-00000.parquet").rename(tmp_path / "out" / "part-00001.parquet")
    assert "part-00001.parquet has other columns than part-00000.parquet: text" in error_of(folder)


def test_a_part_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "out", [row()], [row()])
    (tmp_path / "out" / "run.json").write_text(json.dumps({"parts": 3}))
    assert "tells of 3 parts, found 2" in error_of(folder)


def test_predictions_without_articles_are_told_with_the_reason(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "out", [])
    assert "there are no articles" in error_of(folder)
    (tmp_path / "out" / "rejects.jsonl").write_text('{"id": "x", "reason": "empty: nothing"}\n')
    assert "all 1 documents were rejected" in error_of(folder)


def test_a_column_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "out", [row()])
    path = tmp_path / "out" / "part-00000.parquet"
    table = pq.read_table(path)
    hostile = table.append_column("../x", table["subject"]).append_column("../x_scores", table["subject_scores"])
    pq.write_table(hostile, path)
    assert "found a column '../x' with scores" in error_of(folder)


def test_tasks_are_read_off_the_columns(tmp_path: Path) -> None:
    rows = [row(), row(mediators=[mediator()])]
    for predictions in (write_parts(tmp_path / "out", rows), write_lines(tmp_path / "out.jsonl", rows)):
        found = Predictions.find(predictions, tmp_path)
        assert [(task.name, task.problem, task.labels) for task in found.article_tasks] == [
            ("subject", "single_label", ("water", "votes", "games")),
            ("concerns", "multi_label", ("cost", "safety")),
        ]
        assert [(task.name, task.problem, task.labels) for task in found.mediator_tasks] == [
            ("part", "single_label", ("carrier", "presser")),
            ("means", "multi_label", ("letters", "visits", "money")),
        ]


def test_nobody_mediates_at_all(tmp_path: Path) -> None:
    for predictions in (write_parts(tmp_path / "out", [row()]), write_lines(tmp_path / "out.jsonl", [row()])):
        assert build_report_data(predictions)
