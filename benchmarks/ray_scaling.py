"""Measures the engine on Ray with one worker and with more, one thread each, on a Ray of this machine.

The same pages are classified by each number of workers in turn, round after round. The clock runs from the first
part of the output that is written to the last, so that starting Ray and loading the model do not count.

Example: python benchmarks/ray_scaling.py --pages 600
"""

import hashlib
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from wasit.models.errors import WasitError
from wasit.models.text_side import SHIPPED_MODEL


def main(
    pages: Annotated[int, typer.Option(help="How many pages.", min=1)] = 600,
    chunk_size: Annotated[int, typer.Option(help="Pages of a chunk.", min=1)] = 20,
    workers: Annotated[str, typer.Option(help="Numbers of workers, separated by commas.")] = "1,2",
    rounds: Annotated[int, typer.Option(help="How often each takes its turn.", min=1)] = 3,
    model: Annotated[str, typer.Option(help="As `wasit classify` takes it.")] = SHIPPED_MODEL,
    seed: Annotated[int, typer.Option(help="Another one gives other pages.")] = 0,
) -> None:
    """Measure how much faster more workers are."""
    # Before any library that computes is loaded, here and in the processes to come.
    os.environ |= {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    import pyarrow as pa
    import pyarrow.parquet as pq
    from news_pages import news_pages

    numbers = [int(number) for number in workers.split(",")]
    speeds: dict[int, list[float]] = {number: [] for number in numbers}
    rows: set[str] = set()
    with TemporaryDirectory() as folder:
        source = Path(folder) / "pages.parquet"
        made = list(news_pages(pages, seed))
        pq.write_table(pa.table({"id": [page.id for page in made], "text": [page.text for page in made]}), source)
        for turn in range(rounds):
            for number in numbers if turn % 2 == 0 else reversed(numbers):
                output = Path(folder) / f"{turn}-{number}"
                speeds[number].append(classify(source, output, model, number, chunk_size))
                rows.add(digest(output))
    if len(rows) > 1:
        raise WasitError("the rows differ from one run to another")
    sys.stdout.write(table(speeds))


def classify(source: Path, output: Path, model: str, workers: int, chunk_size: int) -> float:
    """Classifies all pages; gives documents a second.

    Args:
        source: The pages.
        output: Folder of the rows.
        model: Name of the model.
        workers: How many.
        chunk_size: Pages of a chunk.
    """
    from wasit.inference.job import Job, write_results
    from wasit.inference.output import Output

    job = Job(
        inputs=(str(source),), model=model, device="cpu", workers=workers, chunk_size=chunk_size, engine="ray"
    )
    account = write_results(job, Output.parse(str(output)))
    written = sorted(part.stat().st_mtime for part in output.glob("part-*.parquet"))
    if len(written) <= workers:
        raise WasitError(f"{len(written)} chunks are too few for {workers} workers: give more pages")
    # Each worker's first chunk began before the clock did.
    timed = account.documents - workers * chunk_size
    return timed / (written[-1] - written[workers - 1])


def digest(output: Path) -> str:
    """A hash of all rows, in order."""
    content = hashlib.sha256()
    for part in sorted(output.glob("part-*.parquet")):
        content.update(part.read_bytes())
    return content.hexdigest()


def table(speeds: dict[int, list[float]]) -> str:
    """The results as Markdown.

    Args:
        speeds: Documents a second of each round, by the number of workers.
    """
    first = next(iter(speeds.values()))
    lines = ["| workers | documents/s | against the first |", "|---:|---:|---:|"]
    for number, found in speeds.items():
        ratios = [one / other for one, other in zip(found, first, strict=True)]
        lines.append(f"| {number} | {spread(found, 1)} | {spread(ratios, 2)}× |")
    return "\n".join([*lines, "", "Median of the rounds, smallest to largest. All rows are the same.", ""])


def spread(values: Sequence[float], digits: int) -> str:
    """Median, smallest and largest."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


if __name__ == "__main__":
    try:
        typer.run(main)
    except WasitError as error:
        sys.exit(f"error: {error}")
