"""TF-IDF with logistic regression: what a model has to beat."""

from collections.abc import Mapping, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer
from tqdm import tqdm

from wasit.models.errors import InputError
from wasit.models.evidence import evidence_for
from wasit.models.mentions import Mention, MentionFinder
from wasit.models.prediction import MULTI_LABEL_THRESHOLD, Answer, MediatorPrediction, Prediction
from wasit.models.taxonomy import Task, Taxonomy
from wasit.train.annotation import AnnotatedArticle

BASELINES = ("tfidf",)

CONTEXT = 120
"""Characters before and after a mention that the tasks of mediators read."""

_MOST_ITERATIONS = 1_000
_INVERSE_REGULARISATION = 10.0


class Baseline:
    """A classifier a task, on words and pieces of words; mediators are found as the model finds them.

    Args:
        taxonomy: Tasks and mediators.
        articles: What to learn from. Where a label is a set of possible ones, nothing is learnt of that task.
        tasks: Names of the tasks to learn.

    Raises:
        InputError: If fewer than two labels of a task occur.
    """

    def __init__(self, taxonomy: Taxonomy, articles: Sequence[AnnotatedArticle], tasks: Sequence[str]) -> None:
        """Trains."""
        self._finder = MentionFinder(taxonomy)
        chosen = [task for task in taxonomy.tasks if task.name in tasks]
        examples = self._examples(chosen, articles)
        bar = tqdm(chosen, desc="TF-IDF", unit="task", delay=2, disable=None)
        self._classifiers = {task.name: _TaskClassifier(task, examples[task.name]) for task in bar}
        self._article_tasks = [task.name for task in chosen if task.scope == "article"]
        self._mediator_tasks = [task.name for task in chosen if task.scope == "mediator"]

    def _examples(
        self, tasks: Sequence[Task], articles: Sequence[AnnotatedArticle]
    ) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        examples: dict[str, list[tuple[str, tuple[str, ...]]]] = {task.name: [] for task in tasks}
        for article in articles:
            mentions = self._mentions(article.text)
            for task in tasks:
                if task.scope == "article":
                    places = [(article.text, article.labels)]
                else:
                    places = [
                        (_surroundings(article.text, mentions[name]), labels)
                        for name, labels in article.mediators.items()
                        if name in mentions
                    ]
                examples[task.name] += [
                    (text, labels[task.name]) for text, labels in places if task.name in labels
                ]
        return examples

    def _mentions(self, text: str) -> dict[str, list[Mention]]:
        found: dict[str, list[Mention]] = {}
        for mention in self._finder.find(text):
            found.setdefault(mention.mediator, []).append(mention)
        return found

    def __call__(self, texts: Sequence[str]) -> list[Prediction]:
        """Predicts for each text; the evidence is the first mention's sentence."""
        mentions = [self._mentions(text) for text in texts]
        places = [(index, name) for index, found in enumerate(mentions) for name in found]
        surroundings = [_surroundings(texts[index], mentions[index][name]) for index, name in places]
        of_articles = self._answers(self._article_tasks, texts)
        of_mediators = self._answers(self._mediator_tasks, surroundings)
        mediators: list[list[MediatorPrediction]] = [[] for _ in texts]
        for (index, name), answers in zip(places, of_mediators, strict=True):
            own = mentions[index][name]
            evidence = evidence_for(texts[index], own[0].start, own[0].end)
            mediators[index].append(MediatorPrediction(name, len(own), answers, evidence))
        return [
            Prediction(answers, tuple(found), tokens=len(text.split()), windows=1)
            for text, answers, found in zip(texts, of_articles, mediators, strict=True)
        ]

    def _answers(self, tasks: Sequence[str], texts: Sequence[str]) -> list[Mapping[str, Answer]]:
        by_task = {task: self._classifiers[task](texts) for task in tasks}
        return [{task: answers[index] for task, answers in by_task.items()} for index in range(len(texts))]


class _TaskClassifier:
    def __init__(self, task: Task, examples: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        known = [pair for pair in examples if task.problem == "multi_label" or len(pair[1]) == 1]
        occurring = {label for _, labels in known for label in labels}
        if len(occurring) < 2:
            found = ", ".join(sorted(occurring)) or "none"
            raise InputError(f"--training-data: found labels of {task.name}: {found}; allowed: at least two")
        self.task = task
        self.labels = tuple(name for name in task.label_names if name in occurring)
        texts, labels = zip(*known, strict=True)
        regression = LogisticRegression(
            C=_INVERSE_REGULARISATION, class_weight="balanced", max_iter=_MOST_ITERATIONS
        )
        if task.problem == "single_label":
            self._pipeline = _pipeline(regression).fit(texts, [self.labels.index(label) for (label,) in labels])
        else:
            indicators = MultiLabelBinarizer(classes=self.labels).fit_transform(labels)
            self._pipeline = _pipeline(OneVsRestClassifier(regression)).fit(texts, indicators)

    def __call__(self, texts: Sequence[str]) -> list[Answer]:
        if not texts:
            return []
        return [self._answer(row) for row in self._pipeline.predict_proba(texts).tolist()]

    def _answer(self, row: Sequence[float]) -> Answer:
        # A label that no example has is never predicted.
        scores = dict.fromkeys(self.task.label_names, 0.0) | dict(zip(self.labels, row, strict=True))
        if self.task.problem == "single_label":
            return Answer((max(self.labels, key=scores.__getitem__),), scores)
        return Answer(tuple(name for name, score in scores.items() if score >= MULTI_LABEL_THRESHOLD), scores)


def _pipeline(classifier: LogisticRegression | OneVsRestClassifier) -> Pipeline:
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True)
    return make_pipeline(make_union(words, pieces), classifier)


def _surroundings(text: str, mentions: Sequence[Mention]) -> str:
    return "\n".join(text[max(0, mention.start - CONTEXT) : mention.end + CONTEXT] for mention in mentions)
