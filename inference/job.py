"""One run over a pile of pages: read, classify, write, and account for every document."""

import dataclasses
import importlib.metadata
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import as_file, files
from itertools import islice
from typing import Any

from tqdm import tqdm

from wasit.inference.account import Account
from wasit.inference.classifier import Classified, Classifier, Settings
from wasit.inference.documents import DEFAULT_TEXT_FIELD, Document, Fields, Rejection
from wasit.inference.records import build_schema
from wasit.inference.sinks import Output, RejectionLog, write_json
from wasit.inference.sources import Sources
from wasit.models.errors import InputError
from wasit.models.text_side import SHIPPED_MODEL

HANDFUL = 20
"""Documents that can be shown instead of written."""

CHUNK_DOCUMENTS = 2_000
CHUNK_CHARACTERS = 8_000_000

_SHOW_AFTER_SECONDS = 2


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

    def __post_init__(self) -> None:
        """Checks what can be checked at once.

        Raises:
            InputError: If there is no input, or a number is out of bounds.
        """
        if not self.inputs and not self.samples:
            raise InputError("there is no INPUT; give files or folders, or try `wasit classify --samples`")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"--limit: found {self.limit}; allowed: at least 1")
        self.settings()

    def settings(self) -> Settings:
        """The part of it that concerns the classifier."""
        return Settings(self.split, self.min_score, self.keep_text)

    def load_classifier(self) -> Classifier:
        """Loads the model."""
        return Classifier.from_pretrained(self.model, self.device, self.dtype, self.mediators)


def write_results(job: Job, output: Output, overwrite: bool = False) -> Account:
    """Classifies everything and writes it.

    Args:
        job: What to read and how.
        output: Where to write rows, rejections and the account of the run.
        overwrite: Whether what is there already may be replaced.

    Raises:
        InputError: If the input, the model or the output is not as it must be; nothing is written then.
    """
    began, clock = datetime.now(UTC), time.monotonic()
    output.check(job.inputs, overwrite)
    with _sources(job, output) as sources:
        classifier = job.load_classifier()
        account = Account(unknown_files=sources.unknown)
        with output.open(build_schema(classifier.taxonomy, job.keep_text)) as sink:
            log = RejectionLog(output.rejects_path)
            for documents, result in _classify(job, sources, classifier):
                account.add(documents, result)
                log.write(result.rejections)
                if result.records:
                    sink.write(result.records)
    account.seconds = time.monotonic() - clock
    if output.run_path is not None:
        write_json(output.run_path, _run(job, classifier, account, began))
    return account


def read_handful(job: Job) -> tuple[Classified, Classifier, Account]:
    """Classifies a few documents, to be shown.

    Raises:
        InputError: If there are more than a handful, or the input or model is not as it must be.
    """
    clock = time.monotonic()
    with _sources(job) as sources:
        items = list(islice(sources.read(), min(job.limit or HANDFUL + 1, HANDFUL + 1)))
    if len(items) > HANDFUL:
        raise InputError(
            f"there are more than {HANDFUL} documents, too many to show: write them, as in `-o results`"
        )
    classifier = job.load_classifier()
    # The words of a text stand in for a title that is missing.
    result = _classify_chunk(items, classifier, dataclasses.replace(job.settings(), keep_text=True))
    account = Account(unknown_files=sources.unknown)
    account.add(len(items), result)
    account.seconds = time.monotonic() - clock
    return result, classifier, account


@contextmanager
def _sources(job: Job, output: Output | None = None) -> Iterator[Sources]:
    inputs = list(job.inputs)
    with ExitStack() as stack:
        if job.samples:
            inputs.append(str(stack.enter_context(as_file(files("wasit.inference") / "samples"))))
        fields = Fields(job.text_field, job.id_field)
        yield Sources.find(inputs, fields, output.owns if output else lambda path: False)


def _classify(job: Job, sources: Sources, classifier: Classifier) -> Iterator[tuple[int, Classified]]:
    """Yields for each chunk how many documents it had and what became of them."""
    total = sources.count()
    if total is not None and job.limit is not None:
        total = min(total, job.limit)
    with tqdm(total=total, unit=" documents", delay=_SHOW_AFTER_SECONDS, disable=None) as bar:
        done = 0
        for chunk in chunks(islice(sources.read(), job.limit)):

            def show(share: float, before: int = done, size: int = len(chunk)) -> None:
                bar.update(before + int(share * size) - bar.n)

            yield len(chunk), _classify_chunk(chunk, classifier, job.settings(), show)
            show(1.0)
            done += len(chunk)


def _classify_chunk(
    chunk: Sequence[Document | Rejection],
    classifier: Classifier,
    settings: Settings,
    progress: Callable[[float], object] = lambda share: None,
) -> Classified:
    documents = [item for item in chunk if isinstance(item, Document)]
    unread = [item for item in chunk if isinstance(item, Rejection)]
    result = classifier.classify(documents, settings, progress)
    return Classified(result.records, [*unread, *result.rejections])


def _run(job: Job, classifier: Classifier, account: Account, began: datetime) -> dict[str, Any]:
    return {
        "version": importlib.metadata.version("wasit"),
        "model": classifier.name,
        "device": str(classifier.device),
        "dtype": classifier.dtype,
        "options": dataclasses.asdict(job),
        "counts": account.to_dict(),
        "unknown_files": list(account.unknown_files),
        "started": began.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(account.seconds, 3),
    }


def chunks(items: Iterable[Document | Rejection]) -> Iterator[list[Document | Rejection]]:
    """Cuts a stream into pieces that fit into memory, each for one part of the output."""
    chunk: list[Document | Rejection] = []
    characters = 0
    for item in items:
        chunk.append(item)
        characters += len(item.text) if isinstance(item, Document) else 0
        if len(chunk) >= CHUNK_DOCUMENTS or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk
