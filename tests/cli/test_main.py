"""The command as a whole: quick help, versions, errors in a line."""

import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from wasit.cli import main as main_module
from wasit.cli.main import app, main
from wasit.models.errors import ConfigError

COMMANDS = ("classify", "report", "check-data", "train", "evaluate", "cut-vocabulary", "export", "push")


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_shows_an_example(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert f"Example: wasit {' '.join(command)}".strip() in result.output


def test_help_lists_the_commands() -> None:
    result = CliRunner().invoke(app, [])
    assert all(f" {name} " in result.output for name in COMMANDS)


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"wasit {version('wasit')}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from wasit.cli.main import app; "
        "heavy = {'torch', 'transformers', 'numpy', 'pyarrow', 'datasets', 'pydantic'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_of_the_user_is_lines_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ConfigError(["a.yaml: x: is wrong", "a.yaml: y: is wrong"])

    monkeypatch.setattr(main_module, "app", fail)
    with pytest.raises(SystemExit) as exit_info:
        main()
    assert exit_info.value.code == 2
    assert capsys.readouterr().err == "wasit: a.yaml: x: is wrong\na.yaml: y: is wrong\n"


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, 130), (BrokenPipeError(32, "pipe"), 1)])
def test_an_interrupted_command_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("wasit.inference.job.read_handful", fail)
    monkeypatch.setattr(sys, "argv", ["wasit", "classify", "--samples"])
    stdout, stderr = sys.stdout, sys.stderr
    try:
        with pytest.raises(SystemExit) as exit_info:
            main()
    finally:
        sys.stdout, sys.stderr = stdout, stderr
    assert exit_info.value.code == status
    assert capsys.readouterr().err == ""
