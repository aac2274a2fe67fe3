"""How often each label is given, and which labels are too rare to be learnt."""

from collections import Counter
from collections.abc import Iterator, Sequence

from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.articles import AnnotatedArticle, Labels
from wasit.train.findings import FEW_EXAMPLES, NO_EXAMPLE, NO_TASK, Finding

FEW = 10

# No label can have such a name.
ONE_OF_SEVERAL = "(one of several)"
NONE_HOLDS = "(none holds)"
NOT_LABELLED = "(not labelled)"


class LabelCounts:
    """Counts the labels of splits. What is one of several possible labels is counted as that."""

    def __init__(self, taxonomy: Taxonomy, splits: Sequence[str]) -> None:
        """Begins at zero.

        Args:
            taxonomy: Its labels are counted.
            splits: Names of the splits; the first is what the model learns from.
        """
        self._taxonomy = taxonomy
        self._splits = tuple(splits)
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._possible: Counter[tuple[str, str]] = Counter()

    def add(self, split: str, article: AnnotatedArticle) -> None:
        """Counts the labels of an article."""
        for task in self._taxonomy.article_tasks:
            self._add(split, task, article.labels)
        for task in self._taxonomy.mediator_tasks:
            for labels in article.mediators.values():
                self._add(split, task, labels)

    def to_dict(self) -> dict[str, dict[str, dict[str, int]]]:
        """For each task and label the count by split; what is no label follows the labels if it occurs."""
        return {task.name: dict(self._rows(task)) for task in self._taxonomy.tasks}

    def findings(self) -> Iterator[Finding]:
        """Warns of the labels that the first split has not, or hardly."""
        training = self._splits[0]
        for task in self._taxonomy.tasks:
            possible = {name: self._possible[task.name, name] for name in task.label_names}
            if not any(possible.values()):
                yield Finding(NO_TASK, training, f"{task.name!r} is never labelled")
                continue
            for name in task.label_names:
                count = self._counts[task.name, name, training]
                if not possible[name]:
                    yield Finding(NO_EXAMPLE, training, f"{task.name} is never {name!r}")
                elif count < FEW:
                    yield Finding(
                        FEW_EXAMPLES, training, f"{task.name} is {name!r} in fewer than {FEW} cases: {count}"
                    )

    def _add(self, split: str, task: Task, labels: Labels) -> None:
        names = labels.get(task.name)
        if split == self._splits[0]:
            self._possible.update((task.name, name) for name in names or ())
        if names is None:
            counted: tuple[str, ...] = (NOT_LABELLED,)
        elif task.problem == "single_label" and len(names) > 1:
            counted = (ONE_OF_SEVERAL,)
        else:
            counted = names or (NONE_HOLDS,)
        self._counts.update((task.name, name, split) for name in counted)

    def _rows(self, task: Task) -> Iterator[tuple[str, dict[str, int]]]:
        for name in (*task.label_names, ONE_OF_SEVERAL, NONE_HOLDS, NOT_LABELLED):
            by_split = {split: self._counts[task.name, name, split] for split in self._splits}
            if name in task.label_names or any(by_split.values()):
                yield name, by_split
