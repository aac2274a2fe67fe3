import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.models.encoded import Outline
from wasit.models.prediction import Decoded, Decoder, Logits, Prediction, held_labels, softmax
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


def outline_of(mentions: list[tuple[int, int, int]], pair_article: list[int]) -> Outline:
    """An article for each number in ``pair_article``; mentions are pair, start and end."""
    pair, start, end = np.array(mentions, dtype=np.int32).reshape(-1, 3).T
    articles = max(pair_article, default=0) + 1
    return Outline(
        tokens=np.full(articles, 4, dtype=np.int32),
        windows=np.full(articles, 1, dtype=np.int32),
        mention_start=start,
        mention_end=end,
        mention_pair=pair,
        pair_article=np.array(pair_article, dtype=np.int32),
        pair_mediator=np.zeros(len(pair_article), dtype=np.int32),
        mediators=("oman",),
    )


def decode(temperatures: dict[str, float] | None = None) -> Prediction:
    outline = outline_of([(0, 0, 4), (0, 19, 23)], [0])
    logits = Logits(
        answers={
            "kind": np.array([[2.0, 0.0]], dtype=np.float32),
            "tags": np.array([[3.0, -3.0]], dtype=np.float32),
            "part": np.array([[0.0, 1.0]], dtype=np.float32),
        },
        mentions={"part": np.array([[0.5, 0.0], [-0.5, 2.0]], dtype=np.float32)},
    )
    decoder = Decoder(TAXONOMY, temperatures or {})
    (prediction,) = decoder.predictions(outline, decoder([TEXT], outline, logits))
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


@settings(deadline=None)
@given(
    telling=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([-1.0, 0.5, 2.0])), min_size=1, max_size=9),
    favoured=st.lists(st.integers(0, 1), min_size=3, max_size=3),
)
def test_of_mentions_that_tell_as_much_the_first_is_the_evidence(
    telling: list[tuple[int, float]], favoured: list[int]
) -> None:
    # Pairs without a mention do not occur: every pair gets one that tells nothing.
    told = [*telling, *((pair, -9.0) for pair in range(3))]
    mentions = [(pair, 2 * place, 2 * place + 1) for place, (pair, _) in enumerate(told)]
    outline = outline_of(mentions, [0, 1, 1])
    of_mentions = np.zeros((len(told), 2), dtype=np.float32)
    for place, (pair, logit) in enumerate(told):
        of_mentions[place, favoured[pair]] = logit
    answers = {
        "kind": np.zeros((2, 2), dtype=np.float32),
        "tags": np.zeros((2, 2), dtype=np.float32),
        "part": np.eye(2, dtype=np.float32)[favoured],
    }
    text = "س " * len(told)
    decoded = Decoder(TAXONOMY, {})([text, text], outline, Logits(answers, {"part": of_mentions}))
    for pair in range(3):
        own = [(logit, place) for place, (of, logit) in enumerate(told) if of == pair]
        first = max(own, key=lambda one: (one[0], -one[1]))[1]
        assert decoded.evidence[pair, 2:].tolist() == [2 * first, 2 * first + 1]
        assert decoded.pair_mentions[pair] == len(own)


def test_objects_say_what_the_columns_say() -> None:
    scores = np.array([[0.25, 0.75], [0.5, 0.5]], dtype=np.float32)
    outline = outline_of([(0, 0, 4)], [1])
    decoded = Decoded(
        {"kind": scores, "tags": scores, "part": scores[:1]},
        np.array([1], dtype=np.int32),
        np.array([[0, 9, 0, 4]]),
    )
    without, with_mediator = Decoder(TAXONOMY, {}).predictions(outline, decoded)
    assert without.mediators == ()
    assert without.answers["tags"].labels == ("no",)
    assert with_mediator.answers["tags"].labels == ("yes", "no")
    assert with_mediator.answers["kind"].labels == ("yes",)
    (mediator,) = with_mediator.mediators
    assert (mediator.mediator, mediator.mentions, tuple(mediator.evidence)) == ("oman", 1, (0, 9, 0, 4))
    assert mediator.answers["part"].scores == {"yes": 0.25, "no": 0.75}


def test_of_labels_that_score_the_same_the_first_is_given() -> None:
    assert held_labels(TAXONOMY.tasks[0], np.array([[0.5, 0.5]], dtype=np.float32)).tolist() == [[True, False]]


@given(st.lists(st.floats(-500, 500, width=32), min_size=2, max_size=9))
def test_softmax_agrees_with_torch(row: list[float]) -> None:
    logits = np.array([row], dtype=np.float32)
    expected = torch.tensor(logits).softmax(1).numpy()
    np.testing.assert_allclose(softmax(logits), expected, atol=1e-6)


def test_softmax_of_no_rows_has_no_rows() -> None:
    assert softmax(np.zeros((0, 3), dtype=np.float32)).shape == (0, 3)
