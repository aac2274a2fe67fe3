"""Cross-validation of a recipe: each article is answered by a model that was not trained on it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError
from tqdm import tqdm

from wasit.models.checkpoint import Checkpoint
from wasit.models.devices import pick_device
from wasit.models.errors import InputError
from wasit.models.prediction import Prediction
from wasit.models.predictor import Predictor
from wasit.train.annotation import AnnotatedArticle
from wasit.train.recipe import Recipe
from wasit.train.training import METRICS_FILE, train

ANSWERS_FILE = "answers.json"
PLAN_FILE = "folds.yaml"

_PREDICTIONS = TypeAdapter(list[Prediction])
_DIGITS = 16


def deal_folds(articles: Sequence[AnnotatedArticle], folds: int, seed: int) -> tuple[int, ...]:
    """Deals articles to folds by their text, so that the same text is in the same fold wherever it stands.

    Args:
        articles: At least one for each fold.
        folds: How many there are, at least 2.
        seed: Another seed deals otherwise.

    Returns:
        The fold of each article.

    Raises:
        InputError: If a fold gets no article.
    """
    dealt = tuple(int(_digest(f"fold:{seed}:{article.text}"), 16) % folds for article in articles)
    empty = sorted(set(range(folds)) - set(dealt))
    if empty:
        raise InputError(
            f"--folds: found {folds} for {len(articles)} articles, which leaves fold {empty[0] + 1} without one; "
            "allowed: fewer folds"
        )
    return dealt


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def predict_by_fold(
    articles: Sequence[AnnotatedArticle],
    fold_of: Sequence[int],
    predict: Callable[[int, list[AnnotatedArticle]], list[Prediction]],
) -> list[Prediction]:
    """Asks for the predictions of one fold after another and puts them into the order of the articles.

    Args:
        articles: All articles.
        fold_of: The fold of each.
        predict: Is given the number of a fold and its articles.
    """
    found: dict[int, Prediction] = {}
    for fold in range(max(fold_of) + 1):
        indexes = [index for index, own in enumerate(fold_of) if own == fold]
        predictions = predict(fold, [articles[index] for index in indexes])
        found.update(zip(indexes, predictions, strict=True))
    return [found[index] for index in range(len(articles))]


class CrossValidation:
    """Trains a model for each fold and keeps its answers; what is done is not done again.

    Args:
        recipe: How to train; its output and its data of evaluation do not matter here.
        folder: Gets ``fold-1``, ``fold-2``, …, a model each, and ``folds.yaml``, which says what they are.
        articles: All articles that are dealt to folds.
        folds: How many there are.
        device: Where the models answer.

    Raises:
        InputError: If the folder holds the folds of another recipe, number of folds or data.
    """

    def __init__(
        self, recipe: Recipe, folder: Path, articles: Sequence[AnnotatedArticle], folds: int, device: str
    ) -> None:
        """Makes sure that the folder is fresh or holds a part of this very cross-validation."""
        self._recipe = recipe
        self._folder = folder
        self._device = pick_device(device)
        plan = {
            "folds": folds,
            "data": _digest(
                "".join(sorted(_digest(repr((one.text, one.labels, one.mediators))) for one in articles))
            ),
            "recipe": recipe.model_dump(mode="json", exclude={"output", "card"}),
        }
        _check_plan(folder / PLAN_FILE, plan)

    def __call__(self, fold: int, articles: list[AnnotatedArticle]) -> list[Prediction]:
        """Predicts the articles of a fold with a model that has not seen them."""
        folder = self._folder / f"fold-{fold + 1}"
        answers = folder / ANSWERS_FILE
        if answers.is_file():
            return _read_answers(answers)
        texts = [article.text for article in articles]
        if not (folder / METRICS_FILE).is_file():
            recipe = self._recipe.model_copy(update={"output": str(folder)})
            train(recipe, resume="auto", excluded_texts=frozenset(texts))
        predictor = Predictor(Checkpoint.load(str(folder)), self._device)
        with tqdm(total=len(texts), desc=folder.name, unit=" articles", delay=2, disable=None) as bar:
            predictions = predictor(texts, bar.update)
        # Under its name the file is whole: a run that was killed while writing leaves another one.
        unfinished = answers.with_suffix(".part")
        unfinished.write_bytes(_PREDICTIONS.dump_json(predictions))
        unfinished.replace(answers)
        return predictions


def _check_plan(path: Path, plan: dict[str, object]) -> None:
    if path.is_file():
        known = yaml.safe_load(path.read_text(encoding="utf-8"))
        different = [name for name in plan if not isinstance(known, dict) or known.get(name) != plan[name]]
        if different:
            raise InputError(
                f"--folds: {path} belongs to a cross-validation that differs in {', '.join(different)}; "
                "allowed: the same command again, or another folder"
            )
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(plan, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _read_answers(path: Path) -> list[Prediction]:
    try:
        return _PREDICTIONS.validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(
            f"{path}: does not hold the answers of a fold; delete it to have them made anew"
        ) from error
