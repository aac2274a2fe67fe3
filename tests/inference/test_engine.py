"""The engine gives the same rows however it runs, goes on where it was killed, and stops where it is asked to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from wasit.inference.account import ChunkCounts
from wasit.inference.documents import Rejection
from wasit.inference.interruption import Interrupted
from wasit.inference.job import Job, write_results
from wasit.inference.output import Output
from wasit.inference.writers import PartWriter, Receipt
from wasit.models.errors import InputError

COPIES = 12
RUN = "import sys; from wasit.cli.main import main; sys.argv[0] = 'wasit'; main()"


@pytest.fixture
def job(tiny_model: Path, page_folder: Path, pages: dict[str, str]) -> Job:
    """Several chunks of pages, one of them without an article."""
    for number in range(COPIES):
        (page_folder / f"copy{number:02}.txt").write_text(pages["doha.txt"] * (1 + number % 3), encoding="utf-8")
    return Job(inputs=(str(page_folder),), model=str(tiny_model), device="cpu", chunk_size=2, workers=0)


def rows(folder: Path) -> list[dict[str, Any]]:
    """What a reader of tables finds in an output."""
    parts = sorted(folder.glob("part-*.parquet"))
    found: list[dict[str, Any]] = ds.dataset(parts).to_table().to_pylist()
    return found


def command(job: Job, folder: Path, *options: str) -> list[str]:
    """The same job as a command line."""
    given = ("classify", *job.inputs, "--model", job.model, "--device", "cpu", "--chunk-size", "2")
    return [sys.executable, "-c", RUN, *given, "-o", str(folder), *options]


def wait_for_a_part(folder: Path) -> None:
    """Waits until a part of the output is there."""
    end = time.monotonic() + 120
    while not list(folder.glob("part-*.parquet")):
        assert time.monotonic() < end, "no part was written"
        time.sleep(0.01)


def children(of: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in map(str.split, listed.splitlines())}
    found = [of]
    for one in found:
        found += [pid for pid, parent in parents.items() if parent == one]
    return found[1:]


def is_alive(pid: int) -> bool:
    """Whether a process is still at work."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_killed_anywhere_the_same_command_gives_the_same_rows(job: Job, tmp_path: Path) -> None:
    write_results(job, Output.parse(str(tmp_path / "whole")))
    folder = tmp_path / "killed"
    running = subprocess.Popen(command(job, folder, "--workers", "2"), stderr=subprocess.PIPE, text=True)
    wait_for_a_part(folder)
    left = children(running.pid)
    running.kill()
    running.wait()
    assert not (folder / "run.json").exists()
    end = time.monotonic() + 30
    while any(map(is_alive, left)):
        assert time.monotonic() < end, "a process outlives the one that started it"
        time.sleep(0.1)
    account = write_results(job, Output.parse(str(folder)))
    assert (account.documents, account.rejected) == (COPIES + 3, 1)
    assert rows(folder) == rows(tmp_path / "whole")
    assert (folder / "rejects.jsonl").read_bytes() == (tmp_path / "whole" / "rejects.jsonl").read_bytes()


def test_in_processes_the_rows_are_the_same(job: Job, tmp_path: Path) -> None:
    write_results(job, Output.parse(str(tmp_path / "here")))
    account = write_results(replace(job, workers=1), Output.parse(str(tmp_path / "processes")))
    assert account.documents == COPIES + 3
    assert rows(tmp_path / "processes") == rows(tmp_path / "here")


def test_a_model_that_cannot_be_loaded_is_told_and_nothing_is_written(job: Job, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in Path(job.model).iterdir():
        if path.suffix != ".safetensors":
            (broken / path.name).write_bytes(path.read_bytes())
    for workers in (0, 1):
        with pytest.raises(InputError, match=r"has no model\.safetensors"):
            write_results(replace(job, model=str(broken), workers=workers), Output.parse(str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_ctrl_c_ends_at_a_good_place(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_results(job, Output.parse(str(tmp_path / "whole")))
    write = PartWriter.write

    def press(
        self: PartWriter, number: int, rows: pa.Table, rejections: Sequence[Rejection], counts: ChunkCounts
    ) -> Receipt:
        if number == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return write(self, number, rows, rejections, counts)

    folder = tmp_path / "stopped"
    with monkeypatch.context() as patched:
        patched.setattr(PartWriter, "write", press)
        with pytest.raises(
            Interrupted, match="stopped after 6 documents: the same command, without --overwrite, goes on"
        ):
            write_results(job, Output.parse(str(folder)))
    assert len(list(folder.glob("part-*.parquet"))) == 3
    assert not (folder / "run.json").exists()
    write_results(job, Output.parse(str(folder)))
    assert rows(folder) == rows(tmp_path / "whole")


def test_what_is_finished_is_not_done_again(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str], page_folder: Path
) -> None:
    output = Output.parse(str(tmp_path / "out"))
    first = write_results(job, output)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert write_results(job, output).summary() == first.summary()
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before
    with pytest.raises(InputError, match=r"--min-score \(found none there, now 0.5\)"):
        write_results(replace(job, min_score=0.5), output)
    (page_folder / "doha.txt").write_text("خبر آخر", encoding="utf-8")
    with pytest.raises(InputError, match=r"1 changed: doha\.txt"):
        write_results(job, output)
