import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wasit.models.encoded import EncodedArticles
from wasit.models.encoding import EncodedArticle
from wasit.models.mentions import Mention
from wasit.models.prediction import Decoder, Logits, Prediction, softmax
from wasit.models.taxonomy import Taxonomy

LABELS = [{"name": name, "ar": "اسم", "en": name, "definition": "What it means."} for name in ("yes", "no")]
TAXONOMY = Taxonomy.from_dict(
    {
        "tasks": [
            {
                "name": "kind",
                "scope": "article",
                "problem": "single_label",
                "ar": "نوع",
                "en": "kind",
                "labels": LABELS,
            },
            {
                "name": "tags",
                "scope": "article",
                "problem": "multi_label",
                "ar": "وسم",
                "en": "tags",
                "labels": LABELS,
            },
            {
                "name": "part",
                "scope": "mediator",
                "problem": "single_label",
                "ar": "دور",
                "en": "part",
                "labels": LABELS,
            },
        ],
        "mediators": [{"id": "oman", "ar": "عمان", "en": "Oman", "forms": ["مسقط"]}],
    }
)
TEXT = "مسقط في العنوان\nثم مسقط في المتن."


def decode(temperatures: dict[str, float] | None = None) -> Prediction:
    mentions = (Mention("oman", 0, 4), Mention("oman", 19, 23))
    article = EncodedArticle(
        np.array([1, 9, 5, 9, 5, 2], dtype=np.int32), np.array([6]), np.array([1, 3]), mentions, 4
    )
    logits = Logits(
        answers={
            "kind": np.array([[2.0, 0.0]], dtype=np.float32),
            "tags": np.array([[3.0, -3.0]], dtype=np.float32),
            "part": np.array([[0.0, 1.0]], dtype=np.float32),
        },
        mentions={"part": np.array([[0.5, 0.0], [-0.5, 2.0]], dtype=np.float32)},
    )
    encoded = EncodedArticles.join([article])
    (prediction,) = Decoder(TAXONOMY, temperatures or {})([TEXT], [article], encoded, logits)
    return prediction


def test_the_highest_score_answers_a_task_with_one_label() -> None:
    answer = decode().answers["kind"]
    assert answer.labels == ("yes",)
    assert answer.scores == pytest.approx({"yes": 0.8808, "no": 0.1192}, abs=1e-4)


def test_every_label_that_holds_answers_a_task_with_several() -> None:
    answer = decode().answers["tags"]
    assert answer.labels == ("yes",)
    assert sum(answer.scores.values()) == pytest.approx(1.0, abs=1e-4)


def test_a_temperature_changes_scores_and_no_label() -> None:
    cool, plain = decode({"kind": 2.0}).answers["kind"], decode().answers["kind"]
    assert cool.labels == plain.labels
    assert cool.scores["yes"] == pytest.approx(0.7311, abs=1e-4)


def test_the_evidence_is_the_mention_that_speaks_most_for_the_answer() -> None:
    (mediator,) = decode().mediators
    assert (mediator.mediator, mediator.mentions) == ("oman", 2)
    assert mediator.answers["part"].labels == ("no",)
    assert TEXT[mediator.evidence.start : mediator.evidence.end] == "ثم مسقط في المتن."
    assert mediator.evidence.mention_start == 19


@given(st.lists(st.floats(-500, 500, width=32), min_size=2, max_size=9))
def test_softmax_agrees_with_torch(row: list[float]) -> None:
    logits = np.array([row], dtype=np.float32)
    expected = torch.tensor(logits).softmax(1).numpy()
    np.testing.assert_allclose(softmax(logits), expected, atol=1e-6)


def test_softmax_of_no_rows_has_no_rows() -> None:
    assert softmax(np.zeros((0, 3), dtype=np.float32)).shape == (0, 3)
