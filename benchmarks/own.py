"""wasit itself, as contestants: from pages to rows, and the core alone on tokenised input.

It does more than its peers: it takes pages apart, finds mediators, reads every token and answers all tasks.
"""

from collections.abc import Sequence
from functools import cache, partial
from multiprocessing.util import Finalize
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from answers import Answer, Contestant, Job
from reading import encode
from shapes import Models

from wasit.inference.chunks import ChunkReader
from wasit.inference.core import fitting_workers, plan_cores
from wasit.inference.engine import EngineInProcesses, Work
from wasit.inference.interruption import Interruption
from wasit.inference.local_store import LocalStore
from wasit.inference.sources import Sources
from wasit.inference.stages import Settings
from wasit.inference.writers import PartForm, PartWriter
from wasit.models.checkpoint import Checkpoint
from wasit.models.devices import DTYPES, pick_device
from wasit.models.encoded import EncodedArticles
from wasit.models.predictor import Predictor
from wasit.models.text_side import TextSide

# So many overlap as those of a long run do.
_CHUNKS = 8


def engine(models: Models, pages: Sequence[str], device: str, dtype: str) -> Contestant:
    """From a file of pages to a folder of Parquet parts, in processes, the model loaded before."""
    plans = plan_cores(models.wasit, device, dtype)
    running = EngineInProcesses(TextSide.load(models.wasit), Settings(), plans, fitting_workers(plans))
    running.load()
    # A contestant is in a process that waits, in the end, for those that it has started. They are ended before the
    # queues to them, which have the priority 10.
    Finalize(None, running.end, exitpriority=100)
    folder = Path(mkdtemp())

    def classify(sources: Sources, count: int) -> Answer:
        articles: list[int] = []
        before = dict(running.waits)
        running.run(
            Work(
                reader=ChunkReader(sources, size=-(-count // _CHUNKS)),
                writer=PartWriter(LocalStore(folder / "results"), PartForm.PARQUET),
                interruption=Interruption(),
                took=lambda receipt: articles.append(receipt.counts.articles),
            )
        )
        waits = {name: seconds - before[name] for name, seconds in running.waits.items()}
        _answer(sum(articles), count)
        return Answer(waits=waits)

    return lambda count: partial(classify, Sources.find([str(_as_file(folder, pages, count))]), count)


def command(models: Models, pages: Sequence[str], device: str, dtype: str) -> Contestant:
    """``wasit classify`` from a file of pages to a folder of Parquet parts, loading the model included."""
    from wasit.inference.job import Job as ClassifyJob
    from wasit.inference.job import write_results
    from wasit.inference.output import Output

    folder = Path(mkdtemp())

    def classify(source: Path, count: int) -> Answer:
        job = ClassifyJob(inputs=(str(source),), model=models.wasit, device=device, dtype=dtype)
        account = write_results(job, Output.parse(str(folder / "results")), overwrite=True)
        return _answer(account.articles, count)

    return lambda count: partial(classify, _as_file(folder, pages, count), count)


def _as_file(folder: Path, pages: Sequence[str], count: int) -> Path:
    source = folder / f"{count}.parquet"
    if not source.exists():
        columns = {"id": [str(number) for number in range(count)], "text": list(pages[:count])}
        pq.write_table(pa.table(columns), source)
    return source


def _answer(articles: int, count: int) -> Answer:
    if articles != count:
        raise AssertionError(f"{count} pages with an article each gave {articles} rows")
    return Answer()


def core(
    models: Models, texts: Sequence[str], device: str, dtype: str, row_tokens: int | None, compiled: bool
) -> Contestant:
    """The network on articles that are tokenised and have their markers."""
    checkpoint = Checkpoint.load(models.wasit, DTYPES[dtype])
    predictor = Predictor(checkpoint, pick_device(device), row_tokens)
    if compiled:
        network: Any = torch.compile(predictor.network, dynamic=True)
        predictor.network = network
    return _on_tokens(predictor, checkpoint, models, texts)


def openvino_core(models: Models, texts: Sequence[str], dtype: str) -> Contestant:
    """The same by OpenVINO, on a CPU."""
    from wasit.models.openvino_core import OpenVinoCore

    checkpoint = Checkpoint.load(models.wasit, DTYPES[dtype])
    return _on_tokens(OpenVinoCore(checkpoint), checkpoint, models, texts)


def _on_tokens(runner: Any, checkpoint: Checkpoint, models: Models, texts: Sequence[str]) -> Contestant:

    def run(encoded: EncodedArticles) -> Answer:
        return _answer(len(runner.run(encoded).answers[models.task]), encoded.count)

    @cache
    def prepare(count: int) -> Job:
        return partial(run, encode(checkpoint, texts[:count]))

    return prepare
