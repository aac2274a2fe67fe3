"""Files of rows behind URLs, of data sets on the Hub above all, are read as those on a disk are."""

import io
import json
import uuid
from pathlib import Path
from typing import Any

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
from hub_stub import Hub, Repository, Trouble

from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.check_data import check_data, splits_of_files
from wasit.train.dataset import read_source
from wasit.train.recipe import DataSource
from wasit.train.row_files import read_rows

URL = "hf://datasets/lab/news"
GOOD = {"text": "فاز المنتخب", "topic": "sport"}


def parquet(*texts: str) -> bytes:
    stream = io.BytesIO()
    # A row group each.
    pyarrow.parquet.write_table(pyarrow.table({"text": texts}), stream, row_group_size=1)
    return stream.getvalue()


def json_lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


FILES = {
    ".gitattributes": b"*.parquet filter=lfs\n",
    "README.md": b"# News",
    "b.csv": 'text\r\n"خبر\nطويل"\r\nقصير\r\n'.encode(),
    "data/one.parquet": parquet("أول", "ثان"),
    "data/two.jsonl": b"\xef\xbb\xbf" + json_lines({"text": "ثالث"}),
}


@pytest.fixture
def news(hub: Hub) -> Repository:
    repository = hub.repositories["datasets/lab/news"] = Repository()
    repository.commit(FILES)
    return repository


def test_a_data_set_is_all_its_files_of_rows(news: Repository) -> None:
    assert [(where, row["text"]) for where, row in read_rows(URL)] == [
        (f"{URL}/b.csv: line 2", "خبر\nطويل"),
        (f"{URL}/b.csv: line 4", "قصير"),
        (f"{URL}/data/one.parquet: row 1", "أول"),
        (f"{URL}/data/one.parquet: row 2", "ثان"),
        (f"{URL}/data/two.jsonl: line 1", "ثالث"),
    ]


@pytest.mark.parametrize(
    ("part", "texts"),
    [("data", ["أول", "ثان", "ثالث"]), ("data/*.jsonl", ["ثالث"]), ("data/one.parquet", ["أول", "ثان"])],
)
def test_a_part_of_a_data_set_may_be_named(news: Repository, part: str, texts: list[str]) -> None:
    assert [row["text"] for _, row in read_rows(f"{URL}/{part}")] == texts


def test_files_behind_other_urls_are_rows_too(tmp_path: Path) -> None:
    folder = f"memory://{uuid.uuid4().hex}"
    for name in ("b.csv", "data/one.parquet", "data/two.jsonl"):
        with fsspec.open(f"{folder}/{name}", "wb") as stream:
            stream.write(FILES[name])
    assert len(list(read_rows(folder))) == 5
    (tmp_path / "b.csv").write_bytes(FILES["b.csv"])
    assert list(read_rows(f"file://{tmp_path}/b.csv")) == list(read_rows(tmp_path / "b.csv"))


def test_what_a_store_refuses_while_it_is_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class RefusedError(Exception):
        """What the library of a store raises."""

    def refuse(*args: object, **options: object) -> None:
        raise RefusedError("403\nnot allowed")

    url = f"memory://{uuid.uuid4().hex}/b.csv"
    with fsspec.open(url, "wb") as stream:
        stream.write(FILES["b.csv"])
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "_open", refuse)
    with pytest.raises(InputError, match=r"/b\.csv: cannot be read: 403 not allowed"):
        list(read_rows(url))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"{URL}/README.md", "there is no file to read, found README.md; allowed: files ending in .csv, .jsonl"),
        (
            f"{URL}@docs",
            "there is no file to read, found README.md, a/b.json, c0, c1, c2, c3, c4, c5, c6, c7 and 1 more",
        ),
        (f"{URL}/*.tsv", "there is no file to read, found nothing; allowed: "),
        (f"{URL}@bad/a.jsonl", f"{URL}@bad/a.jsonl: line 2: found int; allowed: one JSON object a line"),
        (f"{URL}@bad/b.parquet", f"{URL}@bad/b.parquet: is not a readable Parquet file: "),
    ],
)
def test_what_cannot_be_read_is_told(news: Repository, url: str, message: str) -> None:
    news.commit({"README.md": b"", "a/b.json": b"[]", **{f"c{number}": b"" for number in range(9)}}, "docs")
    news.commit({"a.jsonl": b"{}\n3\n", "b.parquet": b"PAR1 and then nothing"}, "bad")
    with pytest.raises(InputError) as caught:
        list(read_rows(url))
    assert message in str(caught.value)


def test_a_connection_that_breaks_off_is_no_broken_file(hub: Hub, news: Repository) -> None:
    rows = read_rows(f"{URL}/data/one.parquet")
    hub.troubles.append(Trouble("GET", "/resolve/", 0, 99))
    with pytest.raises(InputError, match=r"data set 'lab/news@.*' could not be read: no connection to"):
        list(rows)


def sources(news: Repository, **choice: Any) -> DataSource:
    rows = [{"text": f"نص رقم {number}", "topic": ("sport", "health")[number % 2]} for number in range(20)]
    news.commit({"gold.jsonl": json_lines(*rows)})
    return DataSource(path="gold.jsonl", **choice)


def test_a_recipe_reads_a_data_set(news: Repository) -> None:
    source = sources(news, where={"topic": "health"})
    by_folder = list(read_source(source, URL, Taxonomy.default(), seed=0))
    by_path = source.model_copy(update={"path": f"{URL}/gold.jsonl"})
    assert list(read_source(by_path, "data", Taxonomy.default(), seed=0)) == by_folder
    assert [article.labels["topic"] for article in by_folder] == [("health",)] * 10


def test_a_branch_that_moves_on_mixes_no_versions(hub: Hub, news: Repository) -> None:
    source = sources(news, rows=6, balance_by=("topic",))
    before = list(read_source(source, URL, Taxonomy.default(), seed=0))
    articles = read_source(source, URL, Taxonomy.default(), seed=0)
    # Rows are numbered in a first pass and taken in a second.
    hub.before["/resolve/"] = lambda: news.commit({"gold.jsonl": json_lines({"text": "آخر", "topic": "sport"})})
    assert list(articles) == before
    assert "/resolve/" not in hub.before


def test_a_data_set_is_checked(news: Repository) -> None:
    news.commit({"a.csv": b"body\n1\n2\n", "b.jsonl": json_lines({"text": "فاز", "topic": "sprot"}, GOOD)})
    report = check_data(splits_of_files([DataSource(path=URL)]), "data", Taxonomy.default())
    assert {(finding.where, finding.message) for finding in report.of("error")} == {
        (f"{URL}/a.csv", "there is no column 'text'"),
        (f"{URL}/b.jsonl: line 1", "field 'topic' holds 'sprot'"),
    }
    report = check_data(splits_of_files([DataSource(path="hf://datasets/lab/none")]), "", Taxonomy.default())
    (finding,) = report.of("error")
    assert finding.message.startswith("there is no data set 'lab/none'")
