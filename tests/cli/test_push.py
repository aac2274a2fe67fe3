import shutil
from pathlib import Path

import pytest
from hub_stub import TOKEN, Hub
from typer.testing import CliRunner

from wasit.cli.main import app
from wasit.models.errors import InputError

NAME = "lab/tiny"


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    shutil.copytree(tiny_model, folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# وسيط\n", encoding="utf-8")
    (folder / "recipe.yaml").write_text("seed: 1", encoding="utf-8")
    return folder


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["push", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert TOKEN not in result.output
    return result.output


def test_a_dry_run_shows_files_and_card_and_asks_nobody(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    output = run(folder, NAME, "--dry-run")
    assert "model.safetensors" in output
    assert "Not uploaded: recipe.yaml" in output
    assert "# وسيط" in output
    assert hub.requests == []


def test_a_push_says_how_to_use_the_model(hub: Hub, folder: Path) -> None:
    output = run(folder, NAME, "--private", "--revision", "next", "--tag", "v1", "--message", "Better")
    repository = hub.repositories[NAME]
    assert f"{NAME}@{repository.refs['v1']} is uploaded: wasit classify --samples --model {NAME}@v1" in output
    assert (repository.private, repository.messages[-1]) == (True, "Better")
    assert repository.refs["next"] == repository.refs["v1"] != repository.refs["main"]
    assert f"--model {NAME}\n" in run(folder, NAME, "--force")


def test_a_model_without_a_card_is_told(hub: Hub, folder: Path) -> None:
    (folder / "README.md").unlink()
    assert "has no README.md" in run(folder, NAME)
    assert "There is no card" in run(folder, NAME, "--dry-run")


def test_an_error_is_a_sentence(hub: Hub, folder: Path) -> None:
    with pytest.raises(InputError, match="ORG/NAME: found 'tiny'"):
        CliRunner().invoke(app, ["push", str(folder), "tiny"], catch_exceptions=False)
