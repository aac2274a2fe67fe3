"""From pages to the report: what a reader finds on it, and what is said where none can be made."""

import base64
import gzip
import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasit.inference.job import Job, write_results
from wasit.inference.output import Output
from wasit.inference.report import write_report
from wasit.models.errors import InputError

DATA = re.compile(r'<script type="application/octet-stream" id="report-data">\s*([A-Za-z0-9+/=\s]+?)\s*</script>')
FOREIGN = "<!doctype html><title>mine</title>"
# What an attacker would write on a page: code, text turned round, a character that ends strings, a huge title.
HOSTILE = {
    "script": "</script><script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">",
    "bidi": "محادثات \u202eتينسج\u2066 الدوحة\u2069",
    "nul": "محادثات\x00الدوحة \x1b[2J\ufeff",
    "huge": "محادثات " * 130_000,
    "formula": '=HYPERLINK("http://example.org")',
    "lone": "محادثات \ufffe \u2028 الدوحة",
}
Write = Callable[..., dict[str, Any]]


def header(page: Path) -> dict[str, Any]:
    """What the page knows, as its script reads it."""
    (data,) = DATA.findall(page.read_text("utf-8"))
    container = gzip.decompress(base64.b64decode(data))
    (length,) = struct.unpack("<I", container[:4])
    found: dict[str, Any] = json.loads(container[4 : 4 + length])
    return found


def listed(page: Path) -> list[list[Any]]:
    """The articles that can be listed."""
    rows: list[list[Any]] = header(page)["samples"]["rows"]
    return rows


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, pages: dict[str, str]) -> Path:
    """Two articles of three pages, one of them on two pages, as a folder, a .parquet and a .jsonl."""
    place = tmp_path_factory.mktemp("results")
    for name, text in {**pages, "again/doha.txt": pages["doha.txt"]}.items():
        (place / "pages" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "pages" / name).write_text(text, encoding="utf-8")
    job = Job(inputs=(str(place / "pages"),), model=str(tiny_model), device="cpu", keep_text=True)
    for name in ("out", "out.parquet", "out.jsonl"):
        write_results(job, Output.parse(str(place / name)))
    return place


def test_the_page_has_what_the_run_found(results: Path, tiny_model: Path, tmp_path: Path) -> None:
    told = write_report(str(results / "out"), tmp_path / "report.html")
    assert told.startswith(f"{tmp_path / 'report.html'}: 2 distinct of 3 articles, ")
    found = header(tmp_path / "report.html")
    facts = found["facts"]
    assert (facts["pages"], facts["articles"], facts["distinct_articles"], facts["rejects"]) == (4, 3, 2, 1)
    assert (facts["first_date"], facts["last_date"], facts["undated"]) == ("2024-05-03", "2024-05-03", 1)
    assert (facts["models"], facts["sampled"]) == ([str(tiny_model)], False)
    assert [task["name"] for task in found["article_tasks"]] == ["topic"]
    assert [task["name"] for task in found["mediator_tasks"]] == ["role", "stance"]
    names = {one["id"]: (one["ar"], one["en"]) for one in found["mediators"]}
    assert names == {"qatar": ("قطر", "Qatar"), "egypt": ("مصر", "Egypt")}


def test_every_listed_article_is_as_it_was_written(results: Path, tmp_path: Path) -> None:
    write_report(str(results / "out"), tmp_path / "report.html")
    found = header(tmp_path / "report.html")
    written = {row["title"]: row for row in pq.read_table(results / "out.parquet").to_pylist()[::-1]}
    assert {row[0] for row in found["samples"]["rows"]} == set(written)
    for title, source, date, doc_id, article, _, _, answers, mediators, text in found["samples"]["rows"]:
        row = written[title]
        assert (source, date, doc_id, article) == (row["source"], row["date"], row["doc_id"], row["article"])
        assert text == row["text"]
        assert _label(found["article_tasks"][0], answers) == row["topic"]
        assert len(mediators) == len(row["mediators"])
        for (code, labels, evidence, start, end), one in zip(mediators, row["mediators"], strict=True):
            assert found["mediators"][code]["id"] == one["mediator"]
            assert [_label(task, labels) for task in found["mediator_tasks"]] == [one["role"], one["stance"]]
            there = one["evidence"]
            mention = there["text"][
                there["mention_start"] - there["start"] : there["mention_end"] - there["start"]
            ]
            assert (evidence, evidence[start:end]) == (there["text"], mention)


def _label(task: dict[str, Any], answers: dict[str, list[float]]) -> str:
    name: str = task["labels"][int(answers[task["name"]][0])]["name"]
    return name


def test_all_forms_of_predictions_give_the_same_report(results: Path, tmp_path: Path) -> None:
    pages = []
    for name in ("out", "out.parquet", "out.jsonl"):
        write_report(str(results / name), tmp_path / f"{name}.html")
        pages.append(header(tmp_path / f"{name}.html"))
        pages[-1]["facts"].pop("created")
    assert pages[0] == pages[1] == pages[2]


def test_hostile_pages_are_text_on_the_report(tiny_model: Path, pages: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    body = pages["doha.txt"].partition("\n")[2]
    for name, title in HOSTILE.items():
        (folder / f"{name}.txt").write_text(f"{title}\n{body.replace('وكالات', title[:200])}", encoding="utf-8")
    job = Job(inputs=(str(folder),), model=str(tiny_model), device="cpu", keep_text=True, split=True)
    write_results(job, Output.parse(str(tmp_path / "out")))
    write_report(str(tmp_path / "out"), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "owned" not in page
    assert len(listed(tmp_path / "report.html")) == header(tmp_path / "report.html")["facts"]["distinct_articles"]


def test_hostile_rows_are_text_on_the_report(results: Path, tmp_path: Path) -> None:
    """Rows that other tools wrote in wasit's columns can hold anything."""
    table = pq.read_table(results / "out.parquet").slice(0, 1)
    rows = [
        row | {"title": value, "source": value, "doc_id": value, "text": value, "content_hash": name}
        for name, value in HOSTILE.items()
        for row in table.to_pylist()
    ]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), tmp_path / "rows.parquet")
    write_report(str(tmp_path / "rows.parquet"), tmp_path / "report.html", tmp_path / "tables")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "owned" not in page
    assert len(page) < 8_000_000
    titles = {row[0] for row in listed(tmp_path / "report.html")}
    assert {HOSTILE["script"], HOSTILE["bidi"]} < titles
    assert max(map(len, titles)) <= 301
    assert len(titles) == len(HOSTILE)


def test_a_report_needs_no_torch(results: Path, tmp_path: Path) -> None:
    given = f"{str(results / 'out')!r}, Path({str(tmp_path / 'r.html')!r}), Path({str(tmp_path / 't')!r})"
    code = (
        "import sys; from pathlib import Path; from wasit.inference.report import write_report; "
        f"write_report({given}); "
        "sys.exit(', '.join({'torch', 'transformers', 'datasets'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_tables_alone(results: Path, tmp_path: Path) -> None:
    told = write_report(str(results / "out"), None, tmp_path / "tables")
    assert told == f"The tables are in {tmp_path / 'tables'}"
    assert {"topic_by_period", "mediator_role", "mediator_stance", "sources"} <= {
        path.stem for path in (tmp_path / "tables").glob("*.csv")
    }
    for path in (tmp_path / "tables").glob("*.csv"):
        first = path.read_text("utf-8").splitlines()[0]
        assert pq.read_schema(path.with_suffix(".parquet")).names == first.split(",")
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_only_a_report_is_replaced_without_asking(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "report.html"
    write_report(str(results / "out"), page)
    write_report(str(results / "out.jsonl"), page)
    assert header(page)["facts"]["articles"] == 3
    page.write_text(FOREIGN, encoding="utf-8")
    with pytest.raises(InputError, match=r"report.html is there already and is no report of wasit; name another"):
        write_report(str(results / "out"), page)
    assert page.read_text("utf-8") == FOREIGN
    write_report(str(results / "out"), page, overwrite=True)
    assert header(page)["facts"]["articles"] == 3
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]


def test_a_report_that_fails_leaves_the_earlier_one(results: Path, tmp_path: Path) -> None:
    write_report(str(results / "out"), tmp_path / "report.html")
    before = (tmp_path / "report.html").read_bytes()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"broken\.parquet"):
        write_report(str(tmp_path / "broken.parquet"), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.parquet", "report.html"]


def test_tables_of_others_are_left_alone(results: Path, tmp_path: Path) -> None:
    (tmp_path / "sources.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"--tables: .* is not empty; name another folder, or add --overwrite"):
        write_report(str(results / "out"), None, tmp_path)
    assert (tmp_path / "sources.csv").read_text("utf-8") == "mine"
    write_report(str(results / "out"), None, tmp_path, overwrite=True)
    assert (tmp_path / "sources.csv").read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    ("output", "tables", "message"),
    [
        (None, None, "there is nothing to write: give `-o report.html` for the page, or --tables DIR"),
        ("report.pdf", None, r"--output: found '.*report\.pdf'; allowed: a file ending in \.html"),
        ("folder.html", None, r"--output: .*folder\.html is a folder; allowed: a file ending in \.html"),
        ("file/report.html", None, r"--output: .*report\.html cannot be written: Not a directory"),
        ("report.html", "file", r"--tables: .*file cannot be written: File exists"),
    ],
)
def test_outputs_that_cannot_be(
    results: Path, tmp_path: Path, output: str | None, tables: str | None, message: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file").touch()
    paths = [None if name is None else tmp_path / name for name in (output, tables)]
    with pytest.raises(InputError, match=message):
        write_report(str(results / "out"), *paths)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.html"]


@pytest.mark.parametrize("name", ["gone", "empty", "text.csv", "foreign.parquet", "foreign.jsonl", "none.parquet"])
def test_predictions_that_are_none(results: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.csv").write_text("text\nsome\n", encoding="utf-8")
    (tmp_path / "foreign.jsonl").write_text('{"text": "some"}\n', encoding="utf-8")
    pq.write_table(pa.table({"text": ["some"]}), tmp_path / "foreign.parquet")
    pq.write_table(pq.read_table(results / "out.parquet").slice(0, 0), tmp_path / "none.parquet")
    with pytest.raises(InputError, match=re.escape(name)):
        write_report(str(tmp_path / name), tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_an_unfinished_run_is_told(results: Path, tmp_path: Path) -> None:
    """As a killed run leaves it: parts and journal, and no account."""
    shutil.copytree(results / "out", tmp_path / "out")
    (tmp_path / "out" / "run.json").unlink()
    (tmp_path / "out" / "rejects.jsonl").unlink()
    (tmp_path / "out" / ".journal").mkdir()
    with pytest.raises(InputError, match=r"out.* is not finished"):
        write_report(str(tmp_path / "out"), tmp_path / "report.html")


@pytest.mark.parametrize("library", ["duckdb", "vl_convert"])
def test_a_missing_extra_is_told(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=rf'not installed, {library}: pip install "wasit\[report\]"'):
        write_report(str(results / "out"), tmp_path / "report.html")
