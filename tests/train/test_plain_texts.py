import json
from pathlib import Path

import pytest
from hub_stub import Hub, Repository

from wasit.models.errors import InputError
from wasit.train.plain_texts import PlainTexts


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_lines_and_rows_are_read_one_after_another(tmp_path: Path) -> None:
    lines = write(tmp_path / "a.txt", "\ufeffوصل الوفد\n\n  \nإلى الدوحة\n")
    rows = [{"body": "خبر"}, {"body": None}, {"body": " "}, {"body": "سطر\nسطر"}]
    jsonl = write(tmp_path / "b.jsonl", "\n".join(json.dumps(row) for row in rows))
    table = write(tmp_path / "c.csv", 'id,body\n1,"قال، ثم أضاف"\n')
    texts = PlainTexts((lines, jsonl, table), text_field="body")
    expected = ["وصل الوفد\n", "إلى الدوحة\n", "خبر", "سطر\nسطر", "قال، ثم أضاف"]
    assert list(texts) == expected
    assert list(texts) == expected


def test_half_characters_are_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "وصل \\ud800 الوفد"}')
    assert list(PlainTexts((path,))) == ["وصل \ufffd الوفد"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", " \n\n", r"a\.txt: holds no text"),
        ("a.jsonl", "", r"a\.jsonl: holds no text"),
        ("a.jsonl", '{"text": " "}', r"a\.jsonl: holds no text"),
        ("a.jsonl", '{"body": "x", "id": 3}', r"line 1: has no field 'text'; the fields are 'body', 'id'"),
        ("a.jsonl", '{"text": "x"}\n{"text": 3}', r"line 2: field 'text' holds 3; allowed: a text"),
        ("a.html", "x", r"found the ending '\.html'; allowed: \.txt, \.csv, \.jsonl, \.parquet"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=message):
        list(PlainTexts((path,)))


def test_texts_of_a_data_set_on_the_hub_are_read(hub: Hub) -> None:
    files = {"README.md": b"# Texts", "b.txt": "سطر\nآخر".encode(), "a/1.jsonl": '{"text": "خبر"}'.encode()}
    hub.repositories["datasets/lab/texts"] = Repository()
    hub.repositories["datasets/lab/texts"].commit(files)
    assert list(PlainTexts(("hf://datasets/lab/texts",))) == ["خبر", "سطر\n", "آخر"]
    with pytest.raises(
        InputError, match=r"lab/texts/README\.md: .* found README\.md; allowed: files ending in \.txt"
    ):
        list(PlainTexts(("hf://datasets/lab/texts/README.md",)))


def test_an_empty_file_beside_a_full_one_is_named(tmp_path: Path) -> None:
    paths = (write(tmp_path / "a.txt", "نص"), write(tmp_path / "b.txt", ""))
    with pytest.raises(InputError, match=r"b\.txt: holds no text"):
        list(PlainTexts(paths))


def test_a_file_that_is_not_there_or_not_in_utf8(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: there is no such file"):
        list(PlainTexts((tmp_path / "none.txt",)))
    path = tmp_path / "old.txt"
    path.write_bytes("وصل الوفد".encode("windows-1256"))
    with pytest.raises(InputError, match=r"old\.txt: is not in UTF-8: .* at byte 0"):
        list(PlainTexts((path,)))
