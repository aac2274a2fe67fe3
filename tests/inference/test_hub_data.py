"""Data sets on the Hub are classified by their name: the real client, against a stub on loopback."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_stub import TOKEN, Hub, Repository, Trouble

from wasit.inference.documents import Document, Fields, Item, Rejection
from wasit.inference.job import Job, write_results
from wasit.inference.output import Output
from wasit.inference.sources import Sources
from wasit.models.errors import InputError

URL = "hf://datasets/lab/pages"


def parquet(*texts: str) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), stream)
    return stream.getvalue()


@pytest.fixture
def data_set(hub: Hub, pages: dict[str, str]) -> Repository:
    repository = hub.repositories["datasets/lab/pages"] = Repository()
    rows = [{"id": name, "text": text} for name, text in pages.items()]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    repository.commit(
        {
            ".gitattributes": b"",
            "README.md": b"# Pages",
            "data/a.jsonl": lines.encode(),
            "data/b.parquet": parquet("نص", "نص ثان"),
            "page.txt": "نص".encode(),
        }
    )
    return repository


def read(*inputs: str) -> list[Item]:
    return list(Sources.find(inputs).read())


def test_a_data_set_is_read_as_a_folder_is(data_set: Repository, pages: dict[str, str]) -> None:
    sources = Sources.find([URL])
    rows = [Document(name, text) for name, text in pages.items()]
    table = [Document("data/b.parquet:1", "نص"), Document("data/b.parquet:2", "نص ثان")]
    assert list(sources.read()) == [*rows, *table, Document("page.txt", "نص")]
    assert sources.unknown == (".gitattributes", "README.md")
    assert read(f"{URL}@main/data/*.jsonl") == rows
    assert [item.id for item in read(f"{URL}/data/b.parquet")] == ["b.parquet:1", "b.parquet:2"]
    assert read(f"{URL}/data", URL) == [
        *rows,
        Document("b.parquet:1", "نص"),
        Document("b.parquet:2", "نص ثان"),
        Document("page.txt", "نص"),
    ]
    with pytest.raises(InputError, match=r"README\.md cannot be read; allowed: a folder, or a file ending in"):
        read(f"{URL}/README.md")
    with pytest.raises(InputError, match=r"--id-field: data/b\.parquet has no field 'id'; allowed: text"):
        Sources.find([f"{URL}"], Fields(given_id="id"))


def test_a_branch_that_moves_on_is_read_as_it_was(data_set: Repository, pages: dict[str, str]) -> None:
    sources = Sources.find([f"{URL}/data/a.jsonl"])
    data_set.commit({"data/a.jsonl": b'{"id": "x", "text": "x"}'})
    assert [item.id for item in sources.read()] == list(pages)
    assert [item.id for item in read(f"{URL}/data/a.jsonl")] == ["x"]


def test_a_file_that_the_hub_does_not_give_is_rejected(hub: Hub, data_set: Repository) -> None:
    sources = Sources.find([URL])
    hub.troubles.append(Trouble("GET", "/data/b.parquet", 403, 99, f"{TOKEN} may not"))
    (rejection,) = [item for item in sources.read() if isinstance(item, Rejection)]
    assert rejection.id == "data/b.parquet"
    assert rejection.reason.startswith("unreadable: data set 'lab/pages@")
    assert "(403: <token> may not)" in rejection.reason


def test_an_interrupted_run_goes_on_only_with_the_same_content(
    data_set: Repository, tiny_model: Path, tmp_path: Path
) -> None:
    job = Job(inputs=(f"{URL}/data/a.jsonl",), model=str(tiny_model), device="cpu", workers=0)
    output = Output.parse(str(tmp_path / "out"))
    account = write_results(job, output)
    assert (account.documents, account.with_articles, account.rejected) == (3, 2, 1)
    files = data_set.commits[data_set.refs["main"]]
    data_set.commit(files | {"README.md": b"# Other"})
    write_results(job, output)
    data_set.commit(files | {"data/a.jsonl": b'{"id": "x", "text": "x"}'})
    with pytest.raises(InputError, match=r"a\.jsonl"):
        write_results(job, output)
