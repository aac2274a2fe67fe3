from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from wasit.cli.main import app
from wasit.models.errors import InputError


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, ["export", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_a_classifier_is_written(tiny_model: Path, tmp_path: Path) -> None:
    result = run(tiny_model, "--to", "sequence-classification", "-o", tmp_path / "topics")
    assert f"{tmp_path / 'topics'} is a BertForSequenceClassification of topic" in result.stderr
    assert (tmp_path / "topics" / "model.safetensors").exists()


def test_the_largest_differences_from_torch_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"topic_logits": 1.5e-6, "role_logits": 2e-7}
    monkeypatch.setattr("wasit.models.export.export_onnx", lambda name, folder, overwrite: found)
    result = run("wasit-mini", "--to", "onnx", "-o", tmp_path / "onnx")
    assert "largest differences from torch: topic_logits 1.5e-06, role_logits 2.0e-07" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "gguf"], r"--to: found 'gguf'; allowed: sequence-classification, onnx"),
        (
            ["--to", "onnx", "--task", "topic"],
            r"--task: found 'topic' together with --to onnx, which has all tasks",
        ),
        (["--to", "sequence-classification", "--task", "mood"], r"--task: found 'mood'; allowed: topic"),
    ],
)
def test_options_that_do_not_fit(tiny_model: Path, tmp_path: Path, options: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(tiny_model, *options, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_taken(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("an export", encoding="utf-8")
    with pytest.raises(InputError, match="is not empty; name another folder, or add --overwrite"):
        run(tiny_model, "--to", "sequence-classification", "-o", tmp_path)
    run(tiny_model, "--to", "sequence-classification", "-o", tmp_path, "--overwrite")
    assert (tmp_path / "config.json").exists()


def test_help_shows_an_example() -> None:
    assert "Example: wasit export wasit-mini --to sequence-classification -o topics" in run("--help").stdout
