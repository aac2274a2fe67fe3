"""Everything that can be said of annotated articles before a model is trained on them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wasit.models.errors import InputError
from wasit.models.mentions import MentionFinder
from wasit.models.taxonomy import Taxonomy
from wasit.models.urls import file_name
from wasit.train.articles import AnnotatedArticle
from wasit.train.data_report import DataReport, SplitSize
from wasit.train.findings import NEAR_BETWEEN, NOT_FOUND, SEVERAL_WINDOWS, Finding
from wasit.train.label_counts import LabelCounts
from wasit.train.recipe import DataSource, Recipe
from wasit.train.repetitions import Repetitions
from wasit.train.source_check import SourceCheck
from wasit.train.window_counts import WindowCounts

Progress = Callable[[int], object]


@dataclass(frozen=True)
class Split:
    """Files that serve one purpose.

    Attributes:
        name: What the report calls it.
        sources: The files, and where they keep what.
    """

    name: str
    sources: tuple[DataSource, ...]


def splits_of_files(sources: Sequence[DataSource]) -> list[Split]:
    """Takes every file as a split of its own, called by the file's name or, if two share it, by the path.

    Raises:
        InputError: If a file is given twice.
    """
    paths = [source.path for source in sources]
    twice = [path for path in paths if paths.count(path) > 1]
    if twice:
        raise InputError(f"{twice[0]}: is given twice; allowed: each file once, since each is a split")
    names = [file_name(path) for path in paths]
    return [
        Split(name if names.count(name) == 1 else source.path, (source,))
        for name, source in zip(names, sources, strict=True)
    ]


def splits_of_recipe(recipe: Recipe) -> list[Split]:
    """What a recipe learns from in any of its stages, and what it is evaluated on."""
    learnt = Split("training", tuple(source for stage in recipe.stages for source in stage.train))
    return [learnt, *([Split("evaluation", recipe.evaluation)] if recipe.evaluation else ())]


def check_data(
    splits: Sequence[Split],
    folder: str | Path,
    taxonomy: Taxonomy,
    seed: int = 0,
    reading: Progress = lambda articles: None,
    comparing: Progress = lambda articles: None,
) -> DataReport:
    """Checks splits of annotated articles, each for itself and against those before it.

    Args:
        splits: One at least; the first is what the model learns from.
        folder: Where relative paths start; a path or URL.
        taxonomy: What the labels are checked against.
        seed: For sources that draw some of their rows.
        reading: Is told how many articles were read.
        comparing: Is told how many articles were compared.

    Returns:
        Everything that was found; a file that cannot be read is a finding, too.

    Raises:
        InputError: If a source names a task or label that the taxonomy does not have.
    """
    sources = [[SourceCheck(source, folder, taxonomy, seed) for source in split.sources] for split in splits]
    counts = LabelCounts(taxonomy, [split.name for split in splits])
    repetitions = Repetitions(taxonomy)
    finder = MentionFinder(taxonomy)
    findings: list[Finding] = []
    sizes = []
    for number, split in enumerate(splits):
        windows = WindowCounts()
        articles = 0
        for article in _distinct_rows(sources[number]):
            articles += 1
            counts.add(split.name, article)
            windows.add(article.text)
            findings += _not_found(article, finder)
            findings += repetitions.add(number, article)
            reading(1)
        findings += (finding for source in sources[number] for finding in source.findings)
        findings += _long_articles(split.name, windows)
        files = dict.fromkeys(source.path for source in sources[number])
        sizes.append(SplitSize(split.name, tuple(files), articles))
    findings += sorted(repetitions.near(comparing), key=lambda finding: finding.kind is not NEAR_BETWEEN)
    findings += counts.findings()
    # Two stages that read the same file have the same mistakes.
    return DataReport(tuple(sizes), tuple(dict.fromkeys(findings)), counts.to_dict())


def _distinct_rows(sources: Iterable[SourceCheck]) -> Iterator[AnnotatedArticle]:
    """The articles of a split; a row that two of its sources read comes once."""
    places: set[str] = set()
    for source in sources:
        for article in source.articles():
            if article.where not in places:
                places.add(article.where)
                yield article


def _not_found(article: AnnotatedArticle, finder: MentionFinder) -> Iterator[Finding]:
    if not article.mediators:
        return
    found = {mention.mediator for mention in finder.find(article.text)}
    for mediator in article.mediators:
        if mediator not in found:
            yield Finding(NOT_FOUND, article.where, f"{mediator!r} is labelled, but the text does not name it")


def _long_articles(split: str, windows: WindowCounts) -> Iterator[Finding]:
    longer = windows.longer()
    if longer:
        length = f"more than {windows.window_tokens} tokens of wasit-mini"
        yield Finding(SEVERAL_WINDOWS, split, f"{longer} articles have {length}: they are read in several windows")
