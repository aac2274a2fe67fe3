from pathlib import Path

import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.predictor import Predictor
from wasit.train.annotation import AnnotatedArticle
from wasit.train.evaluation import evaluate

TEXTS = ["قالت قطر إن المحادثات بدأت.", "فاز المنتخب بهدفين.", "وصل وفد من مصر إلى مسقط."]


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


def test_a_model_that_agrees_with_gold_is_right(predictor: Predictor) -> None:
    result = evaluate(predictor, gold(predictor))
    assert result.support == {"topic": 3, "role": 3, "stance": 3}
    assert {scores["accuracy"] for scores in result.scores.values()} == {1.0}
    assert result.missed == ()


def test_a_gold_mediator_that_is_not_found_is_wrong_and_listed(predictor: Predictor) -> None:
    articles = gold(predictor)
    articles[1].mediators["norway"] = {"role": ("facilitator",)}
    result = evaluate(predictor, articles)
    assert result.missed == (("line 1", "norway"),)
    assert result.scores["role"]["accuracy"] == 0.75
    assert result.support == {"topic": 3, "role": 4, "stance": 3}


def test_any_label_of_a_set_is_right_and_others_are_wrong(predictor: Predictor) -> None:
    articles = gold(predictor)
    names = predictor.checkpoint.taxonomy.task("topic").label_names
    said = articles[0].labels["topic"][0]
    other, another = [name for name in names if name != said][:2]
    articles[0].labels["topic"] = (other, said)
    articles[1].labels["topic"] = tuple(
        name for name in (other, another) if name != articles[1].labels["topic"][0]
    )
    assert evaluate(predictor, articles).scores["topic"]["accuracy"] == pytest.approx(2 / 3)


def test_tasks_without_gold_are_not_scored(predictor: Predictor) -> None:
    article = AnnotatedArticle("line 1", TEXTS[0], {}, {}, {})
    assert evaluate(predictor, [article]).scores == {}
