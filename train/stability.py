"""How a model's answers hold when articles are changed in ways that should not matter, or should do harm.

Three changes are made, and the answers before and after are scored against the same gold::

    other mediators     every mediator that the text names gives its place to another; roles should not change
    no markers          mediators are not marked; the topic should not change
    first window only   of articles with several windows the first is read alone; the others should have helped

The outcome is ``{change: {task: scores}}``, without tasks that a change leaves no answers of; the scores are::

    answers             how many could be compared: gold labels whose mediator was found before and after
    unchanged           share of them that stayed the same
    accuracy, macro_f1  of the answers before; macro_f1 is null if no label occurs
    changed_accuracy, changed_macro_f1
                        of the answers after
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from wasit.models.encoded import EncodedArticles, Mentions
from wasit.models.prediction import Prediction
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Task
from wasit.train.annotation import AnnotatedArticle
from wasit.train.answers import AnswerTable, ScoredAnswer, answer_table
from wasit.train.mediator_swap import MediatorSwapper
from wasit.train.statistics import Scores, article_counts, scores_of

OTHER_MEDIATORS = "other mediators"
NO_MARKERS = "no markers"
FIRST_WINDOW = "first window only"

Progress = Callable[[int], object]


class _Change(NamedTuple):
    """Some of the articles, changed, and what is said of them now.

    Attributes:
        name: What was changed.
        indexes: Which articles they are, ascending.
        articles: The articles as they are now, with gold in the same order as before.
        predictions: One for each.
    """

    name: str
    indexes: Sequence[int]
    articles: Sequence[AnnotatedArticle]
    predictions: Sequence[Prediction]


def stability(
    predictor: Predictor,
    articles: Sequence[AnnotatedArticle],
    tables: Sequence[AnswerTable],
    progress: Progress = lambda articles: None,
) -> dict[str, Any]:
    """Asks a model again, of changed articles.

    Args:
        predictor: The model.
        articles: Gold.
        tables: Its answers for the articles as they are, a table for each task that is scored.
        progress: Told now and then how many articles more were asked about.

    Returns:
        Scores by the schema of this module.
    """
    found: dict[str, Any] = {}
    for change in _changes(predictor, articles, progress):
        by_task = {}
        for table in tables:
            pairs = _comparable(table.task, table, change)
            if pairs:
                by_task[table.task.name] = _scores(table.task, pairs)
        if by_task:
            found[change.name] = by_task
    return found


def _changes(predictor: Predictor, articles: Sequence[AnnotatedArticle], progress: Progress) -> Iterator[_Change]:
    yield _other_mediators(predictor, articles, progress)
    yield _no_markers(predictor, articles, progress)
    yield _first_window(predictor, articles, progress)


def _other_mediators(predictor: Predictor, articles: Sequence[AnnotatedArticle], progress: Progress) -> _Change:
    swapper = MediatorSwapper(predictor.checkpoint.taxonomy)
    swaps = {index: swap for index, one in enumerate(articles) if (swap := swapper(one)) is not None}
    changed = [swap.article for swap in swaps.values()]
    predictions = predictor([article.text for article in changed], progress)
    return _Change(OTHER_MEDIATORS, list(swaps), changed, predictions)


def _no_markers(predictor: Predictor, articles: Sequence[AnnotatedArticle], progress: Progress) -> _Change:
    taxonomy = predictor.checkpoint.taxonomy.model_copy(update={"mediators": (), "exceptions": ()})
    blind = Predictor(replace(predictor.checkpoint, taxonomy=taxonomy), predictor.device, predictor.row_tokens)
    predictions = blind([article.text for article in articles], progress)
    return _Change(NO_MARKERS, range(len(articles)), articles, predictions)


def _first_window(predictor: Predictor, articles: Sequence[AnnotatedArticle], progress: Progress) -> _Change:
    windows = predictor.encode([article.text for article in articles]).outline.windows
    indexes = np.flatnonzero(windows > 1).tolist()
    long = [articles[index] for index in indexes]
    texts = [article.text for article in long]
    encoded = first_windows(predictor.encode(texts))
    decoded = predictor.decode(texts, encoded.outline, predictor.run(encoded, progress))
    return _Change(FIRST_WINDOW, indexes, long, predictor.decode.predictions(encoded.outline, decoded))


def first_windows(encoded: EncodedArticles) -> EncodedArticles:
    """The first window of each article, with the mentions that are read there."""
    is_first = np.diff(encoded.window_article, prepend=-1) > 0
    before = np.cumsum(np.where(is_first, 0, encoded.window_tokens), dtype=np.int64)
    read = is_first[encoded.marker_window]
    mentions = encoded.mentions
    return EncodedArticles.of_windows(
        input_ids=encoded.input_ids[np.repeat(is_first, encoded.window_tokens)],
        window_tokens=encoded.window_tokens[is_first],
        window_article=encoded.window_article[is_first],
        marker_place=encoded.marker_place[read] - before[encoded.marker_window[read]],
        mentions=Mentions(mentions.start[read], mentions.end[read], mentions.mediator[read], mentions.mediators),
        tokens=np.minimum(encoded.tokens, encoded.window_tokens[is_first] - 2),
    )


def _comparable(task: Task, before: AnswerTable, change: _Change) -> list[tuple[ScoredAnswer, ScoredAnswer]]:
    after = answer_table(task, change.articles, change.predictions)
    pairs = zip(before.only(frozenset(change.indexes)).answers, after.answers, strict=True)
    return [(one, other) for one, other in pairs if one.given is not None and other.given is not None]


def _scores(task: Task, pairs: Sequence[tuple[ScoredAnswer, ScoredAnswer]]) -> dict[str, Any]:
    before, after = (
        scores_of(article_counts(AnswerTable(task, answers)).sum(axis=0)) for answers in zip(*pairs, strict=True)
    )
    same = [set(one.predicted) == set(other.predicted) for one, other in pairs]
    return {
        "answers": len(pairs),
        "unchanged": float(np.mean(same)),
        "accuracy": float(before.accuracy),
        "macro_f1": _macro_f1(before),
        "changed_accuracy": float(after.accuracy),
        "changed_macro_f1": _macro_f1(after),
    }


def _macro_f1(scores: Scores) -> float | None:
    return None if np.isnan(scores.macro_f1) else float(scores.macro_f1)
