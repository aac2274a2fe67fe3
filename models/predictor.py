"""Texts of articles in, predictions out: encode, run, decode.

The windows of many articles are packed into rows under a budget of tokens. The three steps are apart, so that they
can be overlapped, and so that only ``run`` needs the network.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from transformers.models.bert import BertConfig

from wasit.models.batch import Batch, pack_batch
from wasit.models.checkpoint import Checkpoint
from wasit.models.encoded import EncodedArticles, Indexes
from wasit.models.network import WasitModel, WasitOutput
from wasit.models.packed_attention import uses_variable_length_kernel
from wasit.models.packing import pack
from wasit.models.prediction import Decoder, FloatArray, Logits, Prediction
from wasit.models.taxonomy import Taxonomy

# Longer rows are no faster, and shorter ones are better dealt to the processors.
_CPU_ROW_TOKENS = 1_024
T = TypeVar("T")
R = TypeVar("R")

_MOST_GPU_ROW_TOKENS = 65_536
# Numbers that a token's states take in a layer at once, in widths of the encoder and of its intermediate states.
_LIVE_WIDTHS = 8
_LIVE_INTERMEDIATE_WIDTHS = 2
_BYTES = 4


class Predictor:
    """Runs a model over articles.

    Args:
        checkpoint: The model; its network is moved to the device.
        device: Where the network runs.
        row_tokens: Tokens of a packed row; what suits the device by default. Halved when the device runs out of
            memory.
        threads: Rows that a CPU reads at a time; as many as torch has threads by default.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        row_tokens: int | None = None,
        threads: int | None = None,
    ) -> None:
        """Moves the network to the device."""
        self.checkpoint = checkpoint
        self.device = device
        self.row_tokens = row_tokens or fitting_row_tokens(device, checkpoint.network.config.encoder)
        self.network = on_device(checkpoint.network, device)
        self._threads = threads or torch.get_num_threads()
        self._copies = torch.cuda.Stream(device) if device.type == "cuda" else None

    @cached_property
    def encode(self) -> Callable[[Sequence[str]], EncodedArticles]:
        """From texts of articles to what the network reads; made when it is first needed."""
        return self.checkpoint.text_side.encoder().encode

    @cached_property
    def decode(self) -> Decoder:
        """From what the network answers to scores."""
        return self.checkpoint.text_side.decoder()

    def __call__(
        self, texts: Sequence[str], progress: Callable[[int], object] = lambda articles: None
    ) -> list[Prediction]:
        """Predicts for each text, in the order given.

        Args:
            texts: Texts of articles.
            progress: Told now and then how many articles more are done.
        """
        encoded = self.encode(texts)
        decoded = self.decode(texts, encoded.outline, self.run(encoded, progress))
        return self.decode.predictions(encoded.outline, decoded)

    def run(self, encoded: EncodedArticles, progress: Callable[[int], object] = lambda articles: None) -> Logits:
        """Runs the network over articles.

        Args:
            encoded: The articles.
            progress: Told after each row how many articles were finished with it.

        Raises:
            torch.OutOfMemoryError: If the device has no room for a single window.
        """
        while True:
            answers = _Answers(encoded, self.checkpoint.taxonomy)
            try:
                for batch, values in self._run_rows(encoded):
                    progress(answers.add(batch, values))
            except torch.OutOfMemoryError:
                if self.row_tokens <= self.checkpoint.network.config.window_tokens:
                    raise
                self.row_tokens //= 2
                torch.cuda.empty_cache()
            else:
                return answers.logits()

    def _run_rows(self, encoded: EncodedArticles) -> Iterator[tuple[Batch, FloatArray]]:
        rows = packed_rows(encoded, self.row_tokens)
        if self.device.type == "cuda":
            yield from _one_ahead(self._start(encoded, windows) for windows in rows)
            return
        # Threads that share an operator wait for each other in every one: each has a row of its own instead.
        with ThreadPoolExecutor(self._threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from _few_ahead(pool, partial(self._finish, encoded), rows, 2 * self._threads)

    def _finish(self, encoded: EncodedArticles, windows: Indexes) -> tuple[Batch, FloatArray]:
        batch, copy = self._start(encoded, windows)
        return batch, copy.wait()

    @torch.inference_mode()
    def _start(self, encoded: EncodedArticles, windows: Indexes) -> tuple[Batch, "_Copy"]:
        """Has a row read; all its answers are in one tensor, so that they are brought to the host in one copy."""
        batch = pack_batch(encoded, windows)
        output: WasitOutput = self.network(**self._on_device(batch.model_inputs()))
        assert output.logits is not None
        assert output.mention_logits is not None
        values = (*output.logits.values(), *output.mention_logits.values())
        return batch, _Copy.start(torch.cat([logits.flatten() for logits in values]))

    def _on_device(self, inputs: dict[str, Tensor | int]) -> dict[str, Tensor | int]:
        """Brings inputs to a GPU while it still works on the row before."""
        if self._copies is None:
            return inputs
        moved = dict(inputs)
        needs_bounds = uses_variable_length_kernel(self.device, self.network.dtype)
        running = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(self._copies):
            for name, value in inputs.items():
                if isinstance(value, Tensor) and (needs_bounds or name != "window_bounds"):
                    copy = value.pin_memory().to(self.device, non_blocking=True)
                    # Its memory may be given away only when the network has read it.
                    copy.record_stream(running)
                    moved[name] = copy
        running.wait_stream(self._copies)
        return moved


def fitting_row_tokens(device: torch.device, encoder: BertConfig) -> int:
    """Tokens of a packed row that suit a device: of a GPU with little memory fewer.

    Args:
        device: Where the network runs.
        encoder: The configuration of its encoder.
    """
    if device.type != "cuda":
        return _CPU_ROW_TOKENS
    free, _ = torch.cuda.mem_get_info(device)
    numbers = _LIVE_WIDTHS * encoder.hidden_size + _LIVE_INTERMEDIATE_WIDTHS * encoder.intermediate_size
    fitting = free // (2 * _BYTES * numbers)
    return int(min(_MOST_GPU_ROW_TOKENS, max(encoder.max_position_embeddings, fitting)))


def packed_rows(encoded: EncodedArticles, row_tokens: int) -> Iterator[Indexes]:
    """Deals the windows of articles to rows.

    The windows of an article stay together, so that its answers do not depend on what else is in the row; an
    article that is longer than a row is cut into parts, always in the same places.

    Args:
        encoded: The articles.
        row_tokens: Tokens that a row may have; a single window may have more.

    Yields:
        The windows of each row, ascending.
    """
    parts, tokens = _parts(encoded, row_tokens)
    for row in pack(tokens, row_tokens):
        yield np.concatenate([np.arange(*parts[index]) for index in row])


def _parts(encoded: EncodedArticles, row_tokens: int) -> tuple[list[tuple[int, int]], list[int]]:
    """Ranges of windows that may share a row with others, and their tokens."""
    parts: list[tuple[int, int]] = []
    tokens: list[int] = []
    article = -1
    for window, (length, of) in enumerate(
        zip(encoded.window_tokens.tolist(), encoded.window_article.tolist(), strict=True)
    ):
        if of == article and tokens[-1] + length <= row_tokens:
            parts[-1] = (parts[-1][0], window + 1)
            tokens[-1] += length
        else:
            parts.append((window, window + 1))
            tokens.append(length)
        article = of
    return parts, tokens


def _one_ahead(started: Iterator[tuple[Batch, "_Copy"]]) -> Iterator[tuple[Batch, FloatArray]]:
    """Has one row run while the answers of the one before it are on their way."""
    before: tuple[Batch, _Copy] | None = None
    for row in started:
        if before is not None:
            yield before[0], before[1].wait()
        before = row
    if before is not None:
        yield before[0], before[1].wait()


def _few_ahead(pool: Executor, do: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """Has a pool do something with items, in order, and with so many at once."""
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(do, item))
            if len(waiting) == ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


class _Answers:
    """Collects the answers of all rows; those of an article that was cut into parts are put together again."""

    def __init__(self, encoded: EncodedArticles, taxonomy: Taxonomy) -> None:
        self._encoded = encoded
        self._unread = encoded.article_tokens
        self._of_articles = {task.name: _Sum(encoded.count, len(task.labels)) for task in taxonomy.article_tasks}
        pairs, mentions = len(encoded.pair_article), len(encoded.marker_pair)
        self._of_pairs = {task.name: _Sum(pairs, len(task.labels)) for task in taxonomy.mediator_tasks}
        self._of_mentions = {
            task.name: np.zeros((mentions, len(task.labels)), dtype=np.float32) for task in taxonomy.mediator_tasks
        }

    def add(self, batch: Batch, values: FloatArray) -> int:
        """Adds the answers of a batch as one flat array; tells how many articles are whole now."""
        tokens = np.bincount(batch.window_article, batch.window_tokens).astype(np.int64)
        mentions = np.bincount(batch.marker_pair, minlength=len(batch.pairs)).astype(np.int64)
        taken = 0

        def take(rows: int, labels: int) -> FloatArray:
            nonlocal taken
            taken += rows * labels
            return values[taken - rows * labels : taken].reshape(rows, labels)

        for total in self._of_articles.values():
            total.add(batch.articles, take(len(batch.articles), total.labels), tokens)
        for total in self._of_pairs.values():
            total.add(batch.pairs, take(len(batch.pairs), total.labels), mentions)
        for logits in self._of_mentions.values():
            logits[batch.mentions] = take(len(batch.mentions), logits.shape[1])
        self._unread[batch.articles] -= tokens
        return int((self._unread[batch.articles] == 0).sum())

    def logits(self) -> Logits:
        """The answers of all articles."""
        means = {name: total.mean() for name, total in (self._of_articles | self._of_pairs).items()}
        return Logits(means, self._of_mentions)


class _Sum:
    """Weighted sums of logits. In double precision, the mean over a single part is that part to the last bit."""

    def __init__(self, rows: int, labels: int) -> None:
        self.labels = labels
        self._sum = np.zeros((rows, labels))
        self._weight = np.zeros((rows, 1))

    def add(self, rows: Indexes, logits: FloatArray, weights: Indexes) -> None:
        self._sum[rows] += logits.astype(np.float64) * weights[:, None]
        self._weight[rows] += weights[:, None]

    def mean(self) -> FloatArray:
        mean: FloatArray = (self._sum / self._weight).astype(np.float32)
        return mean


@dataclass(frozen=True)
class _Copy:
    """A copy from the device to the host that may be under way."""

    values: Tensor
    done: torch.cuda.Event | None

    @classmethod
    def start(cls, values: Tensor) -> "_Copy":
        if values.device.type != "cuda":
            return cls(values, None)
        host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        host.copy_(values, non_blocking=True)
        done = torch.cuda.Event()
        done.record(torch.cuda.current_stream(values.device))
        return cls(host, done)

    def wait(self) -> FloatArray:
        if self.done is not None:
            self.done.synchronize()
        values: FloatArray = self.values.numpy()
        return values


def on_device(network: WasitModel, device: torch.device) -> WasitModel:
    """Moves the network to a device, ready to predict."""
    # The library's decorated ``to`` has lost its types.
    nn.Module.to(network, device)
    network.eval()
    return network
