import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from wasit.models.errors import ConfigError, InputError
from wasit.models.mediators import Mediator
from wasit.models.taxonomy import Taxonomy

NAMES = "ASCII letters in lower case, digits and single underscores, as in peace_process"
ONCE = "allowed: a form of one mediator only"


def label(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "ar": "اسم", "en": "Name", "definition": "What it is.", **more}


def task(name: str, **more: Any) -> dict[str, Any]:
    labels = [label("yes"), label("no")]
    head = {"name": name, "scope": "article", "problem": "single_label", "ar": "سؤال", "en": "Question"}
    return {**head, "labels": labels, **more}


def mediator(name: str, *forms: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "ar": "اسم", "en": "Name", "forms": list(forms), **more}


def problems_of(**content: Any) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        Taxonomy.from_dict({"tasks": [task("topic")], **content}, "x")
    return [problem.removeprefix("x: ") for problem in raised.value.problems]


@pytest.fixture
def small() -> Taxonomy:
    tasks = [task("topic"), task("role", scope="mediator"), task("tone", scope="mediator", problem="multi_label")]
    return Taxonomy.from_dict({"tasks": tasks, "mediators": [mediator("oz", "أوز", adjectives=["أوزي"])]})


def test_tasks_are_told_apart_by_scope(small: Taxonomy) -> None:
    assert [task.name for task in small.article_tasks] == ["topic"]
    assert [task.name for task in small.mediator_tasks] == ["role", "tone"]


def test_labels_have_the_order_of_the_file(small: Taxonomy) -> None:
    assert small.task("topic").label_names == ("yes", "no")
    assert [small.task("topic").index(name) for name in ("yes", "no")] == [0, 1]


def test_unknown_names_are_answered_with_the_known_ones(small: Taxonomy) -> None:
    with pytest.raises(InputError, match=r"'topics'.*topic, role, tone"):
        small.task("topics")
    with pytest.raises(InputError, match=r"topic.*'maybe'.*yes, no"):
        small.task("topic").index("maybe")


@pytest.mark.parametrize("whole", [True, False])
def test_it_survives_json_and_pickle(small: Taxonomy, whole: bool) -> None:
    taxonomy = Taxonomy.default() if whole else small
    assert Taxonomy.from_dict(json.loads(json.dumps(taxonomy.to_dict()))) == taxonomy
    assert pickle.loads(pickle.dumps(taxonomy)) == taxonomy


def test_the_default_is_read_once() -> None:
    assert Taxonomy.default() is Taxonomy.default()


def test_problems_of_different_parts_are_told_together() -> None:
    wrong = task("Topic", scope="page", problem="one", labels=[label("a b", iptc="medtop:1"), label("b", en="")])
    assert problems_of(tasks=[wrong], mediators=[mediator("m", "كلمة", ar="x\ny"), mediator("m-1")]) == [
        "tasks[0].name: is not a name, found 'Topic'; allowed: " + NAMES,
        "tasks[0].scope: is not one of the values allowed here, found 'page'; allowed: article, mediator",
        "tasks[0].problem: is not one of the values allowed here, found 'one'; allowed: single_label, multi_label",
        "tasks[0].labels[0].name: is not a name, found 'a b'; allowed: " + NAMES,
        "tasks[0].labels[0].iptc: is no IPTC Media Topics id, found 'medtop:1'; "
        "allowed: medtop: and eight digits, or null",
        "tasks[0].labels[1].en: string should have at least 1 character, found ''",
        "mediators[0].ar: runs over several lines, found 'x\\ny'; allowed: one line",
        "mediators[1].id: is not a name, found 'm-1'; allowed: " + NAMES,
        "mediators[1].forms: has too few items, found []; allowed: at least 1",
    ]


def test_names_are_taken_once() -> None:
    repeated = task("topic", labels=[label("a"), label("b"), label("a")])
    assert problems_of(tasks=[repeated]) == [
        "tasks[0].labels[2].name: is taken already, found 'a'; allowed: each name once"
    ]
    assert problems_of(tasks=[task("a"), task("a")], mediators=[mediator("m", "x"), mediator("m", "y")]) == [
        "tasks[1].name: is taken already, found 'a'; allowed: each name once",
        "mediators[1].id: is taken already, found 'm'; allowed: each name once",
    ]


def test_a_task_needs_two_labels() -> None:
    assert problems_of(tasks=[task("a", labels=[label("b")])])[0].startswith("tasks[0].labels: has too few items")
    assert problems_of(tasks=[]) == ["tasks: has too few items, found []; allowed: at least 1"]


@pytest.mark.parametrize("form", ["", "  ", "!؟", "ـــ", "ًَُ", "😀"])
def test_a_form_has_something_to_look_for(form: str) -> None:
    (problem,) = problems_of(mediators=[mediator("m", "كلمة", form)])
    assert problem.startswith("mediators[0].forms[1]: has nothing to look for, found ")


@pytest.mark.parametrize(
    ("one", "other"), [("أحمد", "احمَد"), ("إيلاء", "ایلاء"), ("الكوخ", "كوخ"), ("ECO", "eco")]
)
def test_a_form_names_one_mediator(one: str, other: str) -> None:
    assert problems_of(mediators=[mediator("m", one), mediator("n", "سواه", other)]) == [
        f"mediators[1].forms[1]: names m already (as {one!r}), found {other!r}; {ONCE}"
    ]


def test_inflections_name_one_mediator_too() -> None:
    assert problems_of(mediators=[mediator("m", "نجمية"), mediator("n", "سواه", adjectives=["نجمي"])]) == [
        f"mediators[1].adjectives[0]: names m already (as 'نجمية'), found 'نجمية'; {ONCE}"
    ]


def test_two_spellings_of_one_mediator_may_fold_to_one() -> None:
    Taxonomy.from_dict({"tasks": [task("topic")], "mediators": [mediator("m", "إيلاء", "ايلاء")]})


def test_a_capital_is_one_of_the_forms_and_people_are_nobody_elses() -> None:
    assert problems_of(mediators=[mediator("m", "بلد", capital="مدينة")]) == [
        "mediators[0].capital: is no form of the mediator, found 'مدينة'; allowed: one of بلد"
    ]
    assert problems_of(
        mediators=[mediator("m", "بلد", people=["فلان"]), mediator("n", "غيره", people=["فلان"])]
    ) == [f"mediators[1].people[0]: names m already (as 'فلان'), found 'فلان'; {ONCE}"]


def test_marked_forms_need_a_mark_and_one_owner() -> None:
    assert problems_of(mediators=[mediator("m", "سواه", marked_forms=["بلد"])]) == [
        "mediators[0].marked_forms[0]: has no diacritic to go by, found 'بلد'; allowed: a form with diacritics"
    ]
    twice = [mediator("m", "سواه", marked_forms=["بُلد"]), mediator("n", "غيره", marked_forms=["بُلد", "بَلد"])]
    assert problems_of(mediators=twice) == [f"mediators[1].marked_forms[0]: names m already, found 'بُلد'; {ONCE}"]


def test_an_exception_is_no_form() -> None:
    assert problems_of(
        mediators=[mediator("m", "نجم", exceptions=["نَجم"]), mediator("n", "بحر")], exceptions=["بحر"]
    ) == [
        "exceptions[0]: is a form of n as well, found 'بحر'; allowed: words that are no form",
        "mediators[0].exceptions[0]: is a form of m as well, found 'نَجم'; allowed: words that are no form",
    ]


def test_sizes_are_bounded() -> None:
    (long,) = problems_of(mediators=[mediator("m", 101 * "ا")])
    assert long.startswith("mediators[0].forms[0]: is 101 characters long")
    (many,) = problems_of(mediators=[mediator("m", *(f"w{i}" for i in range(1001)))])
    assert many.startswith("mediators[0].forms: has too many items")
    crowd = [mediator(f"m{m}", "x", adjectives=[f"w{m}x{i}" for i in range(1000)]) for m in range(3)]
    (together,) = problems_of(mediators=crowd)
    assert together.startswith("mediators: have too many forms together, adjectives counted with their endings: ")


def added(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_mediators_can_be_added(small: Taxonomy, tmp_path: Path) -> None:
    path = added(
        tmp_path,
        "mediators:\n- {id: azerbaijan, ar: أذربيجان, en: Azerbaijan, forms: [أذربيجان, أذري, باكو]}\n"
        "exceptions: [باكو ستيل]\n",
    )
    larger = small.with_mediators(path)
    assert [mediator.id for mediator in larger.mediators] == ["oz", "azerbaijan"]
    assert larger.exceptions == ("باكو ستيل",)
    assert larger.tasks == small.tasks
    assert [mediator.id for mediator in small.mediators] == ["oz"]
    assert Taxonomy.from_dict(larger.to_dict()) == larger


def test_added_mediators_must_not_clash(small: Taxonomy, tmp_path: Path) -> None:
    path = added(
        tmp_path,
        "mediators:\n- {id: oz, ar: أ, en: a, forms: [سواه]}\n- {id: b, ar: أ, en: a, forms: [غيره, الأوزية]}\n"
        "exceptions: [أُوز]\n",
    )
    with pytest.raises(ConfigError) as raised:
        small.with_mediators(path)
    assert raised.value.problems == (
        f"{path}: mediators[0].id: is taken already, found 'oz'; allowed: each name once",
        f"{path}: mediators[1].forms[1]: names oz already (as 'أوزية'), found 'الأوزية'; {ONCE}",
        f"{path}: exceptions[0]: is a form of oz as well, found 'أُوز'; allowed: words that are no form",
    )


def test_an_added_file_is_checked_like_any_other(small: Taxonomy, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mediators\[0\]\.form: is an unknown key.*did you mean forms"):
        small.with_mediators(added(tmp_path, "mediators:\n- {id: a, ar: أ, en: a, form: [ب]}\n"))


def test_adjectives_are_inflected() -> None:
    forms = Mediator(id="m", ar="م", en="m", forms=("نجم",), adjectives=("نجمي",)).all_forms
    assert forms[0] == "نجم"
    assert {"نجمي", "نجمية", "نجميون", "نجميين", "نجميات", "نجميا"} <= set(forms)
