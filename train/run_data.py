"""The encoded data of a run, on disk and shared by all its processes."""

import hashlib
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import datasets
from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.train.annotation import AnnotatedArticle
from wasit.train.dataset import build_dataset, is_drawn, read_source
from wasit.train.distillation import Teachers
from wasit.train.mediator_swap import MediatorSwapper
from wasit.train.recipe import DataSource, Recipe, Stage


class RunData:
    """One training set a stage, and what all stages share; a context that deletes its folder at the end.

    The main process reads and encodes, the others open what it has written. A mistake in the last stage's data
    shows before the first stage begins.

    Args:
        recipe: Names the data.
        model: Its encoder makes the windows.
        folder: For the Arrow files; what an earlier run left there goes.
        excluded_texts: Articles with these texts are in no training and no calibration set.

    Attributes:
        stages: A training set for each stage.
        calibration: Articles that no stage learns from; none if the recipe keeps none apart.
        evaluation: Articles to score; none if the recipe names none.
    """

    def __init__(
        self, recipe: Recipe, model: Checkpoint, folder: Path, excluded_texts: frozenset[str] = frozenset()
    ) -> None:
        """Encodes all sets, or waits until the main process has."""
        self._recipe = recipe
        self._model = model
        self._folder = folder
        self._excluded_texts = excluded_texts
        error = self._write() if PartialState().is_main_process else None
        # One process tells what is wrong, and the others, which cannot go on without data, end in silence.
        (has_failed,) = broadcast_object_list([error is not None])
        if error is not None:
            raise error
        if has_failed:
            sys.exit(1)
        self.stages = [self._required(f"stage-{number}") for number in range(len(recipe.stages))]
        self.calibration = self._open("calibration")
        self.evaluation = self._open("evaluation")

    def __enter__(self) -> "RunData":
        """Gives itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Deletes the files; where a process has failed, the others are about to be ended and not waited for."""
        state = PartialState()
        if error is None:
            state.wait_for_everyone()
        if state.is_main_process:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self) -> Exception | None:
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            self._encode_all()
        except Exception as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            return error
        return None

    def _encode_all(self) -> None:
        teachers = self._teachers()
        for number, stage in enumerate(self._recipe.stages):
            self._encode(f"stage-{number}", self._stage_articles(stage, number), teachers)
        self._encode("calibration", _once_each(self._calibration_articles()))
        self._encode(
            "evaluation",
            (_lead(article, source) for source in self._recipe.evaluation for article in self._read(source)),
        )

    def _stage_articles(self, stage: Stage, number: int) -> Iterator[AnnotatedArticle]:
        swapper = MediatorSwapper(self._model.taxonomy)
        draw = f"swap:{number}:{self._recipe.seed}"
        for source in stage.train:
            for article in self._training_articles(source, is_apart=False):
                drawn = is_drawn(article, source.mediator_swap_share, draw)
                swap = swapper(article, self._recipe.seed + number) if drawn else None
                yield article if swap is None else swap.article

    def _calibration_articles(self) -> Iterator[AnnotatedArticle]:
        for stage in self._recipe.stages:
            for source in stage.train:
                if source.calibration_share:
                    yield from self._training_articles(source, is_apart=True)

    def _training_articles(self, source: DataSource, is_apart: bool) -> Iterator[AnnotatedArticle]:
        for article in self._read(source):
            held_out = is_drawn(article, source.calibration_share, str(self._recipe.seed))
            if held_out == is_apart and article.text not in self._excluded_texts:
                yield _lead(article, source)

    def _read(self, source: DataSource) -> Iterator[AnnotatedArticle]:
        return read_source(source, self._recipe.data_folder, self._model.taxonomy, self._recipe.seed)

    def _teachers(self) -> Teachers | None:
        if self._recipe.distill is None:
            return None
        return Teachers(self._recipe.distill, self._model.taxonomy, PartialState().device)

    def _encode(self, name: str, articles: Iterable[AnnotatedArticle], teachers: Teachers | None = None) -> None:
        encoder = self._model.text_side.encoder()
        build_dataset(articles, encoder, self._model.taxonomy, self._file(name), teachers)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.arrow"

    def _required(self, name: str) -> datasets.Dataset:
        dataset = self._open(name)
        if dataset is None:
            raise InputError(f"{name}: calibration_share and excluded texts leave no article to learn from")
        return dataset

    def _open(self, name: str) -> datasets.Dataset | None:
        dataset = datasets.Dataset.from_file(str(self._file(name)))
        return dataset if len(dataset) else None


def _lead(article: AnnotatedArticle, source: DataSource) -> AnnotatedArticle:
    if source.lead_words is None:
        return article
    lead = re.match(rf"\s*(?:\S+\s*){{0,{source.lead_words}}}", article.text)
    assert lead is not None
    return replace(article, text=lead[0].rstrip())


def _once_each(articles: Iterable[AnnotatedArticle]) -> Iterator[AnnotatedArticle]:
    seen: set[bytes] = set()
    for article in articles:
        digest = hashlib.sha256(article.text.encode("utf-8", "surrogatepass")).digest()
        if digest not in seen:
            seen.add(digest)
            yield article
