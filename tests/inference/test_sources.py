"""Which files are found, and that every document in them comes out: as it was stored, or rejected for a reason."""

import csv
import gzip
import io
import json
import os
import pickle
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from wasit.inference import documents, formats
from wasit.inference.documents import Document, Fields, Item, Rejection, WebPage, without_surrogates
from wasit.inference.formats import read_documents
from wasit.inference.input_files import InputFile
from wasit.inference.sources import Sources
from wasit.models.errors import InputError

TEXT = 'وصل الوفد إلى المدينة.\r\nثم غادرها «مساء»،\nوقال: "انتهينا".\u2028'
ROWS = [{"id": "a", "text": TEXT}, {"id": "b", "text": "نص ثان"}]


def read(*inputs: str | Path, **fields: str) -> list[Item]:
    return list(Sources.find([str(one) for one in inputs], Fields(**fields)).read())


def reasons(items: list[Item]) -> dict[str, str]:
    return {item.id: item.reason.partition(":")[0] for item in items if isinstance(item, Rejection)}


def json_lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def csv_bytes(rows: list[dict[str, object]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    name = path.name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name.endswith(".csv"):
        path.write_bytes(csv_bytes(rows))
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(json_lines(rows)))
    elif name.endswith(".zst"):
        path.write_bytes(zstandard.compress(json_lines(rows)))
    else:
        path.write_bytes(json_lines(rows))
    return path


TABLES = ["t.jsonl", "t.jsonl.gz", "t.jsonl.zst", "t.csv", "t.parquet", "T.JSONL"]


@pytest.mark.parametrize("name", TABLES)
def test_every_format_keeps_ids_and_texts_with_their_newlines(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path / name, ROWS)) == [Document("a", TEXT), Document("b", "نص ثان")]


@pytest.mark.parametrize("name", TABLES)
def test_rows_without_an_id_are_called_by_file_and_row(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, [{"body": row["text"]} for row in ROWS])
    assert read(tmp_path, text="body") == [Document(f"{name}:1", TEXT), Document(f"{name}:2", "نص ثان")]


@pytest.mark.parametrize("name", TABLES)
def test_another_id_field_may_be_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, [{"id": "a", "url": 7, "text": "نص"}])
    assert read(tmp_path / name, given_id="url") == [Document("7", "نص")]


@pytest.mark.parametrize("name", TABLES)
def test_an_id_field_that_is_not_there_is_an_error_that_lists_those_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"--id-field: {name} has no field 'uid'; allowed: id, text"):
        read(write(tmp_path / name, ROWS), given_id="uid")


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_survives_csv_and_json(texts: list[str]) -> None:
    rows: list[dict[str, object]] = [{"id": str(index), "text": text} for index, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("t.csv", "t.jsonl"):
            path = write(Path(folder, name), rows)
            items = list(read_documents(InputFile(str(path), name), Fields()))
            assert items == [Document(str(index), text) for index, text in enumerate(texts)]


def test_a_text_file_is_named_by_its_path_in_the_folder(page_folder: Path, pages: dict[str, str]) -> None:
    assert read(page_folder) == [Document(name, pages[name]) for name in sorted(pages)]
    assert read(page_folder / "sport" / "final.txt")[0].id == "final.txt"


def test_windows_1256_is_read(tmp_path: Path) -> None:
    text = "وصل الوفد إلى العاصمة صباح اليوم لاستئناف المحادثات.\r\nوقال مسؤول إن الاجتماع ناجح."
    (tmp_path / "a.txt").write_bytes(text.encode("cp1256"))
    (tmp_path / "b.csv").write_bytes(f'id,text\r\nb,"{text}"\r\n'.encode("cp1256"))
    (tmp_path / "c.jsonl").write_bytes(json_lines([{"id": "c", "text": text}]).decode().encode("cp1256"))
    assert read(tmp_path) == [Document("a.txt", text), Document("b", text), Document("c", text)]


def test_other_endings_in_a_folder_are_listed(page_folder: Path) -> None:
    (page_folder / "sport" / "photo.jpg").write_bytes(b"\xff")
    (page_folder / "README").write_text("")
    sources = Sources.find([str(page_folder)])
    assert sources.unknown == ("README", "sport/photo.jpg")
    assert len(sources.files) == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("page.pdf", "page.pdf cannot be read; allowed: a folder, or a file ending in .txt"),
        ("gone.txt", "there is no file or folder"),
        ("empty", "there is no file to read; allowed: files ending in"),
        ("*.docx", "there is no file to read"),
    ],
)
def test_an_input_that_gives_nothing_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "page.pdf").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        read(tmp_path / name)


def test_globs(page_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [item.id for item in read(page_folder / "*.txt")] == ["doha.txt", "english.txt"]
    assert [item.id for item in read(page_folder / "**" / "*.txt")] == [
        "doha.txt",
        "english.txt",
        "sport/final.txt",
    ]
    assert [item.id for item in read(page_folder / "**")] == ["doha.txt", "english.txt", "sport/final.txt"]
    monkeypatch.chdir(page_folder.parent)
    assert [item.id for item in read("p*")] == ["pages/doha.txt", "pages/english.txt", "pages/sport/final.txt"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("نص")
    assert read(tmp_path / "a[1].txt") == [Document("a[1].txt", "نص")]


def test_a_file_named_twice_is_read_once(page_folder: Path) -> None:
    assert read(page_folder, page_folder / "doha.txt", page_folder) == read(page_folder)
    ids = [item.id for item in read(page_folder / "english.txt", page_folder)]
    assert ids == ["english.txt", "doha.txt", "sport/final.txt"]


def test_files_of_the_same_name_are_told_apart_by_their_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in ("monday", "tuesday"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "1.txt").write_text(day)
    (tmp_path / "tuesday" / "2.txt").write_text("two")
    monkeypatch.chdir(tmp_path)
    assert read("monday", "tuesday") == [
        Document("monday/1.txt", "monday"),
        Document("tuesday/1.txt", "tuesday"),
        Document("2.txt", "two"),
    ]


def test_a_second_document_of_the_same_id_is_rejected(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"id": 1, "text": "أول"}, {"id": "1", "text": "ثان"}])
    write(tmp_path / "b.csv", [{"id": 1, "text": "ثالث"}, {"id": 2, "text": "رابع"}])
    items = read(tmp_path)
    assert [item for item in items if isinstance(item, Document)] == [Document("1", "أول"), Document("2", "رابع")]
    assert [item for item in items if isinstance(item, Rejection)] == 2 * [
        Rejection("1", "repeated_id: an earlier document has this id")
    ]


def test_sources_can_be_sent_to_another_process(page_folder: Path) -> None:
    write(page_folder / "t.jsonl", ROWS)
    sources = Sources.find([str(page_folder)])
    sent = pickle.loads(pickle.dumps(sources))
    assert list(sent.read()) == list(sources.read())
    assert len(list(sent.read())) == 5


def test_the_standard_input_is_read_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    sources = Sources.find(["-"], Fields(given_id="url"))
    for copy in (sources, pickle.loads(pickle.dumps(sources))):
        assert list(copy.read()) == [Document("stdin", TEXT)]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("نص".encode())))
    assert list(Sources.find(["-"]).marks()) != list(sources.marks())


def test_every_file_has_a_mark_by_which_a_change_is_seen(page_folder: Path) -> None:
    def marks() -> dict[str, tuple[int, int]]:
        return {mark.name: (mark.size, mark.modified) for mark in Sources.find([str(page_folder)]).marks()}

    before = marks()
    assert list(before) == ["doha.txt", "english.txt", "sport/final.txt"]
    (page_folder / "english.txt").write_bytes(b"x" * before["english.txt"][0])
    os.utime(page_folder / "english.txt", ns=(0, before["english.txt"][1] + 1))
    after = marks()
    assert {name for name in before if before[name] != after[name]} == {"english.txt"}


def test_thousands_of_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = sorted(f"{number:05}.txt" for number in range(9000))
    for name in names:
        (tmp_path / name).touch()
    sources = pickle.loads(pickle.dumps(Sources.find([str(tmp_path)])))
    assert [file.name for file in sources.files] == names
    assert len(sources.files) == 9000


@pytest.mark.parametrize(
    ("name", "library"), [("a.html", "trafilatura"), ("b.HTM", "trafilatura"), ("c.warc.gz", "fastwarc")]
)
def test_a_missing_package_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    (tmp_path / name).touch()
    (tmp_path / "z.txt").write_text("نص")
    monkeypatch.setitem(sys.modules, library, None)
    message = rf'{name} needs a package that is not installed, {library}: pip install "wasit\[web\]"'
    with pytest.raises(InputError, match=message):
        Sources.find([str(tmp_path)])
    assert read(tmp_path / "z.txt") == [Document("z.txt", "نص")]


def test_web_pages_are_called_by_their_path(page_folder: Path) -> None:
    (page_folder / "sport" / "a.html").write_bytes(b"<p>\xe3</p>")
    assert WebPage("sport/a.html", b"<p>\xe3</p>") in read(page_folder)


def test_what_a_run_writes_is_not_read(page_folder: Path) -> None:
    sources = Sources.find([str(page_folder)], is_output=lambda path: "sport" in path.parts)
    assert [file.name for file in sources.files] == ["doha.txt", "english.txt"]


def test_broken_rows_are_rejected_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(
        b'{"id": "a", "text": "\xd9\x86\xd8\xb5"}\n'
        b'{"id": "b", "text": \n'
        b"\n"
        b'{"id": "c"}\n'
        b'{"id": "d", "text": null}\n'
        b'{"id": "e", "text": 5}\n'
        b'["text"]\n'
        b'{"id": {}, "text": "x"}\n'
        b'{"id": "i", "text": "\x81\x00\x01\x02\x03\xff"}\n' + b"[" * 100_000 + b"\n"
        b'{"id": null, "text": "last"}'
    )
    items = read(tmp_path / "t.jsonl")
    assert [item for item in items if isinstance(item, Document)] == [
        Document("a", "نص"),
        Document("t.jsonl:11", "last"),
    ]
    assert reasons(items) == {
        "t.jsonl:2": "bad_json",
        "c": "missing_text",
        "d": "missing_text",
        "e": "bad_text",
        "t.jsonl:7": "bad_json",
        "t.jsonl:8": "bad_id",
        "t.jsonl:9": "undecodable",
        "t.jsonl:10": "bad_json",
    }


def test_a_row_without_the_id_that_was_asked_for_is_rejected(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [{"url": "u", "text": "نص"}, {"text": "نص"}, {"url": "", "text": "نص"}])
    items = read(path, given_id="url")
    assert items[0] == Document("u", "نص")
    assert reasons(items) == {"t.jsonl:2": "missing_id", "t.jsonl:3": "missing_id"}


def test_broken_csv_rows_are_rejected_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes('id,text\na,نص\nb,"x" y\nc\nd,e,f\n\ng,"سطر\nوسطر"\nh,"open\n'.encode())
    items = read(tmp_path / "t.csv")
    assert [item for item in items if isinstance(item, Document)] == [
        Document("a", "نص"),
        Document("g", "سطر\nوسطر"),
    ]
    assert [item.id for item in items if isinstance(item, Rejection)] == [f"t.csv:{row}" for row in (2, 3, 4, 6)]
    assert set(reasons(items).values()) == {"bad_row"}


def test_a_long_csv_field_is_read(tmp_path: Path) -> None:
    text = "نص طويل جدا " * 40_000
    assert read(write(tmp_path / "t.csv", [{"id": "a", "text": text}])) == [Document("a", text)]


def test_parquet_takes_bytes_and_rejects_what_is_no_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2, 3, None], pa.int64()),
            "text": pa.array(["نص".encode(), None, b"\x81\x00\x01\x02\xff", "نص ثان".encode()], pa.binary()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    items = read(tmp_path / "t.parquet")
    assert [item for item in items if isinstance(item, Document)] == [
        Document("1", "نص"),
        Document("t.parquet:4", "نص ثان"),
    ]
    assert reasons(items) == {"2": "missing_text", "3": "undecodable"}
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "n.parquet")
    assert reasons(read(tmp_path / "n.parquet")) == {"n.parquet:1": "bad_text", "n.parquet:2": "bad_text"}


@pytest.mark.parametrize("name", ["t.jsonl.gz", "t.jsonl.zst", "t.parquet"])
def test_a_truncated_file_is_rejected_after_what_it_holds(tmp_path: Path, name: str) -> None:
    rows = [{"id": str(index), "text": os.urandom(400).hex()} for index in range(1000)]
    path = write(tmp_path / name, rows)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    (tmp_path / "z.txt").write_text("نص")
    items = read(tmp_path)
    assert items[-1] == Document("z.txt", "نص")
    assert reasons(items)[name] == "unreadable"
    if name != "t.parquet":
        assert items[0] == Document("0", rows[0]["text"])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"\x81\x00\x01\x02\x03\xff\xfe", "undecodable"),
        ("a.jsonl", b"", "empty"),
        ("a.csv", b"", "empty"),
        ("a.csv", b"id,text\n", "empty"),
        ("a.csv", b"id,body\n1,x\n", "missing_text"),
        ("a.csv", b"text,text\n1,x\n", "missing_text"),
        ("a.csv", b'"id\n', "bad_row"),
        ("a.csv", b"id,id,text\n1,2,x\n", "bad_id"),
        ("a.csv", "text\nنص".encode("utf-16")[:-1], "unreadable"),
        ("a.parquet", b"", "unreadable"),
        ("a.parquet", b"PAR1", "unreadable"),
        ("a.jsonl.gz", b"", "empty"),
        ("a.jsonl.gz", gzip.compress(b""), "empty"),
        ("a.jsonl.zst", b"", "empty"),
        ("a.jsonl.zst", zstandard.compress(b""), "empty"),
        ("a.jsonl", b"\xef\xbb\xbf", "empty"),
        ("a.warc", b"", "empty"),
        ("a.warc.gz", b"", "empty"),
        ("a.jsonl.gz", b"no gzip", "unreadable"),
        ("a.jsonl.zst", b"no zstandard", "unreadable"),
    ],
)
def test_a_file_that_is_none_is_rejected_under_its_name(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert reasons(read(tmp_path)) == {name: reason}


def test_marks_of_byte_order_are_no_part_of_a_row(tmp_path: Path) -> None:
    row = json_lines([{"id": "a", "text": "نص"}])
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + row + b"\xef\xbb\xbf" + row.replace(b'"a"', b'"b"'))
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbf" + csv_bytes([{"id": "c", "text": "نص"}]))
    (tmp_path / "c.csv").write_bytes(csv_bytes([{"id": "d", "text": "نص"}]).decode().encode("utf-16"))
    (tmp_path / "d.txt").write_bytes(b"\xef\xbb\xbf" + "نص".encode())
    assert read(tmp_path) == [Document(id, "نص") for id in ("a", "b", "c", "d", "d.txt")]


def test_a_field_that_stands_twice_is_not_chosen_from(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(
        '{"id": "a", "text": "x", "text": "y"}\n'
        '{"id": "b", "id": "c", "text": "z"}\n'
        '{"id": "d", "text": "w", "tag": 1, "tag": {"text": 1, "text": 2}}\n'
    )
    items = read(tmp_path)
    assert reasons(items) == {"t.jsonl:1": "bad_json", "t.jsonl:2": "bad_json"}
    assert items[2] == Document("d", "w")


def test_bytes_of_value_0_cost_one_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,text\na,x\0y\nb,z\n")
    assert read(tmp_path) == [Rejection("t.csv:1", "bad_row: the row has bytes of value 0"), Document("b", "z")]


def test_a_document_longer_than_any_article_is_rejected_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "LONGEST_DOCUMENT", 10)
    monkeypatch.setattr(formats, "_LONGEST_TEXT_FILE", 40)
    monkeypatch.setattr(formats, "LONGEST_PAGE", 40)
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        write(tmp_path / name, [{"id": f"{name} long", "text": "ن" * 11}, {"id": name, "text": "ن" * 10}])
    (tmp_path / "b.txt").write_text("ن" * 11)
    (tmp_path / "c.txt").write_text("ن" * 1234)
    (tmp_path / "d.html").write_text("x" * 41)
    (tmp_path / "e.txt").write_text("ن" * 10)
    items = read(tmp_path)
    found = "too_long: found 11 characters, at most 10 are allowed"
    assert {item.id: item.reason for item in items if isinstance(item, Rejection)} == {
        "a.csv long": found,
        "a.jsonl long": found,
        "a.parquet long": found,
        "b.txt": found,
        "c.txt": "too_long: found 2,468 bytes, at most 40 are allowed",
        "d.html": "too_long: found 41 bytes, at most 40 are allowed",
    }
    assert [item.id for item in items if isinstance(item, Document)] == ["a.csv", "a.jsonl", "a.parquet", "e.txt"]


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.jsonl.zst"])
def test_an_endless_line_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(formats, "_LONGEST_ROW", 100)
    rows = [{"text": "a" * length} for length in (86, 87, 88, 187, 188, 500, 1)]
    items = read(write(tmp_path / name, rows))
    assert [item for item in items if isinstance(item, Document)] == [
        Document(f"{name}:{number}", "a" * length) for number, length in ((1, 86), (2, 87), (7, 1))
    ]
    assert set(reasons(items).values()) == {"too_long"}
    assert items[5] == Rejection(f"{name}:6", "too_long: the line has 513 bytes, at most 100 are allowed")


def test_a_text_that_grew_after_it_was_found_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("نص")
    sources = Sources.find([str(tmp_path)])
    (tmp_path / "a.txt").write_text("نص أطول")
    assert list(sources.read()) == [Document("a.txt", "نص أطول")]


def test_a_file_that_vanished_after_it_was_found_is_rejected(page_folder: Path) -> None:
    sources = Sources.find([str(page_folder)])
    (page_folder / "doha.txt").unlink()
    items = list(sources.read())
    assert items[0] == Rejection("doha.txt", "unreadable: No such file or directory")
    assert [item.id for item in items[1:]] == ["english.txt", "sport/final.txt"]


def test_a_folder_may_be_called_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    (tmp_path / "x.txt" / "y.txt").write_text("نص")
    assert read(tmp_path) == [Document("x.txt/y.txt", "نص")]
    assert read(tmp_path / "x.txt") == [Document("y.txt", "نص")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "b")
    (tmp_path / "c.txt").write_text("نص")
    sources = Sources.find([str(tmp_path)])
    reason = "unreadable: it is neither a file nor a folder"
    assert list(sources.read()) == [Rejection("a.txt", reason), Document("c.txt", "نص")]
    assert sources.unknown == ("b",)
    with pytest.raises(InputError, match=r"a.txt cannot be read: it is neither a file nor a folder"):
        read(tmp_path / "a.txt")


def test_a_link_to_nothing_is_rejected_and_a_link_to_its_own_folder_is_not_followed(page_folder: Path) -> None:
    (page_folder / "gone.txt").symlink_to(page_folder / "nowhere.txt")
    (page_folder / "sport" / "up").symlink_to(page_folder)
    items = read(page_folder)
    assert reasons(items) == {"gone.txt": "unreadable"}
    assert len(items) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_rejected(page_folder: Path) -> None:
    (page_folder / "doha.txt").chmod(0)
    (page_folder / "sport").chmod(0)
    try:
        assert reasons(read(page_folder)) == {"doha.txt": "unreadable", "sport": "unreadable"}
    finally:
        (page_folder / "sport").chmod(0o700)


def test_a_name_that_is_not_utf8_can_still_be_written(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe3.txt")).write_text("نص")
    except (OSError, UnicodeError):
        pytest.skip("the file system allows no such name")
    assert read(tmp_path) == [Document("\\xe3.txt", "نص")]


def test_the_number_of_documents_is_known_where_it_is_cheap(page_folder: Path) -> None:
    write(page_folder / "t.parquet", ROWS)
    assert Sources.find([str(page_folder)]).count() == 5
    write(page_folder / "t.jsonl", ROWS)
    assert Sources.find([str(page_folder)]).count() is None


@given(st.text(st.characters(categories=["Cs", "Lo", "So"])))
def test_halves_of_characters_are_replaced_in_place(text: str) -> None:
    clean = without_surrogates(text)
    assert len(clean) == len(text)
    clean.encode()
    assert all(after in (before, "\ufffd") for before, after in zip(text, clean, strict=True))
