"""The Python API: texts in, rows out, and no text lost without a word."""

from pathlib import Path

import pytest

from wasit.inference import Classifier
from wasit.inference.classifier import Settings
from wasit.inference.documents import Document
from wasit.models.errors import ConfigError, InputError

MEDIATORS = """
mediators:
  - {id: iceland, ar: آيسلندا, en: Iceland, forms: [آيسلندا, ريكيافيك], adjectives: [آيسلندي]}
"""


def test_one_text_or_several(classifier: Classifier, pages: dict[str, str]) -> None:
    doha, final = pages["doha.txt"], pages["sport/final.txt"]
    (row,) = classifier(doha)
    assert (row["doc_id"], row["article"], row["title"]) == ("0", 0, "الدوحة تستضيف جولة جديدة من المحادثات")
    assert (row["date"], row["source"]) == ("2024-05-03", "وكالات")
    assert row["topic"] == max(row["topic_scores"], key=lambda one: one["score"])["label"]
    assert sum(one["score"] for one in row["topic_scores"]) == pytest.approx(1, abs=1e-5)
    assert "text" not in row
    rows = classifier([final, doha])
    assert [one["doc_id"] for one in rows] == ["0", "1"]
    assert rows[1]["topic_score"] == pytest.approx(row["topic_score"], abs=1e-5)
    assert classifier([]) == []


def test_a_text_without_an_article_is_warned_of(classifier: Classifier, pages: dict[str, str]) -> None:
    texts = [pages["english.txt"], pages["doha.txt"], " \n"]
    with pytest.warns(UserWarning, match=r"2 of 3 texts have no rows\n0: not_arabic: .*\n2: empty: "):
        rows = classifier(texts)
    assert [row["doc_id"] for row in rows] == ["1"]
    result = classifier.classify([Document(f"page {index}", text) for index, text in enumerate(texts)])
    assert [one.id for one in result.rejections] == ["page 0", "page 2"]
    assert [row["doc_id"] for row in result.records] == ["page 1"]


def test_without_splitting_a_document_is_one_article(classifier: Classifier, pages: dict[str, str]) -> None:
    page = pages["doha.txt"]
    (row,) = classifier(page, split=False, keep_text=True)
    assert row["text"] == page
    assert row["spans"] == [{"start": 0, "end": len(page)}]
    assert (row["title"], row["date"], row["source"]) == (None, None, None)
    assert classifier(pages["english.txt"], split=False)
    with pytest.warns(UserWarning, match="0: empty"):
        assert classifier(" \n", split=False) == []


def test_min_score_keeps_the_scores(classifier: Classifier, pages: dict[str, str]) -> None:
    (sure,), (unsure,) = classifier(pages["doha.txt"]), classifier(pages["doha.txt"], min_score=1.0)
    assert unsure["topic"] is None
    assert [one["role"] for one in unsure["mediators"]] == [None, None]
    assert unsure["topic_score"] == sure["topic_score"]
    assert unsure["topic_scores"] == sure["topic_scores"]


@pytest.mark.parametrize("min_score", [-0.1, 1.5, float("nan")])
def test_min_score_is_a_score(min_score: float) -> None:
    with pytest.raises(InputError, match=r"min_score: found .*; allowed: from 0 to 1"):
        Settings(min_score=min_score)


def test_only_strings_are_texts(classifier: Classifier) -> None:
    with pytest.raises(InputError, match="text 1 is of type bytes; allowed: str"):
        classifier(["نص", b"bytes"])  # type: ignore[list-item]


def test_half_a_character_does_no_harm(classifier: Classifier, pages: dict[str, str]) -> None:
    (row,) = classifier(pages["doha.txt"] + "ثم عادت الوفود إلى بلدانها \ud83d مساء أمس.", keep_text=True)
    row["text"].encode()
    assert "\ufffd مساء" in row["text"]


def test_more_mediators(tiny_model: Path, tmp_path: Path) -> None:
    page = "اقترح وسطاء في ريكيافيك هدنة قصيرة، وقال مسؤول آيسلندي إن الطرفين يدرسان الاقتراح."
    assert Classifier.from_pretrained(str(tiny_model))(page)[0]["mediators"] == []
    (tmp_path / "more.yaml").write_text(MEDIATORS, encoding="utf-8")
    more = Classifier.from_pretrained(str(tiny_model), mediators=tmp_path / "more.yaml")
    (found,) = more(page)[0]["mediators"]
    assert (found["mediator"], found["mentions"]) == ("iceland", 2)
    assert len(found["role_scores"]) == len(more.taxonomy.task("role").labels)


def test_wrong_names_are_told(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--device: found 'cuda:99'; allowed on this machine: auto, cpu"):
        Classifier.from_pretrained(str(tiny_model), device="cuda:99")
    with pytest.raises(InputError, match="--dtype: found 'int8'; allowed: auto, float32"):
        Classifier.from_pretrained(str(tiny_model), dtype="int8")
    with pytest.raises(InputError, match="there is no model"):
        Classifier.from_pretrained(str(tmp_path / "nothing"))
    (tmp_path / "more.yaml").write_text(MEDIATORS.replace("id: iceland", "id: qatar"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"more\.yaml: mediators\[0\]\.id"):
        Classifier.from_pretrained(str(tiny_model), mediators=tmp_path / "more.yaml")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_other_precisions_run(tiny_model: Path, pages: dict[str, str], dtype: str) -> None:
    classifier = Classifier.from_pretrained(str(tiny_model), device="cpu", dtype=dtype)
    assert classifier.dtype == dtype
    assert classifier(pages["doha.txt"])[0]["topic"] is not None
