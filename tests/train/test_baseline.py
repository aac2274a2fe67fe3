from typing import Any

import pytest

from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.baseline import Baseline

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
        "mediators": [
            {"id": "oslo", "ar": "أوسلو", "en": "Oslo", "forms": ["أوسلو"]},
            {"id": "doha", "ar": "الدوحة", "en": "Doha", "forms": ["الدوحة"]},
        ],
    }
)
FILLER = "وقال شهود إن الطقس معتدل في المدينة وإن السوق مفتوحة أمام الناس كل يوم من الصباح حتى المساء. "
TALKS = "استضافت أوسلو جولة محادثات سلام رقم {}. "
BATTLE = "قصفت الدوحة مواقع القتال في المعركة رقم {}. "


def article(text: str, **labels: Any) -> AnnotatedArticle:
    mediators = labels.pop("mediators", {})
    return AnnotatedArticle("line 1", text, labels, mediators, {})


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    articles = []
    for number in range(6):
        part = {"oslo": {"part": ("peace",)}, "doha": {"part": ("war",)}}
        both = TALKS.format(number) + FILLER * 3 + BATTLE.format(number)
        articles += [
            article(TALKS.format(number), kind=("peace",), tags=("peace",)),
            article(BATTLE.format(number), kind=("war",), tags=("war",)),
            article(both, tags=("peace", "war"), mediators=part),
            # A set of possible labels and a mediator that the text does not name teach nothing.
            article(FILLER, kind=("sport", "war"), mediators={"oslo": {"part": ("sport",)}}),
        ]
    return Baseline(TAXONOMY, articles, ("kind", "tags", "part"))


def test_topics_are_learnt_from_the_text(baseline: Baseline) -> None:
    peace, war = baseline([TALKS.format(77), BATTLE.format(77)])
    assert (peace.answers["kind"].labels, war.answers["kind"].labels) == (("peace",), ("war",))
    assert sum(peace.answers["kind"].scores.values()) == pytest.approx(1)
    assert peace.answers["kind"].scores["sport"] == 0


def test_several_labels_can_hold(baseline: Baseline) -> None:
    (both,) = baseline([TALKS.format(77) + FILLER * 3 + BATTLE.format(77)])
    assert set(both.answers["tags"].labels) == {"peace", "war"}


def test_mediators_are_judged_by_the_words_around_them(baseline: Baseline) -> None:
    text = BATTLE.format(8) + FILLER * 3 + TALKS.format(8)
    (found,) = baseline([text])
    assert {one.mediator: one.answers["part"].labels for one in found.mediators} == {
        "oslo": ("peace",),
        "doha": ("war",),
    }
    evidence = found.mediators[0].evidence
    assert "الدوحة" in text[evidence.mention_start : evidence.mention_end]


def test_texts_without_mediators_have_none(baseline: Baseline) -> None:
    assert [one.mediators for one in baseline([FILLER])] == [()]


def test_one_label_is_not_enough_to_learn_from() -> None:
    articles = [article(TALKS.format(number), kind=("peace",)) for number in range(3)]
    with pytest.raises(InputError, match="--training-data: found labels of kind: peace; allowed: at least two"):
        Baseline(TAXONOMY, articles, ("kind",))
