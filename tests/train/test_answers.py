import pytest

from wasit.models.evidence import Evidence
from wasit.models.prediction import Answer, MediatorPrediction, Prediction
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.answers import ScoredAnswer, answer_table

LABELS = [
    {"name": name, "ar": "اسم", "en": name, "definition": "What it means."} for name in ("war", "peace", "sport")
]
TASK = {"ar": "نوع", "en": "Kind", "labels": LABELS}
TAXONOMY = Taxonomy.from_dict(
    {
        "tasks": [
            {**TASK, "name": "kind", "scope": "article", "problem": "single_label"},
            {**TASK, "name": "tags", "scope": "article", "problem": "multi_label"},
            {**TASK, "name": "part", "scope": "mediator", "problem": "single_label"},
        ],
        "mediators": [{"id": "oslo", "ar": "أوسلو", "en": "Oslo", "forms": ["أوسلو"]}],
    }
)
KIND, TAGS, PART = TAXONOMY.tasks
SCORES = {"war": 0.7, "peace": 0.2, "sport": 0.1}


def test_gold_and_predictions_meet_where_gold_has_a_label() -> None:
    articles = [
        AnnotatedArticle("line 1", "a", {"kind": ("war",)}, {}, {}),
        AnnotatedArticle("line 2", "b", {}, {"oslo": {"part": ("peace",)}}, {}),
        AnnotatedArticle("line 3", "c", {"kind": ("sport",)}, {"oslo": {"part": ("war",)}}, {}),
    ]
    answer = Answer(("war",), SCORES)
    evidence = Evidence(0, 1, 0, 1)
    found = MediatorPrediction("oslo", 1, {"part": answer}, evidence)
    predictions = [
        Prediction({"kind": answer}, (), 1, 1),
        Prediction({"kind": answer}, (), 1, 1),
        Prediction({"kind": answer}, (found,), 1, 1),
    ]
    kind, part = (answer_table(task, articles, predictions) for task in (KIND, PART))
    assert [(one.article, one.is_right) for one in kind.answers] == [(0, True), (2, False)]
    assert [(one.article, one.mediator, one.given, one.evidence) for one in part.answers] == [
        (1, "oslo", None, None),
        (2, "oslo", answer, evidence),
    ]
    assert [one.article for one in part.missed] == [1]
    assert [one.article for one in part.only({2}).answers] == [2]


@pytest.mark.parametrize(
    ("gold", "is_right", "reference"),
    [(("war",), True, "war"), (("peace", "war"), True, "war"), (("peace", "sport"), False, "peace")],
)
def test_of_a_set_of_possible_labels_any_is_right(gold: tuple[str, ...], is_right: bool, reference: str) -> None:
    answer = ScoredAnswer(KIND, 0, None, gold, Answer(("war",), SCORES))
    assert (answer.is_right, answer.reference) == (is_right, (reference,))


@pytest.mark.parametrize(
    ("gold", "given", "is_right"),
    [
        (("war", "peace"), ("peace", "war"), True),
        (("war", "peace"), ("war",), False),
        ((), (), True),
        ((), ("war",), False),
    ],
)
def test_several_labels_are_right_together(gold: tuple[str, ...], given: tuple[str, ...], is_right: bool) -> None:
    assert ScoredAnswer(TAGS, 0, None, gold, Answer(given, SCORES)).is_right is is_right


def test_a_mediator_that_was_not_found_is_wrong_even_where_no_label_holds() -> None:
    for task, gold in ((PART, ("war",)), (TAGS, ())):
        answer = ScoredAnswer(task, 0, "oslo", gold, None)
        assert (answer.is_right, answer.predicted, answer.certainty) == (False, (), None)


def test_certainty_is_the_chance_of_being_right_as_a_whole() -> None:
    assert ScoredAnswer(KIND, 0, None, ("war",), Answer(("war",), SCORES)).certainty == 0.7
    several = ScoredAnswer(TAGS, 0, None, ("war",), Answer(("war",), SCORES))
    assert several.certainty == pytest.approx(0.7 * 0.8 * 0.9)
