"""``wasit classify`` as a user runs it."""

import dataclasses
import inspect
import json
import sys
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command_line import Run, run_wasit

from wasit.cli.classify import classify
from wasit.inference import Classifier
from wasit.inference.job import Job

MEDIATORS = "mediators: [{id: delegation, ar: الوفد, en: Delegation, forms: [الوفد]}]"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_model: Path) -> Run:
    return partial(run_wasit, monkeypatch, capsys, "classify", "--model", tiny_model)


def test_rows_are_the_same_in_every_output_and_from_the_api(
    run: Run, page_folder: Path, pages: dict[str, str], classifier: Classifier, tmp_path: Path
) -> None:
    for name in ("out", "out.parquet", "out.jsonl"):
        result = run(page_folder, "-o", tmp_path / name, "--keep-text")
        assert (result.status, result.output) == (0, "")
        assert "3 documents = 2 with articles + 1 rejected (1 not_arabic)\n2 articles in " in result.error
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == rows
    assert pq.read_table(tmp_path / "out" / "part-00000.parquet").to_pylist() == rows
    assert run(page_folder, "-o", "-", "--keep-text").rows == rows
    articles = [name for name in sorted(pages) if name != "english.txt"]
    from_api = classifier([pages[name] for name in articles], keep_text=True)
    assert [row | {"doc_id": articles[int(row["doc_id"])]} for row in from_api] == rows
    for name in ("out/rejects.jsonl", "out.parquet.rejects.jsonl", "out.jsonl.rejects.jsonl"):
        (reject,) = map(json.loads, (tmp_path / name).read_text("utf-8").splitlines())
        assert (reject["id"], reject["reason"][:11]) == ("english.txt", "not_arabic:")
    for name in ("out/run.json", "out.parquet.run.json", "out.jsonl.run.json"):
        assert json.loads((tmp_path / name).read_text("utf-8"))["counts"]["articles"] == 2


def test_standard_input_and_output(
    run: Run, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "page").write_bytes(pages["doha.txt"].replace("\n", "\r\n").encode("cp1256"))
    with (tmp_path / "page").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        result = run("-", "-o", "-")
    (row,) = result.rows
    assert (row["doc_id"], row["title"]) == ("stdin", "الدوحة تستضيف جولة جديدة من المحادثات")
    assert row["end"] <= len(pages["doha.txt"].replace("\n", "\r\n"))


def test_rejections_go_to_the_error_stream_where_there_is_no_file(run: Run, page_folder: Path) -> None:
    result = run(page_folder, "-o", "-")
    assert [row["doc_id"] for row in result.rows] == ["doha.txt", "sport/final.txt"]
    assert json.loads(result.error.splitlines()[0])["id"] == "english.txt"


def test_options_reach_the_rows(run: Run, page_folder: Path, tmp_path: Path, pages: dict[str, str]) -> None:
    (tmp_path / "more.yaml").write_text(MEDIATORS, encoding="utf-8")
    (row,) = run(
        page_folder / "doha.txt", "-o", "-", "--mediators", tmp_path / "more.yaml", "--min-score", "1"
    ).rows
    assert [one["mediator"] for one in row["mediators"]] == ["qatar", "delegation", "egypt"]
    assert (row["topic"], row["mediators"][1]["role"]) == (None, None)
    rows = run(page_folder, "-o", "-", "--no-split", "--limit", "2", "--dtype", "bfloat16", "--device", "cpu").rows
    assert [row["doc_id"] for row in rows] == ["doha.txt", "english.txt"]
    assert [(row["start"], row["end"]) for row in rows] == [(0, len(pages[row["doc_id"]])) for row in rows]


def test_fields_of_rows(run: Run, pages: dict[str, str], tmp_path: Path) -> None:
    row = {"url": "u/1", "body": pages["doha.txt"]}
    (tmp_path / "t.jsonl").write_text(json.dumps(row) + "\n")
    result = run(tmp_path / "t.jsonl", "--text-field", "body", "--id-field", "url", "-o", "-")
    assert [one["doc_id"] for one in result.rows] == ["u/1"]
    result = run(tmp_path / "t.jsonl", "--text-field", "body", "--id-field", "uid", "-o", "-")
    assert (result.status, result.error) == (
        2,
        "wasit: --id-field: t.jsonl has no field 'uid'; allowed: url, body\n",
    )


def test_a_few_pages_are_shown(run: Run, page_folder: Path) -> None:
    result = run(page_folder)
    assert result.status == 0
    assert "الدوحة تستضيف جولة جديدة من المحادثات" in result.output
    assert "Qatar" in result.output
    assert "3 documents = 2 with articles + 1 rejected" in result.error


def test_samples(run: Run) -> None:
    result = run("--samples")
    assert result.status == 0
    assert result.output.count("Topic: ") >= 5
    assert "+ 0 rejected" in result.error


def test_defaults_are_those_of_a_job() -> None:
    given = inspect.signature(classify).parameters
    for field in dataclasses.fields(Job):
        if field.name not in ("inputs", "split"):
            assert given[field.name].default == field.default


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "there is no INPUT; give files or folders, or try `wasit classify --samples`"),
        (("gone.txt",), "there is no file or folder 'gone.txt'"),
        (("pages", "-o", "out.csv"), "--output: found 'out.csv'; allowed: a folder, a file"),
        (("pages", "-o", "full"), "--output: full is there already; name another, or add --overwrite"),
        (("pages", "-o", "pages", "--overwrite"), "--output: pages holds the input pages"),
        (("pages", "--device", "cuda:99"), "--device: found 'cuda:99'; allowed on this machine: auto, cpu"),
        (("pages", "--dtype", "int8"), "--dtype: found 'int8'; allowed: auto, float32"),
        (("pages", "--min-score", "7"), "min_score: found 7.0; allowed: from 0 to 1"),
        (("pages", "--limit", "-1"), "--limit: found -1; allowed: at least 1"),
        (("pages", "--model", "gone"), "there is no model 'gone'"),
        (("pages", "--mediators", "gone.yaml"), "gone.yaml"),
    ],
)
def test_errors_are_one_line(
    run: Run, page_folder: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(page_folder.parent)
    Path("full").mkdir()
    Path("full", "file").touch()
    result = run(*args)
    assert result.status == 2
    assert result.error.startswith(f"wasit: {message}")
    assert result.error.count("\n") == 1
    assert not Path("out.csv").exists()


def test_overwriting_replaces_the_former_rows(run: Run, page_folder: Path, tmp_path: Path) -> None:
    assert run(page_folder, "-o", tmp_path / "out").status == 0
    assert run(page_folder / "doha.txt", "-o", tmp_path / "out").status == 2
    assert run(page_folder / "doha.txt", "-o", tmp_path / "out", "--overwrite").status == 0
    (path,) = (tmp_path / "out").glob("*.parquet")
    assert pq.read_table(path)["doc_id"].to_pylist() == ["doha.txt"]
    assert (tmp_path / "out" / "rejects.jsonl").read_bytes() == b""
