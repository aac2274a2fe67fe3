import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from wasit.cli.main import app
from wasit.models.errors import InputError
from wasit.train.data_report import MOST_LINES


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["check-data", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    train, dev = tmp_path / "train.csv", tmp_path / "dev.csv"
    wrong = "".join(f"خبر {number},sprot\n" for number in range(20))
    many = "".join(f"نبأ {number},wrong{number}\n" for number in range(MOST_LINES + 5))
    train.write_text(f"text,topic\nفاز المنتخب,sport\n{wrong}{many}", encoding="utf-8")
    dev.write_text("text,topic\nفاز المنتخب,sport\n", encoding="utf-8")
    return train, dev


def test_errors_give_status_1_and_warnings_do_not(tables: tuple[Path, Path]) -> None:
    train, dev = tables
    failed = run(train, dev)
    assert failed.exit_code == 1
    assert f"{train}: lines 3, 4, 5, 6, 7, 8, 9, 10 and 12 more: field 'topic' holds 'sprot'" in failed.stdout
    assert "more lines; --json FILE writes all findings" in failed.stdout
    passed = run(dev)
    assert passed.exit_code == 0
    assert "0 errors" in passed.stdout


def test_the_json_has_every_finding_and_the_counts(tables: tuple[Path, Path], tmp_path: Path) -> None:
    train, dev = tables
    run(train, dev, "--json", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    unknown = [finding for finding in report["findings"] if finding["kind"] == "unknown label"]
    assert len(unknown) == report["errors"] == MOST_LINES + 25
    first = {"severity": "error", "file": str(train), "line": 3, "message": "field 'topic' holds 'sprot'"}
    assert first.items() <= unknown[0].items()
    assert report["labels"]["topic"]["sport"] == {"train.csv": 1, "dev.csv": 1}


def test_a_recipe_is_checked_by_its_own_settings(tables: tuple[Path, Path], tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    stage = {"epochs": 1, "learning_rate": 1e-4, "head_learning_rate": 1e-3, "train": [{"path": "train.csv"}]}
    content = {"base": "b", "output": "o", "stages": [stage], "evaluation": [{"path": "dev.csv"}]}
    recipe.write_text(json.dumps(content), encoding="utf-8")
    folder = ["--set", f"data_folder={tmp_path}"]
    assert "dev.csv: line 2: has the words of" in run("--recipe", recipe, *folder).stdout
    result = run("--recipe", recipe, *folder, "--set", "stages.0.train.0.path=dev.csv", "--set", "evaluation=[]")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is nothing to check; allowed: files"),
        (["a.csv", "--recipe", "r.yaml"], "DATA: found together with --recipe"),
        (["--recipe", "r.yaml", "--text-field", "body"], "--text-field: found together with --recipe"),
        (["a.csv", "--set", "seed=1"], "--set: found without --recipe"),
        (["a.csv", "a.csv"], "a.csv: is given twice"),
        (["a.csv", "--label-field", "topic"], "--label-field: found 'topic'; allowed: TASK=COLUMN"),
    ],
)
def test_flags_that_do_not_fit_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(*arguments)
