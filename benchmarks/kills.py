"""Kills `wasit classify` at random points, gives the same command again, and compares what comes out in the end.

Each time one process is killed without warning: the command itself, or one of those that it has started.

Example: python benchmarks/kills.py --kills 50
"""

import hashlib
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from news_pages import news_pages
from shapes import prepare
from tqdm import tqdm

from wasit.models.errors import WasitError

_COMMAND = "import sys; from wasit.cli.main import main; sys.argv[0] = 'wasit'; main()"
_OPTIONS = ("--device", "cpu", "--workers", "2", "--chunk-size", "10")


def main(
    kills: Annotated[int, typer.Option(help="How often.", min=1)] = 50,
    pages: Annotated[int, typer.Option(help="How many pages.", min=1)] = 2_000,
    seed: Annotated[int, typer.Option(help="Another one kills at other points.")] = 0,
) -> None:
    """Kill again and again, then let it finish.

    Raises:
        WasitError: If the rows are not those of an uninterrupted run.
    """
    chance = random.Random(seed)
    with TemporaryDirectory() as place:
        command = _command(Path(place), pages)
        began = time.monotonic()
        subprocess.run([*command, "-o", f"{place}/whole"], check=True, stderr=subprocess.DEVNULL)
        seconds = time.monotonic() - began
        killed: Counter[str] = Counter()
        for _ in tqdm(range(kills), unit=" kills"):
            killed[_kill(command, Path(place) / "killed", seconds, chance)] += 1
        subprocess.run([*command, "-o", f"{place}/killed"], check=True, stderr=subprocess.DEVNULL)
        if _digests(Path(place) / "killed") != _digests(Path(place) / "whole"):
            raise WasitError("the rows differ from those of an uninterrupted run")
    told = ", ".join(f"{count} {what}" for what, count in killed.most_common())
    sys.stdout.write(f"{pages:,} pages, {kills} runs ({told}): rows and rejects are identical to the last byte\n")


def _command(place: Path, pages: int) -> list[str]:
    made = list(news_pages(pages, seed=0))
    # Some have no article.
    texts = [page.text if number % 50 else "no Arabic here" for number, page in enumerate(made)]
    source = place / "pages.parquet"
    pq.write_table(pa.table({"id": [page.id for page in made], "text": texts}), source)
    model = prepare("tiny", place / "models").wasit
    return [sys.executable, "-c", _COMMAND, "classify", str(source), "--model", model, *_OPTIONS]


def _kill(command: list[str], output: Path, seconds: float, chance: random.Random) -> str:
    """Starts the command, kills one of its processes and waits until all are gone; tells which it was."""
    running = psutil.Popen([*command, "-o", str(output)], stderr=subprocess.DEVNULL)
    end = time.monotonic() + chance.uniform(0, seconds)
    while time.monotonic() < end and running.poll() is None:
        time.sleep(0.01)
    if running.poll() is not None:
        return "were done before"
    started = running.children(recursive=True)
    victim = chance.choice([running, *started])
    try:
        victim.kill()
    except psutil.NoSuchProcess:
        return "ended by themselves"
    running.wait()
    psutil.wait_procs(started)
    return "lost the command" if victim.pid == running.pid else "lost another process"


def _digests(folder: Path) -> dict[str, str]:
    names = [*folder.glob("part-*.parquet"), folder / "rejects.jsonl"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in names}


if __name__ == "__main__":
    typer.run(main)
