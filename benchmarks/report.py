"""Measures what a report on many predictions costs: seconds, memory, and bytes of the page.

Example: python benchmarks/report.py --rows 10000000 --cores 2
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from prediction_rows import write_parts

_COMMAND = "import sys; from wasit.cli.main import main; sys.argv[0] = 'wasit'; main()"
_MEGABYTE = 1_000_000
_KIBIBYTE = 1_024


def main(
    rows: Annotated[int, typer.Option(help="How many predictions.", min=1)] = 10_000_000,
    cores: Annotated[int, typer.Option(help="That the report runs on.", min=1)] = 2,
    keep_text: Annotated[bool, typer.Option("--keep-text", help="Whether rows have the article's text.")] = False,
    tables: Annotated[bool, typer.Option("--tables", help="Whether the tables are written, too.")] = False,
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the predictions; made if it is not there.", show_default="one for the time being"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("runs/report.html"),
    seed: Annotated[int, typer.Option(help="Another one gives other predictions.")] = 0,
) -> None:
    """Write predictions, then measure the report on them."""
    with TemporaryDirectory() as folder:
        place = predictions or Path(folder) / "predictions"
        if not place.exists():
            write_parts(place, rows, seed, keep_text, processes=len(os.sched_getaffinity(0)))
        size = sum(path.stat().st_size for path in place.glob("*.parquet"))
        typer.echo(f"{rows:,} predictions, {size / _MEGABYTE:,.0f} MB")
        out.parent.mkdir(parents=True, exist_ok=True)
        command = ["report", str(place), "-o", str(out)]
        if tables:
            command += ["--tables", str(Path(folder) / "tables")]
        seconds, peak = _measure(command, cores)
    page = out.stat().st_size / _MEGABYTE
    typer.echo(f"{seconds:.1f} s on {cores} cores, {peak / _MEGABYTE:,.0f} MB of memory, page of {page:.2f} MB")


def _measure(arguments: list[str], cores: int) -> tuple[float, int]:
    """Seconds and bytes of memory at most."""
    all_cores = sorted(os.sched_getaffinity(0))
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", _COMMAND, *arguments])
    os.sched_setaffinity(process.pid, all_cores[:cores])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"error: the report ended with status {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begun, usage.ru_maxrss * _KIBIBYTE


if __name__ == "__main__":
    typer.run(main)
