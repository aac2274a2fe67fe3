"""One run over a pile of pages: read, classify, write, and account for every document."""

import dataclasses
import hashlib
import importlib
import importlib.metadata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from wasit.inference.account import Account, ChunkCounts
from wasit.inference.chunks import CHUNK_DOCUMENTS, ChunkReader
from wasit.inference.classifier import Classified, Classifier
from wasit.inference.clock import Clock
from wasit.inference.core import fitting_workers, plan_cores
from wasit.inference.documents import DEFAULT_TEXT_FIELD, Fields
from wasit.inference.engine import Engine, EngineHere, EngineInProcesses, Work
from wasit.inference.identity import Identity
from wasit.inference.interruption import Interrupted, interruption
from wasit.inference.output import Output
from wasit.inference.run import Run
from wasit.inference.sources import Sources
from wasit.inference.stages import Settings, table_builder
from wasit.inference.writers import Receipt
from wasit.models.errors import InputError
from wasit.models.fingerprint import fingerprint
from wasit.models.text_side import SHIPPED_MODEL, TextSide

BACKENDS = ("torch", "openvino")
ENGINES = ("processes", "ray")
HANDFUL = 20
"""Documents that can be shown instead of written."""

_SHOW_AFTER_SECONDS = 2
# Bytes of input that one process has done before others were started.
_LITTLE = 4_000_000


@dataclass(frozen=True)
class Job:
    """What the command line asks for.

    Attributes:
        inputs: Files, folders, globs, or ``-`` for a text on the standard input.
        samples: Whether the pages that come with the package are read too.
        text_field: Field of the text, in rows.
        id_field: Field of the id, in rows; without it, ``id`` where there is one, else file name and row number.
        limit: How many documents are read at most.
        model: Name of the model.
        mediators: YAML file of further mediators.
        split: Whether documents are pages to be split into articles.
        min_score: A label with a lower score becomes null.
        keep_text: Whether rows have the article's text.
        device: Where the model runs.
        dtype: Precision that it runs in.
        backend: What runs the network, one of ``BACKENDS``.
        engine: What the work is dealt out by, one of ``ENGINES``.
        workers: Processes that read pages and write rows beside those of the devices; 0 to do everything in one
            process; what suits input and machine without it.
        chunk_size: Documents that are worked on together and give one part of the output, at most.
    """

    inputs: tuple[str, ...] = ()
    samples: bool = False
    text_field: str = DEFAULT_TEXT_FIELD
    id_field: str | None = None
    limit: int | None = None
    model: str = SHIPPED_MODEL
    mediators: str | None = None
    split: bool = True
    min_score: float | None = None
    keep_text: bool = False
    device: str = "auto"
    dtype: str = "auto"
    backend: str = "torch"
    engine: str = "processes"
    workers: int | None = None
    chunk_size: int = CHUNK_DOCUMENTS

    def __post_init__(self) -> None:
        """Checks what can be checked at once.

        Raises:
            InputError: If there is no input, or a number is out of bounds.
        """
        if not self.inputs and not self.samples:
            raise InputError("there is no INPUT; give files or folders, or try `wasit classify --samples`")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"--limit: found {self.limit}; allowed: at least 1")
        for flag, value, allowed in (("--backend", self.backend, BACKENDS), ("--engine", self.engine, ENGINES)):
            if value not in allowed:
                raise InputError(f"{flag}: found {value!r}; allowed: {', '.join(allowed)}")
        if self.workers is not None and self.workers < 0:
            raise InputError(f"--workers: found {self.workers}; allowed: at least 0")
        if self.chunk_size < 1:
            raise InputError(f"--chunk-size: found {self.chunk_size}; allowed: at least 1")
        self.settings()

    def settings(self, keep_page_text: bool = False) -> Settings:
        """The part of it that concerns the rows."""
        return Settings(self.split, self.min_score, self.keep_text, keep_page_text)


def write_results(job: Job, output: Output, overwrite: bool = False) -> Account:
    """Classifies everything and writes it; goes on where the same run was interrupted.

    Args:
        job: What to read and how.
        output: Where to write rows, rejections and the account of the run.
        overwrite: Whether what is there already may be replaced.

    Raises:
        InputError: If the input, the model or the output is not as it must be.
        Interrupted: If the user asked to stop; what was begun is done.
        EngineError: If a process was killed.
    """
    clock = Clock.start()
    output.check(job.inputs, overwrite)
    if job.engine == "ray":
        # Ray is an extra: that it is missing is told at once.
        importlib.import_module("wasit.inference.ray_engine")
    with _sources(job, output) as sources:
        side = TextSide.load(job.model, job.mediators)
        # Of a model on the Hub, everything that follows has to load this very commit.
        job = dataclasses.replace(job, model=side.name)
        settings = job.settings(keep_page_text=sources.has_web_pages)
        with _engine(job, side, settings, sources.files.size) as engine:
            identity = _identity(job, sources, engine.dtype)
            run = output.begin(identity, table_builder(side, settings).schema, overwrite)
            return run.account or _do(job, sources, engine, run, clock)


def read_handful(job: Job) -> tuple[Classified, Classifier, Account]:
    """Classifies a few documents, to be shown.

    Raises:
        InputError: If there are more than a handful, or the input or model is not as it must be.
    """
    clock = Clock.start()
    with _sources(job) as sources:
        items = list(islice(sources.read(), min(job.limit or HANDFUL + 1, HANDFUL + 1)))
    if len(items) > HANDFUL:
        raise InputError(
            f"there are more than {HANDFUL} documents, too many to show: write them, as in `-o results`"
        )
    classifier = Classifier.from_pretrained(job.model, job.device, job.dtype, job.mediators)
    # The words of a text stand in for a title that is missing.
    result = classifier.classify(items, dataclasses.replace(job.settings(), keep_text=True))
    account = Account(unknown_files=sources.unknown)
    account.add(ChunkCounts.of_records(len(items), result.records, result.rejections))
    account.seconds = clock.seconds()
    return result, classifier, account


@contextmanager
def _sources(job: Job, output: Output | None = None) -> Iterator[Sources]:
    inputs = list(job.inputs)
    with ExitStack() as stack:
        if job.samples:
            inputs.append(str(stack.enter_context(as_file(files("wasit.inference") / "samples"))))
        fields = Fields(job.text_field, job.id_field)
        yield Sources.find(inputs, fields, output.owns if output else lambda path: False)


@contextmanager
def _engine(job: Job, side: TextSide, settings: Settings, size: int) -> Iterator[Engine]:
    """Loads what fits job, machine and bytes of input, and ends it: at once if something fails."""
    with ExitStack() as stack:
        engine = _planned_engine(job, side, settings, size, stack)
        try:
            engine.load()
            yield engine
        except BaseException:
            engine.end(at_once=True)
            raise
        engine.end()


def _planned_engine(job: Job, side: TextSide, settings: Settings, size: int, stack: ExitStack) -> Engine:
    if job.engine == "ray":
        # With it comes Ray, an extra.
        from wasit.inference.ray_engine import EngineOnRay, on_ray, plan_cores_on_ray

        stack.enter_context(on_ray(job.workers))
        plans = plan_cores_on_ray(job.model, job.device, job.dtype, job.backend)
        return EngineOnRay(side, settings, plans, job.workers)
    plans = plan_cores(job.model, job.device, job.dtype, job.backend)
    workers = job.workers
    if workers is None:
        workers = 0 if size < _LITTLE else fitting_workers(plans)
    if workers == 0 and len(plans) == 1:
        return EngineHere(side, settings, plans[0])
    return EngineInProcesses(side, settings, plans, max(1, workers))


def _do(job: Job, sources: Sources, engine: Engine, run: Run, clock: Clock) -> Account:
    account = Account(unknown_files=sources.unknown)
    for counts in run.done.values():
        account.add(counts)

    def take(receipt: Receipt) -> None:
        account.add(receipt.counts)
        run.emit(receipt)

    with _bar(job, sources, account.documents) as bar, interruption() as asked:
        reader = ChunkReader(sources, job.limit, job.chunk_size, frozenset(run.done))
        engine.run(Work(reader, run.writer, asked, take, bar.update))
    if asked.asked:
        raise Interrupted(f"stopped after {account.documents} documents{run.how_to_go_on}")
    account.seconds = clock.seconds()
    facts = {"device": engine.device, "dtype": engine.dtype, "options": dataclasses.asdict(job)}
    facts["waits"] = {name: round(seconds, 3) for name, seconds in engine.waits.items()}
    run.finish(account, facts | clock.times())
    return account


def _bar(job: Job, sources: Sources, done: int) -> "tqdm[Any]":
    total = sources.count()
    if total is not None and job.limit is not None:
        total = min(total, job.limit)
    return tqdm(total=total, initial=done, unit=" documents", delay=_SHOW_AFTER_SECONDS, disable=None)


def _identity(job: Job, sources: Sources, dtype: str) -> Identity:
    mediators = None if job.mediators is None else hashlib.sha256(Path(job.mediators).read_bytes()).hexdigest()
    settings = {
        "--text-field": job.text_field,
        "--id-field": job.id_field,
        "--limit": job.limit,
        "--mediators": mediators,
        "--no-split": not job.split,
        "--min-score": job.min_score,
        "--keep-text": job.keep_text,
        "--dtype": dtype,
        "--backend": job.backend,
        "--chunk-size": job.chunk_size,
    }
    version = importlib.metadata.version("wasit")
    return Identity(version, job.model, fingerprint(job.model), settings, tuple(sources.marks()))
