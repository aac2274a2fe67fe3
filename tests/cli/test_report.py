"""``wasit report``, and ``wasit classify --report``, as a user runs them."""

import re
from functools import partial
from pathlib import Path

import pytest
from command_line import Run, run_wasit


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    return partial(run_wasit, monkeypatch, capsys)


def is_report(path: str) -> bool:
    return 'id="report-data"' in Path(path).read_text("utf-8")


def test_the_page_and_the_tables(run: Run, page_folder: Path, tiny_model: Path) -> None:
    assert run("classify", page_folder, "-o", "results", "--model", tiny_model).status == 0
    result = run("report", "results", "-o", "report.html", "--tables", "tables")
    assert (result.status, result.output) == (0, "")
    assert re.fullmatch(
        r"report\.html: 2 distinct of 2 articles, \d\.\d MB\nThe tables are in tables\n", result.error
    )
    assert is_report("report.html")
    assert Path("tables", "sources.csv").is_file()


@pytest.mark.parametrize("output", ["results", "results.parquet", "results.jsonl"])
def test_classify_makes_the_page_of_what_it_wrote(
    run: Run, page_folder: Path, tiny_model: Path, output: str
) -> None:
    command = ("classify", page_folder, "-o", output, "--model", tiny_model, "--report", "report.html")
    for _ in range(2):
        result = run(*command)
        assert (result.status, result.output) == (0, "")
        assert "2 articles in " in result.error
        assert "\nreport.html: 2 distinct of 2 articles, " in result.error
        assert is_report("report.html")
        # The same command again: nothing is classified, and the page is made anew.
        Path("report.html").unlink()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("report", "gone", "-o", "report.html"), "gone"),
        (("report", "pages"), "there is nothing to write: give `-o report.html` for the page, or --tables DIR"),
        (("report", "pages", "-o", "report.pdf"), "--output: found 'report.pdf'; allowed: a file ending in .html"),
        (("report", "pages", "-o", "mine.html"), "--output: mine.html is there already and is no report of wasit"),
        (
            ("classify", "pages", "--report", "r.html"),
            "--report: found with no --output; allowed: with",
        ),
        (("classify", "pages", "-o", "-", "--report", "r.html"), "--report: found with --output -; allowed: with"),
        (
            ("classify", "pages", "-o", "memory://out", "--report", "r.html"),
            "--report: found with --output memory://out; allowed: with an --output that is a folder",
        ),
        (
            ("classify", "pages", "-o", "out", "--report", "r.txt"),
            "--report: found 'r.txt'; allowed: a file",
        ),
        (
            ("classify", "pages", "-o", "out", "--report", "mine.html"),
            "--report: mine.html is there already",
        ),
        (
            ("classify", "pages", "-o", "out", "--report", "pages/r.html"),
            "--report: pages/r.html would be read as part of the input pages; allowed: another place",
        ),
        (
            ("classify", "pages", "*.html", "-o", "out", "--report", "r.html"),
            "--report: r.html would be read as part of the input *.html; allowed: another place",
        ),
    ],
)
def test_errors_are_one_line(run: Run, page_folder: Path, args: tuple[str, ...], message: str) -> None:
    Path("mine.html").write_text("<p>mine</p>", encoding="utf-8")
    result = run(*args)
    assert (result.status, result.output) == (2, "")
    assert result.error.startswith("wasit: ")
    assert message in result.error
    assert len(result.error.splitlines()) == 1
    assert not Path("out").exists()


def test_a_report_in_the_output_folder_is_not_in_the_way(run: Run, page_folder: Path, tiny_model: Path) -> None:
    command = ("classify", "pages", "-o", "pages/out", "--model", tiny_model, "--report", "pages/out/report.html")
    assert run(*command).status == 0
    again = run(*command, "--overwrite")
    assert (again.status, "3 documents = 2 with articles" in again.error) == (0, True)
