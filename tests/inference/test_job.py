"""A run accounts for every document, in bounded memory."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from wasit.inference.job import HANDFUL, Job, read_handful, write_results
from wasit.inference.output import Output
from wasit.models.errors import InputError


@pytest.fixture
def job(tiny_model: Path, page_folder: Path) -> Job:
    return Job(inputs=(str(page_folder),), model=str(tiny_model), device="cpu")


def test_every_document_has_rows_or_a_reason(job: Job, page_folder: Path, tmp_path: Path) -> None:
    (page_folder / "bad.jsonl").write_text('{"id": "x"}\n{broken\n')
    (page_folder / "photo.jpg").write_bytes(b"")
    account = write_results(job, Output.parse(str(tmp_path / "out")))
    assert (account.documents, account.with_articles, account.rejected, account.articles) == (5, 2, 3, 2)
    rejects = [json.loads(line) for line in (tmp_path / "out" / "rejects.jsonl").read_text("utf-8").splitlines()]
    assert {one["id"]: one["reason"].partition(":")[0] for one in rejects} == {
        "x": "missing_text",
        "bad.jsonl:2": "bad_json",
        "english.txt": "not_arabic",
    }
    rows = pq.read_table(tmp_path / "out" / "part-00000.parquet").to_pylist()
    assert [row["doc_id"] for row in rows] == ["doha.txt", "sport/final.txt"]
    summary = account.summary()
    assert "5 documents = 2 with articles + 3 rejected" in summary
    assert "not read, for their ending (1): photo.jpg" in summary


def test_the_account_stands_in_run_json(job: Job, tmp_path: Path) -> None:
    write_results(replace(job, min_score=0.5, limit=3), Output.parse(str(tmp_path / "out.jsonl")))
    run = json.loads((tmp_path / "out.jsonl.run.json").read_text("utf-8"))
    assert run["model"] == job.model
    assert run["options"]["min_score"] == 0.5
    assert run["options"]["inputs"] == list(job.inputs)
    assert run["counts"] == {
        "documents": 3,
        "documents_with_articles": 2,
        "rejects": 1,
        "rejects_by_reason": {"not_arabic": 1},
        "articles": 2,
        "unknown_files": 0,
    }
    assert run["version"]
    assert run["started"] <= run["finished"]


def test_large_inputs_are_written_chunk_by_chunk(job: Job, tmp_path: Path) -> None:
    write_results(job, Output.parse(str(tmp_path / "whole.jsonl")))
    write_results(replace(job, chunk_size=1), Output.parse(str(tmp_path / "out")))
    parts = sorted((tmp_path / "out").glob("*.parquet"))
    assert [path.name for path in parts] == [f"part-{number:05}.parquet" for number in range(3)]
    whole = [json.loads(line) for line in (tmp_path / "whole.jsonl").read_text("utf-8").splitlines()]
    assert [row for path in parts for row in pq.read_table(path).to_pylist()] == whole


def test_wrong_settings_are_told_before_the_model_is_loaded(job: Job, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--limit: found 0; allowed: at least 1"):
        replace(job, limit=0)
    with pytest.raises(InputError, match="--backend: found 'jax'; allowed: torch, openvino"):
        replace(job, backend="jax")
    with pytest.raises(InputError, match="--engine: found 'dask'; allowed: processes, ray"):
        replace(job, engine="dask")
    with pytest.raises(InputError, match="--workers: found -1; allowed: at least 0"):
        replace(job, workers=-1)
    with pytest.raises(InputError, match="--chunk-size: found 0; allowed: at least 1"):
        replace(job, chunk_size=0)
    with pytest.raises(InputError, match="there is no INPUT"):
        replace(job, inputs=())
    with pytest.raises(InputError, match="min_score"):
        replace(job, min_score=2.0)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(InputError, match="is there already"):
        write_results(replace(job, model="no such model"), Output.parse(str(tmp_path / "full")))


def test_nothing_is_written_if_the_model_is_wrong(job: Job, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no model"):
        write_results(replace(job, model=str(tmp_path / "none")), Output.parse(str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_what_an_earlier_run_wrote_into_the_input_is_not_read(job: Job, page_folder: Path) -> None:
    for name in ("out", "out.jsonl"):
        output = Output.parse(str(page_folder / name))
        first = write_results(job, output)
        again = write_results(job, output, overwrite=True)
        assert (again.documents, again.unknown_files) == (first.documents, first.unknown_files)
        for path in (output.path, output.rejects_path, output.run_path):
            if path and path.is_file():
                path.unlink()
        if output.path.is_dir():
            for path in output.path.iterdir():
                path.unlink()


def test_only_a_handful_is_shown(job: Job, page_folder: Path, pages: dict[str, str]) -> None:
    result, _, account = read_handful(job)
    assert [row["doc_id"] for row in result.records] == ["doha.txt", "sport/final.txt"]
    assert (account.documents, account.rejected) == (3, 1)
    for index in range(HANDFUL):
        (page_folder / f"more{index}.txt").write_text(pages["doha.txt"], encoding="utf-8")
    with pytest.raises(InputError, match="there are more than 20 documents"):
        read_handful(job)
    _, _, account = read_handful(replace(job, limit=2))
    assert account.documents == 2


def test_rows_of_web_pages_hold_the_text_that_offsets_refer_to(
    job: Job, page_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("trafilatura")
    paragraphs = (
        "استضافت الدوحة أمس جولة جديدة من المحادثات بين الوفدين بحضور مبعوث الأمم المتحدة وعدد من الدبلوماسيين.",
        "وقال مسؤول في القاهرة إن مصر قدمت مقترحا معدلا يراعي ملاحظات الطرفين وينتظر الرد عليه خلال أيام.",
    )
    body = "".join(f"<p>{one}</p>" for one in paragraphs)
    head = "<head><title>جولة جديدة في الدوحة</title></head>"
    page = f"<html>{head}<body><nav>رياضة</nav><article>{body}</article></body></html>"
    (page_folder / "web.html").write_text(page, encoding="utf-8")
    write_results(job, Output.parse(str(tmp_path / "out")))
    rows = pq.read_table(tmp_path / "out" / "part-00000.parquet").to_pylist()
    assert [row["doc_id"] for row in rows if row["page_text"] is None] == ["doha.txt", "sport/final.txt"]
    (row,) = [row for row in rows if row["doc_id"] == "web.html"]
    assert [row["page_text"].count(one) for one in paragraphs] == [1, 1]
    for found in row["mediators"]:
        evidence = found["evidence"]
        assert row["page_text"][evidence["start"] : evidence["end"]] == evidence["text"]
    assert {"qatar", "egypt"} <= {found["mediator"] for found in row["mediators"]}


def test_a_document_that_no_article_is_as_long_as_is_rejected(job: Job, page_folder: Path, tmp_path: Path) -> None:
    (page_folder / "endless.txt").write_text("قال المسؤول إن المحادثات مستمرة. " * 70_000, encoding="utf-8")
    account = write_results(job, Output.parse(str(tmp_path / "out")))
    assert (account.articles, account.reasons["too_long"]) == (2, 1)
