"""What holds for the whole project: its rooms, its wheel, its README, its style."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("configs", "models", "train", "inference", "cli")
MAY_IMPORT = {
    "configs": set(),
    "models": {"configs"},
    "train": {"models"},
    "inference": {"models"},
    "cli": {"configs", "models", "train", "inference"},
}
SAMPLES_COMMAND = "wasit classify --samples"


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def readme_commands() -> list[str]:
    return re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_wheel_has_every_room_and_no_room_has_rooms() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert settings["packages"] == [f"wasit.{room}" for room in ROOMS]
    assert settings["package-dir"] == {f"wasit.{room}": room for room in ROOMS}
    nested = [path for room in ROOMS for path in (ROOT / room).glob("*/**/__init__.py")]
    assert nested == []
    assert not (ROOT / "wasit").exists()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    for module in (ROOT / room).glob("*.py"):
        imported = set(re.findall(r"(?:from|import) wasit\.(\w+)", module.read_text(encoding="utf-8")))
        assert imported <= MAY_IMPORT[room] | {room}, module.name


def test_the_style_is_kept() -> None:
    for arguments in (("check", "."), ("format", "--check", ".")):
        result = run(sys.executable, "-m", "ruff", *arguments)
        assert result.returncode == 0, result.stdout


def test_the_types_hold(tmp_path: Path) -> None:
    # The rooms under their import name: what mypy needs and an editable installation does not give it.
    namespace = tmp_path / "wasit"
    namespace.mkdir()
    for room in ROOMS:
        (namespace / room).symlink_to(ROOT / room)
    result = run(sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", MYPYPATH=str(tmp_path))
    assert result.returncode == 0, result.stdout


def test_the_readme_gives_two_commands_whole() -> None:
    first, second = readme_commands()
    assert first.endswith(f"pip install . && {SAMPLES_COMMAND}")
    assert second.endswith("&& pytest")
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_main_job_runs_from_the_wheel(tmp_path: Path) -> None:
    """What the README's first command installs and runs, somewhere else and without the checkout."""
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "runs", "build", "*.egg-info", "__pycache__")
    )
    built = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        source,
        folder=tmp_path,
    )
    assert built.returncode == 0, built.stderr
    there = {f"wasit/{path.relative_to(source)}" for room in ROOMS for path in (source / room).rglob("*.*")}
    shutil.rmtree(source)
    (wheel,) = tmp_path.glob("wasit-*.whl")
    assert there <= set(ZipFile(wheel).namelist())
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    site = next((environment / "lib").glob("python*/site-packages"))
    target = run(sys.executable, "-m", "pip", "install", "--no-deps", "--target", site, wheel, folder=tmp_path)
    assert target.returncode == 0, target.stderr
    # The libraries of this very environment, after the wheel's own modules.
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    python = environment / "bin" / "python"
    where = run(python, "-c", "import wasit.models; print(wasit.models.__file__)", folder=tmp_path)
    assert where.stdout.startswith(str(environment)), where.stderr
    result = run(
        python, "-c", "from wasit.cli.main import main; main()", *SAMPLES_COMMAND.split()[1:], folder=tmp_path
    )
    assert result.returncode == 0, result.stderr
    samples = len(list((ROOT / "inference" / "samples").glob("*.txt")))
    assert f"{samples} documents" in result.stdout + result.stderr
