from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.models.mentions import Mention, MentionFinder
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle, Labels
from wasit.train.mediator_swap import MediatorSwapper, Swap

DEFAULT = Taxonomy.default()
SWAPPER = MediatorSwapper(DEFAULT)
FINDER = MentionFinder(DEFAULT)
STATES = {mediator.id for mediator in DEFAULT.mediators if mediator.capital is not None}


def two(*names: str) -> MediatorSwapper:
    """A swapper that knows two mediators only: each can only stand in the place of the other."""
    known = tuple(mediator for mediator in DEFAULT.mediators if mediator.id in names)
    return MediatorSwapper(DEFAULT.model_copy(update={"mediators": known}))


def article(text: str, *mediators: str) -> AnnotatedArticle:
    labels: dict[str, Labels] = {name: {} for name in mediators}
    return AnnotatedArticle("line 1", text, {"topic": ("sport",)}, labels, {"corpus": "a"})


def swapped(text: str, *mediators: str) -> Swap:
    swap = SWAPPER(article(text, *mediators))
    assert swap is not None
    return swap


@pytest.mark.parametrize(
    ("names", "text", "expected"),
    [
        (("qatar", "norway"), "قالت قطر إن الجولة بدأت في الدوحة.", "قالت النرويج إن الجولة بدأت في أوسلو."),
        (("qatar", "norway"), "وصل إلى النرويج وفد للنرويج.", "وصل إلى قطر وفد لقطر."),
        (("qatar", "norway"), "سلم لقطر ردا، وفي قطَر لقاء.", "سلم للنرويج ردا، وفي النرويج لقاء."),
        (("qatar", "norway"), "الوساطة القطرية والوفدان القطريان", "الوساطة النرويجية والوفدان النرويجيان"),
        (("qatar", "norway"), "دعم للقطريين وبالقطريين", "دعم للنرويجيين وبالنرويجيين"),
        (("qatar", "norway"), "وسيط قطري ومسعى نرويجي", None),
        (("qatar", "saudi_arabia"), "جهود السعودية وبالسعودية وللسعودية", "جهود قطر وبقطر ولقطر"),
        (("qatar", "switzerland"), "نقل ماجد الأنصاري الرد", "نقل إغنازيو كاسيس الرد"),
        (("algeria", "switzerland"), "أكدت الجزائر أن وفدا في الجزائر", "أكدت سويسرا أن وفدا في سويسرا"),
        (("jordan", "oman"), "اجتمعوا في عمّان أمس", "اجتمعوا في مسقط أمس"),
        (("igad", "quartet"), "بيان لإيغاد", "بيان للجنة الرباعية"),
        (("igad", "african_union"), "قال موسى فكي", "قال إيغاد"),
        (("qatar", "african_union"), "قالت قطر", None),
    ],
)
def test_the_other_stands_as_the_first_stood(names: tuple[str, str], text: str, expected: str | None) -> None:
    swap = two(*names)(article(text))
    assert (swap and swap.article.text) == expected


def test_labels_go_along_and_all_else_stays() -> None:
    text = "استضافت قطر وفدين، ودعا الاتحاد الأفريقي إلى الهدوء."
    before = article(text, "qatar", "african_union")
    before.mediators["qatar"]["role"] = ("facilitator",)
    swap = SWAPPER(before)
    assert swap is not None
    assert swap.article.mediators[swap.replaced["qatar"]] == {"role": ("facilitator",)}
    assert set(swap.article.mediators) == set(swap.replaced.values())
    assert (swap.article.where, swap.article.labels, swap.article.columns) == (
        before.where,
        before.labels,
        before.columns,
    )


def test_a_labelled_mediator_that_is_not_found_keeps_its_label_to_itself() -> None:
    for number in range(100):
        swap = swapped(f"أعلنت قطر الجولة رقم {number}.", "qatar", "norway")
        assert "norway" in swap.article.mediators
        assert swap.replaced["qatar"] != "norway"


def test_texts_without_mediators_are_not_swapped() -> None:
    assert SWAPPER(article("فاز المنتخب بهدفين.")) is None


def test_the_seed_says_who_stands_in_whose_place() -> None:
    text = "قالت قطر وتركيا إن المحادثات بدأت."
    choices = {str(SWAPPER(article(text), seed)) for seed in range(20)}
    assert len(choices) > 1
    assert SWAPPER(article(text), 3) == SWAPPER(article(text), 3)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Mediators written in all ways that are found, between words that name nobody."""
    pieces = []
    for mediator in draw(st.lists(st.sampled_from(DEFAULT.mediators), min_size=1, max_size=6)):
        form = draw(st.sampled_from((*mediator.all_forms, *mediator.marked_forms)))
        particle = draw(st.sampled_from(("", "و", "ب", "ل", "ال", "وال")))
        pieces += [draw(st.sampled_from(("أفاد", "في لقاء مع", "نص،"))), particle + form]
    return " ثم ".join(pieces)


@given(texts(), st.integers(0, 9))
def test_every_mention_is_another_mediator_of_the_same_kind(text: str, seed: int) -> None:
    swap = SWAPPER(article(text), seed)
    if swap is None:
        return
    before, after = FINDER.find(text), FINDER.find(swap.article.text)
    assert [swap.replaced[mention.mediator] for mention in before] == [mention.mediator for mention in after]
    assert len(set(swap.replaced.values())) == len(swap.replaced)
    assert not set(swap.replaced) & set(swap.replaced.values())
    assert all((name in STATES) == (other in STATES) for name, other in swap.replaced.items())
    assert _rest(text, before) == _rest(swap.article.text, after)


def _rest(text: str, mentions: Sequence[Mention]) -> list[str]:
    starts = [0, *(mention.end for mention in mentions)]
    ends = [*(mention.start for mention in mentions), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]
