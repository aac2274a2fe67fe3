import csv
import io
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.models.errors import InputError
from wasit.train.row_files import read_rows, split_place
from wasit.train.row_problem import RowProblem

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def read(folder: Path, content: bytes, name: str = "t.csv") -> list[tuple[int | None, dict[str, object]]]:
    path = folder / name
    path.write_bytes(content)
    return [(split_place(where)[1], row) for where, row in read_rows(path)]


def test_a_place_is_the_line_on_which_a_row_starts(tmp_path: Path) -> None:
    content = 'text,topic\n"one\ntwo\n",a\n\nthree,b\n'
    assert read(tmp_path, content.encode()) == [
        (2, {"text": "one\ntwo\n", "topic": "a"}),
        (6, {"text": "three", "topic": "b"}),
    ]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path, name: str) -> None:
    content = '{"text": "نص"}' if name == "t.jsonl" else "text\r\nنص\r\n"
    ((_, row),) = read(tmp_path, b"\xef\xbb\xbf" + content.encode(), name)
    assert row == {"text": "نص"}


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b"], *rows])
    found = read(tmp_path_factory.mktemp("csv"), stream.getvalue().encode())
    assert [list(row.values()) for _, row in found] == rows
    lines = [number for number, _ in found if number is not None]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,topic\na,b\nc\n", r"t\.csv: line 3: has 1 cells, the header 2; allowed: UTF-8, and as many"),
        (b"text,topic\n\xde\xd3,b\n", r"t\.csv: line 2: field 'text' is not UTF-8, found byte 0xde"),
        (b'text,topic\n"a\n\xde",b\n', r"line 2: field 'text' is not UTF-8, found byte 0xde on its line 2"),
        (b'text,topic\na,"b\nc,d\n', r"t\.csv: line 2: is no row that can be read: unexpected end of data"),
        (b"text,text\na,b\n", r"t\.csv: line 1: names the column 'text' twice; allowed: each name once"),
        (b"", r"t\.csv: line 1: is empty; allowed: the names of the columns"),
        (b"t\xde\n", r"t\.csv: line 1: is not UTF-8, found byte 0xde"),
    ],
)
def test_a_mistake_in_csv_names_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "is not JSON in UTF-8"),
        ('{"a": 1, "a": 2}', "is not JSON in UTF-8: the key 'a' is given twice"),
        ("[" * 100_000, "is not JSON in UTF-8: is nested too deeply"),
        ("3", "found int; allowed: one JSON object a line"),
    ],
)
def test_a_mistake_in_json_names_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=f"t.jsonl: line 3: {message}"):
        read(tmp_path, f'{{"text": "a"}}\n\n{line}'.encode(), "t.jsonl")


def test_reading_goes_on_after_rows_that_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('text,topic\na\n"b" x,c\nd,e\nf,g,h\ni,j', encoding="utf-8")
    problems: list[RowProblem] = []
    rows = [row["text"] for _, row in read_rows(path, problems.append)]
    assert rows == ["d", "i"]
    assert [split_place(problem.where)[1] for problem in problems] == [2, 3, 5]


def test_a_parquet_file_that_breaks_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pyarrow.table({"text": [f"{number * 7919:x}" for number in range(5000)]})
    pyarrow.parquet.write_table(table, path, compression="zstd", use_dictionary=False, row_group_size=1000)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 500] = bytes(500)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"t\.parquet: is not a readable Parquet file"):
        list(read_rows(path))


def test_a_parquet_map_is_an_object(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    mediators = pyarrow.array([[("qatar", "neutral")]], pyarrow.map_(pyarrow.string(), pyarrow.string()))
    pyarrow.parquet.write_table(pyarrow.table({"mediators": mediators}), path)
    ((where, row),) = read_rows(path)
    assert (where, row) == (f"{path}: row 1", {"mediators": {"qatar": "neutral"}})
