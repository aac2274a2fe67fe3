"""From an empty folder, following the README only: own tables, checked, trained on, evaluated and classified."""

import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from wasit.cli.main import app

README = Path(__file__).parent.parent / "README.md"
HEADING = "## Train on your own labels\n"
A_FILE = re.compile(r"^`([\w.]+)`: .*?\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)


def section() -> str:
    text = README.read_text(encoding="utf-8")
    return text.partition(HEADING)[2].partition("\n## ")[0]


def commands() -> list[list[str]]:
    (block,) = COMMANDS.findall(section())
    return [shlex.split(line, comments=True)[1:] for line in block.splitlines()]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the README's example, which is where the user is."""
    for name, content in A_FILE.findall(section()):
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_has_its_files_and_commands(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"taxonomy.yaml", "train.csv", "dev.csv", "recipe.yaml"}
    assert [words[0] for words in commands()] == ["check-data", "train", "evaluate", "classify"]


def test_own_tables_become_a_model_of_own_labels(folder: Path) -> None:
    outputs = {}
    for words in commands():
        result = run(*words)
        assert result.exit_code == 0, result.output
        outputs[words[0]] = result.stdout
    assert "0 errors" in outputs["check-data"]
    for task in ("Topic", "Concerns", "Stance"):
        assert task in outputs["evaluate"]
    assert (folder / "scores" / "metrics.json").is_file()
    lines = (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == len(list(csv.DictReader(io.StringIO((folder / "dev.csv").read_text(encoding="utf-8")))))
    for row, mediator in zip(rows, ("sweden", "kenya"), strict=True):
        assert row["topic"] in ("water", "elections")
        assert set(row["concerns"]) <= {"cost", "safety"}
        assert [found["mediator"] for found in row["mediators"]] == [mediator]
        assert row["mediators"][0]["stance"] in ("favourable", "neutral", "critical")


def test_planted_mistakes_are_told_with_their_lines(folder: Path) -> None:
    table = folder / "train.csv"
    content = table.read_text(encoding="utf-8")
    lines = content.splitlines()
    lines[4] = lines[4].replace("elections", "electons")
    lines[6] = lines[6].replace("safety", "safty")
    development = (folder / "dev.csv").read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([*lines, development[1], '" ",water,,,', '"نص",water']), encoding="utf-8")
    result = run(*commands()[0])
    assert result.exit_code == 1
    for mistake in (
        "train.csv: line 5: field 'topic' holds 'electons'",
        "train.csv: line 7: field 'concerns' holds 'safty'",
        "train.csv: line 11: field 'text' holds ' '",
        "train.csv: line 12: has 2 cells, the header 5",
        "dev.csv: line 2: has the words of train.csv: line 10",
    ):
        assert mistake in result.stdout
    assert "4 errors" in result.stdout
