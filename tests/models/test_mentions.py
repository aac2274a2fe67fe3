import pickle
import random
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wasit.models.folding import BREAK, WORD_END, WORD_START, fold, fold_letters
from wasit.models.mediators import Mediator
from wasit.models.mentions import Mention, MentionFinder
from wasit.models.taxonomy import Taxonomy

DEFAULT = MentionFinder(Taxonomy.default())
DIACRITICS = "ًٌٍَُِّْٰـ"


def taxonomy(*mediators: Mediator, exceptions: tuple[str, ...] = ()) -> Taxonomy:
    return Taxonomy(tasks=Taxonomy.default().tasks, mediators=mediators, exceptions=exceptions)


def mediator(name: str, *forms: str, **more: tuple[str, ...]) -> Mediator:
    return Mediator(id=name, ar="اسم", en="name", forms=forms, **more)


def found(text: str, finder: MentionFinder = DEFAULT) -> list[tuple[str, str]]:
    return [(mention.mediator, text[mention.start : mention.end]) for mention in finder.find(text)]


def ids(text: str) -> list[str]:
    return [mention.mediator for mention in DEFAULT.find(text)]


def test_mentions_come_in_order_with_their_offsets() -> None:
    text = "استقبل الأمير تميم في الدوحة وفدا مصريا، ثم غادر إلى واشنطن"
    assert DEFAULT.find(text) == [
        Mention("qatar", 7, 18),
        Mention("qatar", 22, 28),
        Mention("egypt", 34, 39),
        Mention("united_states", 53, 59),
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "،", "\u200f", "لا أحد هنا"])
def test_nothing_is_found_in_nothing(text: str) -> None:
    assert DEFAULT.find(text) == []


@pytest.mark.parametrize(
    "word",
    [
        *("قطر", "وقطر", "فقطر", "بقطر", "كقطر", "لقطر", "وبقطر", "ولقطر", "فلقطر"),
        *("القطري", "والقطرية", "بالقطريين", "وبالقطريين", "كالقطري", "للقطري", "وللقطريين", "فللقطريات"),
        *("قَطَر", "قطـــر", "قُطْرِيّ", "القَطَرِيُّونَ", "لِلْقَطَرِيِّ", "قطريا"),
    ],
)
def test_words_are_found_with_what_is_joined_to_them(word: str) -> None:
    assert found(f"قال {word} إنه") == [("qatar", word)]


@pytest.mark.parametrize("word", ["قطرة", "قطرات", "المقطر", "سقطر", "تقطر", "قطرهم", "xقطر", "قطر1"])
def test_words_that_only_contain_a_form_are_not(word: str) -> None:
    assert found(f"قال {word} إنه") == []


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("مساعدات للولايات المتحدة اليوم", "للولايات المتحدة"),
        ("وللأمم المتحدة دور", "وللأمم المتحدة"),
        ("بالأمم\nالمتحدة", "بالأمم\nالمتحدة"),
        ("الأمم\u00a0 المتحدة", "الأمم\u00a0 المتحدة"),
        ("#الأمم_المتحدة", "الأمم_المتحدة"),
        ("كلفت للجنة الرباعية الدولية", "للجنة الرباعية الدولية"),
        ("لألمانيا", "لألمانيا"),
        ("والامارات", "والامارات"),
        ("إيـران", "إيـران"),
        ("اردوغان", "اردوغان"),
        ("إردوغان", "إردوغان"),
        ("جامعه الدول العربيه", "جامعه الدول العربيه"),
        ("سوىسرا وسويسرى", "وسويسرى"),
        ("ﻗﻄﺮ", "ﻗﻄﺮ"),
        ("\u202bمصر\u202c", "مصر"),
        ("مصر\u200f، ثم", "مصر"),
        ("(مصر)", "مصر"),
        ("م\u200cصر", "م\u200cصر"),
        ("مصرُ.", "مصرُ"),
        ("ایران", "ایران"),
    ],
)
def test_spellings(text: str, mention: str) -> None:
    assert mention in [words for _, words in found(text)]


@pytest.mark.parametrize("text", ["الأمم، المتحدة", "الأمم. المتحدة", "الأمم (المتحدة)", "الأمم 😀 المتحدة"])
def test_words_of_a_form_stand_together(text: str) -> None:
    assert found(text) == []


def test_the_longest_form_is_one_mention() -> None:
    text = "قال دونالد ترامب إن مجلس التعاون لدول الخليج العربية والولايات المتحدة الأميركية"
    assert [words for _, words in found(text)] == [
        "دونالد ترامب",
        "مجلس التعاون لدول الخليج العربية",
        "والولايات المتحدة الأميركية",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "قال طاهر المصري رئيس الوزراء الأسبق",
        "نقلت صحيفة المصري اليوم",
        "فاز المصري البورسعيدي",
        "عاد إلى مسقط رأسه",
        "زارت مسقط رأسها",
        "نصف قطر الدائرة",
        "هذا القطر",
        "قال تركي الفيصل",
        "كتب تركي آل الشيخ",
        "في الظروف القاهرة",
        "على ضفة نهر الأردن",
        "في أميركا اللاتينية",
        "سجل بغداد بونجاح هدفين",
        "بطولة الاتحاد الأوروبي لكرة القدم",
        "اجتمع مجلس الأمن القومي",
        "إيقاد الشموع",
        "في عمان",
        "ناقلة في خليج عمان",
        "في روسيا البيضاء",
    ],
)
def test_what_looks_like_a_mediator_is_none(text: str) -> None:
    assert ids(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("قال المتحدث المصري", ["egypt"]),
        ("سلطنة عمان", ["oman"]),
        ("سلطان عمان", ["oman"]),
        ("وزير الخارجية العماني", ["oman"]),
        ("وصل إلى عُمان", ["oman"]),
        ("وصل إلى عُمَان أمس", ["oman"]),
        ("وصل إلى عمّان", ["jordan"]),
        ("وصل إلى عَمَّان", ["jordan"]),
        ("وبعَمّان", ["jordan"]),
        ("العاصمة الأردنية عمان", ["jordan"]),
        ("العقيد تركي المالكي", ["saudi_arabia"]),
        ("وفد تركي", ["turkey"]),
        ("مجلس الأمن", ["united_nations"]),
        ("مجلس الأمن الروسي", ["russia"]),
        ("التقى ستيفان دي ميستورا", ["united_nations"]),
        ("المبعوث غير بيدرسون", ["united_nations"]),
        ("وكالة الأونروا", ["united_nations"]),
        ("اجتماع مجموعة الاتصال", ["contact_group"]),
        ("بيان للجنة الرباعية", ["quartet"]),
        ("دول الترويكا", ["troika"]),
        ("الرئيس رجب طيب إردوغان", ["turkey"]),
    ],
)
def test_what_is_a_mediator_is_found(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


def test_forms_may_be_in_any_script() -> None:
    finder = MentionFinder(taxonomy(mediator("ecowas", "ECOWAS", "U.N."), mediator("five", "5+1")))
    text = "قالت Ecowas واليوم ecowas وU.N. مع مجموعة ٥+١ وecowasx"
    assert [words for _, words in found(text, finder)] == ["Ecowas", "ecowas", "وU.N", "٥+١"]


def test_marked_forms_share_a_word_with_a_plain_form() -> None:
    finder = MentionFinder(taxonomy(mediator("plain", "بلد"), mediator("marked", "سواه", marked_forms=("بُلد",))))
    assert found("بلد وبُلد وبَلد", finder) == [("plain", "بلد"), ("marked", "وبُلد"), ("plain", "وبَلد")]


def test_the_longer_form_explains_a_word_that_two_could() -> None:
    finder = MentionFinder(taxonomy(mediator("short", "بنان"), mediator("long", "لبنان")))
    assert found("لبنان ولبنان وبنان", finder) == [("long", "لبنان"), ("long", "ولبنان"), ("short", "وبنان")]


def test_exceptions_of_the_whole_taxonomy_count_too() -> None:
    finder = MentionFinder(taxonomy(mediator("star", "نجم"), exceptions=("نجم البحر",)))
    assert found("نجم ونجم البحر", finder) == [("star", "نجم")]


def test_a_taxonomy_without_mediators_finds_none() -> None:
    assert MentionFinder(taxonomy()).find("قطر") == []


def test_a_finder_travels_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(DEFAULT)).find("بقطر") == DEFAULT.find("بقطر")


def test_a_thousand_more_forms_change_nothing_for_the_others() -> None:
    letters = random.Random(7)
    words = {"".join(letters.choices("ضظغثذخط", k=6)) for _ in range(1000)}
    larger = taxonomy(*Taxonomy.default().mediators, mediator("crowd", *sorted(words)[:1000]))
    text = "وساطة قطر ومصر والولايات المتحدة الأميركية بين طاهر المصري والأمم المتحدة"
    assert MentionFinder(larger).find(text) == DEFAULT.find(text)
    some = sorted(words)[500]
    assert found(f"{text} ول{some}", MentionFinder(larger))[-1] == ("crowd", f"ول{some}")


FORMS = [(mediator.id, form) for mediator in Taxonomy.default().mediators for form in mediator.all_forms]
PARTICLES = ["", "و", "ف", "ب", "ك", "ل", "وب", "ول", "فك"]


@pytest.mark.parametrize("particle", ["", "و", "ب", "وب", "ول"])
def test_every_form_names_its_mediator(particle: str) -> None:
    missed = [form for name, form in FORMS if found(particle + form) != [(name, particle + form)]]
    assert missed == []


@given(st.sampled_from(FORMS), st.sampled_from(PARTICLES), st.data())
def test_diacritics_and_tatweel_do_not_hide_a_form(
    named: tuple[str, str], particle: str, data: st.DataObject
) -> None:
    name, form = named
    marks = st.text(alphabet=DIACRITICS, max_size=3)
    written = "".join(letter + data.draw(marks) if letter != " " else letter for letter in particle + form)
    text = f"قبل، {written} بعد"
    assert DEFAULT.find(text) == [Mention(name, 5, 5 + len(written))]


FRAGMENTS = st.sampled_from(
    [form for _, form in FORMS[::9]]
    + ["المصري", "طاهر", "وال", "لل", " ", "\n", "،", ".", "_", "ـ", "َ", "عُمان", "رأسه"]
)


@given(st.lists(FRAGMENTS | st.text(max_size=4), max_size=25).map("".join))
@example("\ud800قطر\udfff مصر")
@example("😀قطر😀")
@example("\x02قطر\x03 \x00مصر\x01")
@example("ﷺ ﻻ ½ İ ﱞ")
def test_mentions_lie_in_the_text_in_order_and_apart(text: str) -> None:
    end = 0
    for mention in DEFAULT.find(text):
        assert end <= mention.start < mention.end <= len(text)
        end = mention.end
        words = text[mention.start : mention.end]
        assert fold_letters(words[0])
        assert unicodedata.category(words[-1])[0] in "LMN"
        assert DEFAULT.find(words) == [Mention(mention.mediator, 0, len(words))]


@given(st.text())
def test_a_folded_text_knows_where_it_comes_from(text: str) -> None:
    folded, origins = fold(text)
    assert len(folded) == len(origins)
    assert list(origins) == sorted(origins)
    assert folded.count(WORD_START) == folded.count(WORD_END)
    for character, origin in zip(folded, origins, strict=True):
        if character not in (BREAK, WORD_START, WORD_END):
            assert character in fold_letters(text[origin])


def test_presentation_forms_fold_like_their_letters() -> None:
    for character in map(chr, range(0xFB50, 0xFEFF)):
        if unicodedata.category(character) == "Lo" and len(unicodedata.normalize("NFKD", character)) == 1:
            assert fold_letters(character) == fold_letters(unicodedata.normalize("NFKD", character))


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold_letters(text)
    assert fold_letters(once) == once
