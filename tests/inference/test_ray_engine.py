"""On Ray the rows are the same as in this process, a run goes on where it was stopped, and errors are told."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from wasit.inference.interruption import Interrupted
from wasit.inference.job import Job, write_results
from wasit.inference.output import Output
from wasit.inference.ray_gate import Gate
from wasit.inference.run import StoredRun
from wasit.inference.writers import Receipt
from wasit.models.errors import InputError

ray_data = pytest.importorskip("ray.data")

COPIES = 12
CHUNKS = 8
OBJECT_STORE_BYTES = 150_000_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One Ray for all tests here, with two processors and little memory."""
    import ray

    ray.init(
        "local", num_cpus=2, object_store_memory=OBJECT_STORE_BYTES, include_dashboard=False, log_to_driver=False
    )
    yield
    ray.shutdown()


@pytest.fixture
def job(tiny_model: Path, page_folder: Path, pages: dict[str, str]) -> Job:
    """Several chunks of pages, one of them without an article."""
    for number in range(COPIES):
        (page_folder / f"copy{number:02}.txt").write_text(pages["doha.txt"] * (1 + number % 3), encoding="utf-8")
    return Job(inputs=(str(page_folder),), model=str(tiny_model), device="cpu", chunk_size=2, engine="ray")


def rows(folder: Path) -> list[dict[str, Any]]:
    """What a reader of tables finds in an output."""
    parts = sorted(folder.glob("part-*.parquet"))
    found: list[dict[str, Any]] = ds.dataset(parts).to_table().to_pylist()
    return found


def test_stopped_and_failed_and_gone_on_with_the_rows_are_the_same(
    cluster: None, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write_results(replace(job, engine="processes", workers=0), Output.parse(str(tmp_path / "whole")))
    folder = tmp_path / "ray"
    taken: list[int] = []

    def press(self: StoredRun, receipt: Receipt) -> None:
        taken.append(receipt.number)
        if len(taken) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(StoredRun, "emit", press)
        with pytest.raises(Interrupted, match="goes on from here"):
            write_results(replace(job, workers=2), Output.parse(str(folder)))
    assert 1 <= len(taken) == len(list(folder.glob("part-*.parquet"))) < CHUNKS

    blocked = folder / f"part-{CHUNKS - 1:05}.parquet"
    blocked.mkdir()
    with pytest.raises(InputError, match=rf"{blocked.name} cannot be written: Is a directory"):
        write_results(replace(job, workers=1), Output.parse(str(folder)))

    blocked.rmdir()
    account = write_results(replace(job, workers=1), Output.parse(str(folder)))
    assert replace(account, seconds=0) == replace(whole, seconds=0)
    assert rows(folder) == rows(tmp_path / "whole")
    assert (folder / "rejects.jsonl").read_bytes() == (tmp_path / "whole" / "rejects.jsonl").read_bytes()


def test_the_gate_lets_no_more_begin_than_there_is_room_for_and_repeats_what_has_begun() -> None:
    async def pass_through() -> None:
        gate = Gate(2)
        assert await gate.enter(3)
        assert await gate.enter(5)
        waiting = asyncio.create_task(gate.enter(6))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert await gate.enter(3)
        await gate.leave()
        assert await waiting
        refused = asyncio.create_task(gate.enter(7))
        await gate.close()
        assert not await refused
        assert await gate.enter(6)

    asyncio.run(pass_through())


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, job: Job, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "wasit.inference.ray_engine", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r'--engine: found \'ray\'.*pip install "wasit\[ray\]"'):
        write_results(job, Output.parse(str(tmp_path / "out")))
