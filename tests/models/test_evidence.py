from hypothesis import given
from hypothesis import strategies as st

from wasit.models.evidence import LONGEST, evidence_for


def evidence_of(text: str, word: str) -> str:
    start = text.index(word)
    found = evidence_for(text, start, start + len(word))
    assert text[found.mention_start : found.mention_end] == word
    return text[found.start : found.end]


def test_it_is_the_sentence_of_the_mention() -> None:
    text = "بدأت الجولة أمس. رعت مسقط اللقاء، وحضره وفدان! ولم يصدر بيان."
    assert evidence_of(text, "مسقط") == "رعت مسقط اللقاء، وحضره وفدان!"


def test_a_headline_ends_with_its_line() -> None:
    assert evidence_of("الدوحة تستضيف المحادثات\nقال مسؤول إنها تبدأ غدا.", "الدوحة") == "الدوحة تستضيف المحادثات"


def test_a_point_in_a_number_ends_nothing() -> None:
    assert evidence_of("تعهدت قطر بدفع 3.5 ملايين.", "قطر") == "تعهدت قطر بدفع 3.5 ملايين."


def test_a_text_without_stops_is_cut_between_words() -> None:
    text = "كلمة " * 300 + "قطر " + "أخرى " * 300
    found = evidence_of(text, "قطر")
    assert len(found) <= LONGEST
    assert set(found.split()) == {"كلمة", "قطر", "أخرى"}


@given(st.text(alphabet="ابت .!؟\n«»", max_size=900), st.text(alphabet="ابت .!؟\n", max_size=900))
def test_it_always_holds_the_mention_and_no_line_break(before: str, after: str) -> None:
    text = f"{before} قطر {after}"
    start = len(before) + 1
    found = evidence_for(text, start, start + 3)
    assert found.start <= start
    assert found.end >= start + 3
    sentence = text[found.start : found.end]
    assert len(sentence) <= LONGEST
    assert "\n" not in sentence
    assert sentence == sentence.strip()
