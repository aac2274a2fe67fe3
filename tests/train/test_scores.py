import json

import pytest

from wasit.models.errors import InputError
from wasit.models.prediction import Answer
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.answers import AnswerTable, ScoredAnswer
from wasit.train.scores import article_groups, confusion_matrix, task_scores

TASK = Taxonomy.default().task("stance")
FAVOURABLE, NEUTRAL, CRITICAL = TASK.label_names


def article(words: int, **columns: object) -> AnnotatedArticle:
    return AnnotatedArticle("line 1", "كلمة " * words, {}, {}, columns)


ARTICLES = [article(50, corpus="a"), article(51, corpus="b"), article(601), article(20, corpus="a")]


def table(*rows: tuple[str, str | None]) -> AnswerTable:
    scores = dict.fromkeys(TASK.label_names, 1 / 3)
    answers = [
        ScoredAnswer(TASK, number, "oslo", (gold,), None if said is None else Answer((said,), scores))
        for number, (gold, said) in enumerate(rows)
    ]
    return AnswerTable(TASK, tuple(answers))


TABLE = table((NEUTRAL, NEUTRAL), (NEUTRAL, CRITICAL), (CRITICAL, None), (CRITICAL, CRITICAL))


def test_articles_are_grouped_by_length_and_corpus() -> None:
    groups = article_groups(ARTICLES, [])
    assert {name: set(members) for name, members in groups.by_length.items() if members} == {
        "1–50": {0, 3},
        "51–150": {1},
        "over 600": {2},
    }
    assert groups.by_column == {"corpus": {"a": {0, 3}, "b": {1}, "(none)": {2}}}


def test_other_columns_take_the_place_of_corpus() -> None:
    articles = [AnnotatedArticle("line 1", "نص", {}, {}, {"corpus": "a", "year": 2024, "words": "x"})]
    assert list(article_groups(articles, ["year", "words"]).by_column) == ["year", "words"]
    with pytest.raises(InputError, match="--group-by: found 'month'; allowed: corpus, year, words"):
        article_groups(articles, ["month"])


def test_data_without_a_corpus_are_grouped_by_length_only() -> None:
    assert article_groups([article(1)], []).by_column == {}


def test_the_scores_of_a_task_are_plain_values() -> None:
    scores = task_scores(TABLE, article_groups(ARTICLES, []), resamples=50, seed=0)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert (scores["answers"], scores["articles"], scores["not_found"]) == (4, 4, 1)
    assert scores["accuracy"] == 0.5
    low, high = scores["accuracy_interval"]
    assert 0 <= low <= 0.5 <= high <= 1
    assert scores["by_label"][NEUTRAL] | {"f1_interval": None} == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "f1_interval": None,
        "support": 2,
    }
    assert scores["by_label"][FAVOURABLE]["f1"] is None
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0.5) / 2)
    assert scores["by_length"]["1–50"]["accuracy"] == 1
    assert scores["by_length"]["51–150"]["accuracy_interval"] is None
    assert scores["by_column"]["corpus"]["(none)"]["accuracy"] == 0
    assert scores["confusion_matrix"] == {
        "gold": [FAVOURABLE, NEUTRAL, CRITICAL],
        "predicted": [FAVOURABLE, NEUTRAL, CRITICAL, None],
        "counts": [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]],
    }


def test_without_missed_mediators_the_matrix_is_square() -> None:
    matrix = confusion_matrix(table((NEUTRAL, NEUTRAL)))
    assert matrix is not None
    assert matrix["predicted"] == matrix["gold"]


def test_a_task_with_several_answers_has_no_confusion_matrix() -> None:
    several = TASK.model_copy(update={"problem": "multi_label"})
    assert confusion_matrix(AnswerTable(several, TABLE.answers)) is None
