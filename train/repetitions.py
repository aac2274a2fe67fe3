"""Texts that stand in the data more than once, in the same words or in nearly the same."""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.articles import AnnotatedArticle, Labels
from wasit.train.findings import (
    CONFLICT,
    DUPLICATE_BETWEEN,
    DUPLICATE_WITHIN,
    NEAR_BETWEEN,
    NEAR_WITHIN,
    Finding,
)
from wasit.train.near_duplicates import WordRuns, folded_words


class _Seen(NamedTuple):
    """What is kept of a text."""

    where: str
    split: int
    labels: Labels
    mediators: dict[str, Labels]


class Repetitions:
    """Compares every article with those before it; spelling and signs do not count. Texts are not kept."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Begins with no article.

        Args:
            taxonomy: Says which labels contradict each other.
        """
        self._taxonomy = taxonomy
        self._runs = WordRuns()
        self._distinct: dict[bytes, _Seen] = {}

    def add(self, split: int, article: AnnotatedArticle) -> Iterator[Finding]:
        """Adds an article and tells what it has in common with an earlier one of the same words.

        Args:
            split: Number of its split.
            article: The next article; those of a split come together.
        """
        words = folded_words(article.text)
        digest = hashlib.sha256((words or article.text).encode()).digest()
        seen = _Seen(article.where, split, article.labels, article.mediators)
        first = self._distinct.setdefault(digest, seen)
        if first is seen:
            self._runs.add(words)
            return
        kind = DUPLICATE_WITHIN if first.split == split else DUPLICATE_BETWEEN
        yield Finding(kind, seen.where, f"has the words of {first.where}", other=first.where)
        for conflict in self._conflicts(seen, first):
            yield Finding(CONFLICT, seen.where, conflict, other=first.where)

    def __len__(self) -> int:
        """How many texts are distinct."""
        return len(self._distinct)

    def near(self, progress: Callable[[int], object]) -> Iterator[Finding]:
        """Finds the texts that are nearly the same as an earlier one.

        Args:
            progress: Is told after each step how many articles were compared.
        """
        seen = list(self._distinct.values())
        for overlap in self._runs.overlaps([one.split for one in seen], progress):
            article, other = seen[overlap.article], seen[overlap.other]
            kind = NEAR_WITHIN if article.split == other.split else NEAR_BETWEEN
            yield Finding(kind, article.where, f"{overlap.share:.0%} like {other.where}", other=other.where)

    def _conflicts(self, article: _Seen, first: _Seen) -> Iterator[str]:
        for task in self._taxonomy.article_tasks:
            yield from _conflict(task, task.name, article.labels, first.labels, first.where)
        for mediator in article.mediators.keys() & first.mediators.keys():
            for task in self._taxonomy.mediator_tasks:
                labels = article.mediators[mediator], first.mediators[mediator]
                yield from _conflict(task, f"{task.name} of {mediator!r}", *labels, first.where)


def _conflict(task: Task, whose: str, labels: Labels, others: Labels, place: str) -> Iterator[str]:
    if task.name not in labels or task.name not in others:
        return
    here, there = set(labels[task.name]), set(others[task.name])
    # Of one answer several labels are possible ones: two rows agree if one label is possible in both.
    agree = here & there if task.problem == "single_label" else here == there
    if not agree:
        yield f"the {whose} is {', '.join(sorted(here))!r} here and {', '.join(sorted(there))!r} in {place}"
