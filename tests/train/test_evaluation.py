from pathlib import Path

import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.evaluation import (
    Candidate,
    Settings,
    build_metrics,
    check_same_labels,
    evaluate,
    fold_scores,
    missed_mediators,
)

TEXTS = ["قالت قطر إن المحادثات بدأت.", "فاز المنتخب بهدفين.", "وصل وفد من مصر إلى مسقط."]
TAXONOMY = Taxonomy.default()


@pytest.fixture(scope="module")
def predictor(tiny_model: Path) -> Predictor:
    return Predictor(Checkpoint.load(str(tiny_model)), torch.device("cpu"))


def gold(predictor: Predictor) -> list[AnnotatedArticle]:
    """Annotations that agree with whatever the model says."""
    return [
        AnnotatedArticle(
            where=f"line {number}",
            text=text,
            labels={"topic": prediction.answers["topic"].labels},
            mediators={
                found.mediator: {name: answer.labels for name, answer in found.answers.items()}
                for found in prediction.mediators
            },
            columns={},
        )
        for number, (text, prediction) in enumerate(zip(TEXTS, predictor(TEXTS), strict=True))
    ]


def accuracies(found: Candidate) -> dict[str, float]:
    return {
        name: sum(answer.is_right for answer in table.answers) / len(table.answers)
        for name, table in found.tables.items()
    }


def test_a_model_that_agrees_with_gold_is_right(predictor: Predictor) -> None:
    result = evaluate(predictor, gold(predictor))
    assert {name: len(table.answers) for name, table in result.tables.items()} == {
        "topic": 3,
        "role": 3,
        "stance": 3,
    }
    assert accuracies(result) == {"topic": 1, "role": 1, "stance": 1}
    assert missed_mediators(result, gold(predictor)) == []


def test_a_gold_mediator_that_is_not_found_is_wrong_and_listed_once(predictor: Predictor) -> None:
    articles = gold(predictor)
    articles[1].mediators["norway"] = {"role": ("facilitator",), "stance": ("neutral",)}
    result = evaluate(predictor, articles)
    assert missed_mediators(result, articles) == [{"where": "line 1", "mediator": "norway"}]
    assert accuracies(result) == {"topic": 1, "role": 0.75, "stance": 0.75}


def test_any_label_of_a_set_is_right_and_others_are_wrong(predictor: Predictor) -> None:
    articles = gold(predictor)
    said = [article.labels["topic"][0] for article in articles]
    others = [name for name in TAXONOMY.task("topic").label_names if name not in said]
    articles[0].labels["topic"] = (others[0], said[0])
    articles[1].labels["topic"] = tuple(others[:2])
    assert accuracies(evaluate(predictor, articles))["topic"] == pytest.approx(2 / 3)


def test_tasks_without_gold_are_not_scored_and_data_without_any_are_told(predictor: Predictor) -> None:
    article = AnnotatedArticle("data.jsonl: line 1", TEXTS[0], {}, {"qatar": {"role": ("party",)}}, {})
    result = evaluate(predictor, [article])
    assert list(result.tables) == ["role"]
    metrics = build_metrics(result, [], [article], TAXONOMY, Settings(resamples=10))
    assert metrics["not_scored"] == ["topic", "stance"]
    unlabelled = AnnotatedArticle("data.jsonl: line 1", TEXTS[0], {}, {"qatar": {}}, {})
    with pytest.raises(InputError, match="line 1 and all that follows: found no label of any task of the model"):
        evaluate(predictor, [unlabelled])


def test_a_model_compared_with_itself_is_no_better(predictor: Predictor) -> None:
    articles = gold(predictor)
    result = evaluate(predictor, articles)
    metrics = build_metrics(result, [result], articles, TAXONOMY, Settings(resamples=50))
    other = metrics["others"][result.name]
    assert other["tasks"] == metrics["tasks"]
    same = {"difference": 0, "interval": [0, 0], "other_is_better": 0}
    assert other["differences"] == {
        name: {"accuracy": same, "macro_f1": same} for name in ("topic", "role", "stance")
    }


def test_one_article_gives_a_difference_without_an_interval(predictor: Predictor) -> None:
    articles = gold(predictor)[:1]
    result = evaluate(predictor, articles)
    metrics = build_metrics(result, [result], articles, TAXONOMY, Settings(resamples=50))
    found = metrics["others"][result.name]["differences"]["topic"]["accuracy"]
    assert found == {"difference": 0, "interval": None, "other_is_better": None}


def test_models_with_other_labels_are_not_compared() -> None:
    content = TAXONOMY.to_dict()
    reordered = Taxonomy.from_dict(
        content | {"tasks": [task | {"labels": task["labels"][::-1]} for task in content["tasks"]]}
    )
    check_same_labels(TAXONOMY.tasks, reordered, "other")
    fewer = Taxonomy.from_dict(content | {"tasks": content["tasks"][:1]})
    with pytest.raises(InputError, match="--compare: other has no task 'role'; found topic"):
        check_same_labels(TAXONOMY.tasks, fewer, "other")
    shorter = Taxonomy.from_dict(
        content | {"tasks": [task | {"labels": task["labels"][1:]} for task in content["tasks"]]}
    )
    with pytest.raises(InputError, match="--compare: found for topic of other: single_label of the article, "):
        check_same_labels(TAXONOMY.tasks, shorter, "other")


def test_folds_are_scored_one_by_one(predictor: Predictor) -> None:
    articles = gold(predictor)
    said = articles[2].labels["topic"][0]
    articles[2].labels["topic"] = (next(name for name in TAXONOMY.task("topic").label_names if name != said),)
    scores = fold_scores(evaluate(predictor, articles), (0, 1, 1))
    assert scores["topic"]["accuracy"] == {
        "mean": 0.75,
        "standard_deviation": pytest.approx(0.5 / 2**0.5),
        "by_fold": [1.0, 0.5],
    }
    # The second article names no mediator, the third one does.
    assert fold_scores(evaluate(predictor, articles), (0, 1, 0))["role"]["accuracy"] == {
        "mean": 1.0,
        "standard_deviation": None,
        "by_fold": [1.0, None],
    }
