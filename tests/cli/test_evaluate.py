import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wasit.cli.main import app
from wasit.models.errors import InputError

ROWS = [
    {
        "text": "قالت قطر إنها تستضيف الجولة.",
        "topic": "any",
        "actors": {"qatar": {"role": "facilitator"}},
        "split": "dev",
    },
    {"text": "فاز المنتخب بهدفين.", "topic": "sport", "actors": {"norway": {"role": "party"}}, "split": "dev"},
    {"text": "نص لا يُقرأ.", "topic": "no_such_label", "split": "train"},
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), encoding="utf-8")
    return path


def test_scores_are_printed_and_written(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.json"
    arguments = ["--mediators-field", "actors", "--where", "split=dev", "-o", str(output)]
    sets = ["--label-set", "topic.any=peace_process,armed_conflict"]
    result = CliRunner().invoke(
        app, ["evaluate", str(tiny_model), str(data), *arguments, *sets], catch_exceptions=False
    )
    assert result.exit_code == 0
    written = json.loads(output.read_text(encoding="utf-8"))
    assert written["support"] == {"topic": 2, "role": 2}
    assert f"{written['scores']['role']['accuracy']:7.3f}" in result.stdout
    assert "not found, counted as wrong: norway in" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--where", "split"], "--where: found 'split'; allowed: NAME=VALUE"),
        (["--label-set", "any=sport"], "--label-set: found 'any'; allowed: TASK.NAME=LABEL"),
        (["--where", "split=train"], "line 3: field 'topic' holds 'no_such_label'; allowed: peace_process"),
    ],
)
def test_mistakes_name_flag_or_line(tiny_model: Path, data: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(app, ["evaluate", str(tiny_model), str(data), *arguments], catch_exceptions=False)
