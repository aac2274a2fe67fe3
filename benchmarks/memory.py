"""Measures the memory that the engine needs for few and for many pages, with a core that has no network.

Example: python benchmarks/memory.py --pages 10000,200000
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from memory_watch import MemoryWatch
from news_pages import news_pages

from wasit.inference.chunks import ChunkReader
from wasit.inference.core import CorePlan
from wasit.inference.engine import EngineInProcesses, Work
from wasit.inference.interruption import Interruption
from wasit.inference.local_store import LocalStore
from wasit.inference.sources import Sources
from wasit.inference.stages import Settings
from wasit.inference.writers import PartForm, PartWriter
from wasit.models.encoded import EncodedArticles
from wasit.models.prediction import Logits
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import SHIPPED_MODEL, TextSide

# So many are written; further ones repeat them under other ids.
_DIFFERENT = 2_000


class AnswersNothing:
    """A core whose logits are zeros."""

    def __init__(self) -> None:
        """Looks up which answers there are."""
        self._taxonomy = Taxonomy.default()

    def run(self, encoded: EncodedArticles, progress: Callable[[int], object] = lambda articles: None) -> Logits:
        """Answers at once."""
        progress(encoded.count)
        articles, pairs = self._taxonomy.article_tasks, self._taxonomy.mediator_tasks
        sizes = {task.name: (encoded.count, len(task.labels)) for task in articles}
        sizes |= {task.name: (len(encoded.pair_article), len(task.labels)) for task in pairs}
        mentions = {task.name: (len(encoded.marker_pair), len(task.labels)) for task in pairs}
        return Logits(
            {name: np.zeros(size, dtype=np.float32) for name, size in sizes.items()},
            {name: np.zeros(size, dtype=np.float32) for name, size in mentions.items()},
        )


@dataclass(frozen=True)
class EmptyPlan(CorePlan):
    """Plans a core without a network."""

    def load(self) -> AnswersNothing:
        """Loads nothing."""
        return AnswersNothing()


def main(
    pages: Annotated[str, typer.Option(help="Numbers of pages, separated by commas.")] = "10000,200000",
    workers: Annotated[int, typer.Option(help="Processes that encode and write.", min=1)] = 1,
) -> None:
    """Measure the peak of all processes together."""
    peaks = {int(number): peak(int(number), workers) for number in pages.split(",")}
    fewest = peaks[min(peaks)]
    lines = [f"| {count:,} | {held / 1e6:,.0f} | {held / fewest:.2f} |" for count, held in peaks.items()]
    sys.stdout.write("\n".join(["| pages | peak memory, MB | ratio |", "|---|---|---|", *lines, ""]))


def peak(pages: int, workers: int) -> int:
    """Bytes that all processes hold at most while so many pages are classified."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "pages.parquet"
        _write(source, pages)
        plan = EmptyPlan(SHIPPED_MODEL, "cpu", "float32")
        engine = EngineInProcesses(TextSide.load(), Settings(), (plan,), workers)
        writer = PartWriter(LocalStore(Path(folder) / "results"), PartForm.PARQUET)
        reader = ChunkReader(Sources.find([str(source)]))
        with MemoryWatch(psutil.Process()) as watch:
            engine.load()
            engine.run(Work(reader, writer, Interruption(), took=lambda receipt: None))
            engine.end()
        return watch.peak


def _write(path: Path, pages: int) -> None:
    texts = [page.text for page in news_pages(min(pages, _DIFFERENT), seed=0)]
    schema = pa.schema({"id": pa.string(), "text": pa.string()})
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, pages, _DIFFERENT):
            ids = [str(number) for number in range(start, min(start + _DIFFERENT, pages))]
            writer.write_table(pa.table({"id": ids, "text": texts[: len(ids)]}, schema))


if __name__ == "__main__":
    typer.run(main)
