"""Outputs are whole or not there, and nothing is overwritten that should stay."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasit.inference.documents import Rejection
from wasit.inference.sinks import Kind, Output, RejectionLog
from wasit.models.errors import InputError

SCHEMA = pa.schema([("doc_id", pa.string()), ("n", pa.int32())])
ROWS = [{"doc_id": "صفحة\u2028", "n": 1}, {"doc_id": "b", "n": None}]


def fill(output: Output, *chunks: list[dict[str, object]]) -> None:
    with output.open(SCHEMA) as sink:
        for chunk in chunks:
            sink.write(chunk)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_gets_a_part_for_each_chunk(tmp_path: Path) -> None:
    output = Output.parse(str(tmp_path / "new" / "out"))
    fill(output, ROWS[:1], ROWS[1:])
    assert names(output.path) == ["part-00000.parquet", "part-00001.parquet"]
    tables = [pq.read_table(path) for path in sorted(output.path.iterdir())]
    assert pa.concat_tables(tables).to_pylist() == ROWS
    assert tables[0].schema == SCHEMA


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl", "OUT.Parquet"])
def test_a_file_gets_all_chunks(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / "new" / name))
    fill(output, ROWS[:1], ROWS[1:])
    if output.kind is Kind.PARQUET:
        assert pq.read_table(output.path).to_pylist() == ROWS
    else:
        lines = output.path.read_bytes().removesuffix(b"\n").split(b"\n")
        assert [json.loads(line) for line in lines] == ROWS
    assert names(output.path.parent) == [name]


@pytest.mark.parametrize("name", ["out", "out.parquet", "out.jsonl"])
def test_without_rows_there_is_an_empty_table(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / name))
    fill(output)
    if output.kind is Kind.JSON_LINES:
        assert output.path.read_bytes() == b""
    else:
        path = output.path / "part-00000.parquet" if output.kind is Kind.FOLDER else output.path
        assert pq.read_table(path).schema == SCHEMA


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_a_run_that_fails_leaves_the_former_file(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / name))
    output.path.write_bytes(b"former")
    with pytest.raises(RuntimeError), output.open(SCHEMA) as sink:
        sink.write(ROWS)
        raise RuntimeError
    assert names(tmp_path) == [name]
    assert output.path.read_bytes() == b"former"


def test_a_part_that_fails_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    output = Output.parse(str(tmp_path / "out"))
    with pytest.raises(pa.ArrowInvalid):
        fill(output, ROWS, [{"doc_id": "c", "n": "no number"}])
    assert names(output.path) == ["part-00000.parquet"]


@pytest.mark.parametrize("name", ["out", "out.parquet", "out.jsonl"])
def test_what_is_there_is_overwritten_on_demand_only(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / name))
    output.check([], overwrite=False)
    fill(output, ROWS, ROWS)
    RejectionLog(output.rejects_path).write([Rejection("a", "b")])
    with pytest.raises(InputError, match=f"{name} is there already; name another, or add --overwrite"):
        output.check([], overwrite=False)
    output.check([], overwrite=True)
    fill(output, ROWS)
    assert names(tmp_path) == [name]
    if output.kind is Kind.FOLDER:
        assert names(output.path) == ["part-00000.parquet"]


def test_overwriting_a_folder_leaves_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    fill(Output.parse(str(tmp_path)), ROWS)
    assert names(tmp_path) == ["notes.txt", "part-00000.parquet"]


def test_empty_places_may_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out.jsonl").touch()
    Output.parse(str(tmp_path / "out")).check([], overwrite=False)
    Output.parse(str(tmp_path / "out.jsonl")).check([], overwrite=False)


@pytest.mark.parametrize("inputs", ["out", "out/part-00000.parquet", "./out"])
def test_the_input_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: str) -> None:
    monkeypatch.chdir(tmp_path)
    fill(Output.parse("out"), ROWS)
    with pytest.raises(InputError, match="out holds the input"):
        Output.parse("out").check([inputs], overwrite=True)
    Output.parse("out/below").check(["out"], overwrite=False)


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.jsonl.gz", "there"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "there").touch()
    with pytest.raises(
        InputError, match=r"--output: found .*; allowed: a folder, a file ending in \.parquet or \.jsonl, or -"
    ):
        Output.parse(str(tmp_path / name))


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file/out", "file/out.parquet"):
        with pytest.raises(InputError, match="cannot be written"):
            fill(Output.parse(str(tmp_path / name)), ROWS)


def test_rejections_and_account_stand_in_the_folder_or_beside_the_file(tmp_path: Path) -> None:
    folder, file = Output.parse(str(tmp_path / "out")), Output.parse(str(tmp_path / "out.jsonl"))
    assert (folder.rejects_path, folder.run_path) == (folder.path / "rejects.jsonl", folder.path / "run.json")
    assert file.rejects_path == tmp_path / "out.jsonl.rejects.jsonl"
    assert file.run_path == tmp_path / "out.jsonl.run.json"
    log = RejectionLog(file.rejects_path)
    log.write([])
    log.write([Rejection("صفحة", "empty: nothing")])
    log.write([Rejection("b", "c: d")])
    lines = (tmp_path / "out.jsonl.rejects.jsonl").read_text("utf-8").splitlines()
    assert list(map(json.loads, lines)) == [
        {"id": "صفحة", "reason": "empty: nothing"},
        {"id": "b", "reason": "c: d"},
    ]
