from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.prediction import Answer, Prediction
from wasit.train import folds
from wasit.train.annotation import AnnotatedArticle
from wasit.train.folds import CrossValidation, deal_folds, predict_by_fold
from wasit.train.recipe import Recipe

ARTICLES = [
    AnnotatedArticle(f"line {number}", f"قالت قطر إن الجولة رقم {number} بدأت.", {"topic": ("sport",)}, {}, {})
    for number in range(40)
]


def test_articles_are_dealt_by_their_text() -> None:
    dealt = deal_folds(ARTICLES, 4, seed=0)
    assert set(dealt) == {0, 1, 2, 3}
    assert deal_folds(ARTICLES[::-1], 4, seed=0) == dealt[::-1]
    assert deal_folds([ARTICLES[3]] * 2 + ARTICLES, 4, seed=0)[:2] == (dealt[3], dealt[3])
    assert deal_folds(ARTICLES, 4, seed=1) != dealt


def test_a_fold_without_an_article_is_told() -> None:
    with pytest.raises(InputError, match=r"--folds: found 5 for 2 articles, which leaves fold \d without one"):
        deal_folds(ARTICLES[:2], 5, seed=0)


def test_predictions_come_back_in_the_order_of_the_articles() -> None:
    def predict(fold: int, articles: list[AnnotatedArticle]) -> list[Prediction]:
        return [Prediction({"where": Answer((article.where,), {})}, (), fold, 1) for article in articles]

    dealt = deal_folds(ARTICLES, 3, seed=0)
    found = predict_by_fold(ARTICLES, dealt, predict)
    assert [one.answers["where"].labels[0] for one in found] == [article.where for article in ARTICLES]
    assert tuple(one.tokens for one in found) == dealt


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> list[tuple[Path, frozenset[str]]]:
    """Instead of training, every run leaves the tiny model; the runs with the texts that they left out."""
    runs: list[tuple[Path, frozenset[str]]] = []

    def train(recipe: Recipe, resume: str | None, excluded_texts: frozenset[str]) -> dict[str, float]:
        assert resume == "auto"
        runs.append((Path(recipe.output), excluded_texts))
        Checkpoint.load(str(tiny_model)).save(Path(recipe.output))
        (Path(recipe.output) / "metrics.json").write_text("{}", encoding="utf-8")
        return {}

    monkeypatch.setattr(folds, "train", train)
    return runs


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., CrossValidation]:
    def make(count: int = 2, articles: list[AnnotatedArticle] = ARTICLES, **changes: Any) -> CrossValidation:
        stage = {"train": [{"path": "train.jsonl"}], "epochs": 1, "learning_rate": 1, "head_learning_rate": 1}
        recipe = Recipe.model_validate({"base": "b", "output": "elsewhere", "stages": [stage], **changes})
        return CrossValidation(recipe, tmp_path / "folds", articles, count, "cpu")

    return make


def test_no_model_answers_what_it_was_trained_on(
    trained: list[tuple[Path, frozenset[str]]], make_run: Callable[..., CrossValidation], tmp_path: Path
) -> None:
    dealt = deal_folds(ARTICLES, 2, seed=0)
    found = predict_by_fold(ARTICLES, dealt, make_run())
    assert len(found) == len(ARTICLES)
    assert [folder for folder, _ in trained] == [tmp_path / "folds" / "fold-1", tmp_path / "folds" / "fold-2"]
    assert [texts for _, texts in trained] == [
        {article.text for article, own in zip(ARTICLES, dealt, strict=True) if own == fold} for fold in (0, 1)
    ]


def test_what_is_done_is_not_done_again(
    trained: list[tuple[Path, frozenset[str]]], make_run: Callable[..., CrossValidation], tmp_path: Path
) -> None:
    first = make_run()(0, ARTICLES[:3])
    # Neither the elsewhere of the output nor the model of a fold that has answered matters any more.
    (tmp_path / "folds" / "fold-1" / "model.safetensors").unlink()
    assert make_run(output="another")(0, ARTICLES[:3]) == first
    assert len(trained) == 1
    make_run()(1, ARTICLES[3:5])
    assert len(trained) == 2


def test_a_model_that_was_trained_and_did_not_answer_is_not_trained_again(
    trained: list[tuple[Path, frozenset[str]]], make_run: Callable[..., CrossValidation], tmp_path: Path
) -> None:
    first = make_run()(0, ARTICLES[:3])
    (tmp_path / "folds" / "fold-1" / "answers.json").unlink()
    assert make_run()(0, ARTICLES[:3]) == first
    assert len(trained) == 1


@pytest.mark.parametrize(
    ("changes", "different"),
    [
        ({"count": 3}, "folds"),
        ({"seed": 9}, "recipe"),
        ({"articles": ARTICLES[1:]}, "data"),
        ({"count": 3, "base": "other"}, "folds, recipe"),
    ],
)
def test_folds_of_another_cross_validation_are_not_taken(
    make_run: Callable[..., CrossValidation], changes: dict[str, Any], different: str
) -> None:
    make_run()
    with pytest.raises(InputError, match=f"folds.yaml belongs to a cross-validation that differs in {different};"):
        make_run(**changes)


def test_answers_that_were_damaged_are_told(make_run: Callable[..., CrossValidation], tmp_path: Path) -> None:
    run = make_run()
    (tmp_path / "folds" / "fold-1").mkdir()
    (tmp_path / "folds" / "fold-1" / "answers.json").write_text("[{", encoding="utf-8")
    with pytest.raises(InputError, match="does not hold the answers of a fold; delete it"):
        run(0, ARTICLES)
