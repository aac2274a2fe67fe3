from pathlib import Path

import numpy as np
import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.predictor import Predictor
from wasit.train import stability as room
from wasit.train.annotation import AnnotatedArticle
from wasit.train.evaluation import evaluate
from wasit.train.mediator_swap import Swap
from wasit.train.stability import FIRST_WINDOW, NO_MARKERS, OTHER_MEDIATORS, first_windows, stability

SHORT = "قالت قطر إن المحادثات بدأت، ووصل وفد من مصر."
LONG = "قالت قطر إن المحادثات بدأت. " + "فاز المنتخب بهدفين في المباراة. " * 30 + "ووصل وفد من مصر إلى مسقط."


@pytest.fixture(scope="module")
def predictor(tiny_model: Path) -> Predictor:
    return Predictor(Checkpoint.load(str(tiny_model)), torch.device("cpu"))


def gold(text: str, *mediators: str) -> AnnotatedArticle:
    roles = {name: {"role": ("party",), "stance": ("neutral",)} for name in mediators}
    return AnnotatedArticle("line 1", text, {"topic": ("sport",)}, roles, {})


ARTICLES = [gold("فاز المنتخب بهدفين."), gold(SHORT, "qatar", "egypt"), gold(LONG, "qatar", "oman")]


def test_each_change_is_scored_where_it_changes_something(predictor: Predictor) -> None:
    tables = tuple(evaluate(predictor, ARTICLES).tables.values())
    found = stability(predictor, ARTICLES, tables)
    answers = {change: {task: one["answers"] for task, one in tasks.items()} for change, tasks in found.items()}
    assert answers == {
        OTHER_MEDIATORS: {"topic": 2, "role": 4, "stance": 4},
        NO_MARKERS: {"topic": 3},
        # The first window of the long article does not get as far as Muscat.
        FIRST_WINDOW: {"topic": 1, "role": 1, "stance": 1},
    }


def test_nothing_changes_where_nothing_is_changed(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    class Same:
        def __init__(self, taxonomy: object) -> None:
            """Knows nobody else."""

        def __call__(self, article: AnnotatedArticle) -> Swap:
            return Swap(article, {name: name for name in article.mediators})

    monkeypatch.setattr(room, "MediatorSwapper", Same)
    tables = tuple(evaluate(predictor, ARTICLES).tables.values())
    for scores in stability(predictor, ARTICLES, tables)[OTHER_MEDIATORS].values():
        assert scores["unchanged"] == 1
        assert (scores["accuracy"], scores["macro_f1"]) == (scores["changed_accuracy"], scores["changed_macro_f1"])


def test_a_model_that_goes_by_the_name_is_found_out(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever is said of the changed articles is said of texts that are quite other ones.
    class Other:
        def __init__(self, taxonomy: object) -> None:
            """Knows one text."""

        def __call__(self, article: AnnotatedArticle) -> Swap | None:
            if article.text != SHORT:
                return None
            return Swap(gold("نرويج " * 40 + "النرويج وسويسرا", "norway", "switzerland"), {})

    monkeypatch.setattr(room, "MediatorSwapper", Other)
    table = evaluate(predictor, ARTICLES).tables["role"]
    said = {answer.mediator: answer.predicted for answer in table.answers if answer.article == 1}
    now = {
        one.mediator: one.answers["role"].labels
        for one in predictor(["نرويج " * 40 + "النرويج وسويسرا"])[0].mediators
    }
    same = [said["qatar"] == now["norway"], said["egypt"] == now["switzerland"]]
    assert stability(predictor, ARTICLES, [table])[OTHER_MEDIATORS]["role"]["unchanged"] == np.mean(same)


def test_first_windows_are_what_the_first_windows_of_the_articles_are(predictor: Predictor) -> None:
    texts = [LONG, SHORT, LONG + LONG]
    whole, first = predictor.encode(texts), first_windows(predictor.encode(texts))
    assert first.outline.windows.tolist() == [1, 1, 1]
    starts = np.cumsum(whole.window_tokens) - whole.window_tokens
    for article, (start, length) in enumerate(
        (starts[window], whole.window_tokens[window])
        for window in np.searchsorted(whole.window_article, np.arange(3))
    ):
        own = list(first.singly())[article]
        assert own.input_ids.tolist() == whole.input_ids[start : start + length].tolist()
        assert set(own.input_ids[own.marker_place]) == {predictor.checkpoint.text_side.encoder().marker_id}
    assert [len(one.mentions.start) for one in first.singly()] == [1, 2, 1]
