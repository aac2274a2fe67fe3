"""Inputs behind URLs are found and read as local ones are, and their errors are told alike."""

import functools
import http.server
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasit.inference.documents import Document, Item, Rejection
from wasit.inference.sources import Sources
from wasit.models.errors import InputError
from wasit.models.remote_files import RemotePlace

FILES = {"b.txt": "نص", "a/2.txt": "ثان", "a/1.txt": "أول", "a-b/3.txt": "ثالث", "z.jpg": "x"}


@pytest.fixture
def url() -> str:
    """The URL of a remote folder with a few files."""
    folder = f"memory://{uuid.uuid4().hex}"
    for name, text in FILES.items():
        with fsspec.open(f"{folder}/{name}", "wb") as stream:
            stream.write(text.encode())
    return folder


def read(*inputs: str) -> list[Item]:
    return list(Sources.find(inputs).read())


def ids(*inputs: str) -> list[str]:
    return [item.id for item in read(*inputs)]


def write_parquet(url: str) -> None:
    with fsspec.open(url, "wb") as stream:
        pq.write_table(pa.table({"id": ["p"], "text": ["نص"]}), stream)


def test_a_remote_folder_is_read_in_the_order_of_a_local_one(url: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    remote = Sources.find([url])
    assert list(remote.read()) == read(str(tmp_path))
    assert [mark.name for mark in remote.marks()] == ["a/1.txt", "a/2.txt", "a-b/3.txt", "b.txt"]
    assert remote.unknown == ("z.jpg",)


def test_remote_globs_and_files(url: str) -> None:
    assert ids(f"{url}/*.txt") == ["b.txt"]
    assert ids(f"{url}/a*") == ["a/1.txt", "a/2.txt", "a-b/3.txt"]
    assert ids(f"{url}/a/1.txt") == ["1.txt"]
    assert ids(f"{url}/a/1.txt", f"{url}/a", url) == ["1.txt", "2.txt", "a-b/3.txt", "b.txt"]


def test_remote_tables_and_archives_of_lines(url: str) -> None:
    write_parquet(f"{url}/t.parquet")
    with fsspec.open(f"{url}/t.jsonl.gz", "wb", compression="gzip") as stream:
        stream.write('{"id": "j", "text": "نص"}\n'.encode())
    with fsspec.open(f"{url}/t.csv", "wb") as stream:
        stream.write("id,text\nc,نص\n".encode())
    assert read(f"{url}/t.*") == [Document(id, "نص") for id in ("c", "j", "p")]


def test_a_changed_remote_file_has_another_mark(url: str) -> None:
    before = list(Sources.find([url]).marks())
    with fsspec.open(f"{url}/b.txt", "wb") as stream:
        stream.write("نص".encode())
    after = list(Sources.find([url]).marks())
    assert [one.name for one, other in zip(before, after, strict=True) if one != other] == ["b.txt"]


def test_a_remote_file_that_breaks_is_rejected_and_the_rest_read(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class RefusedError(Exception):
        """What the library of a store raises."""

    def refuse(self: object, path: str, *args: object, **options: object) -> object:
        if path.endswith("2.txt"):
            raise RefusedError("403\nnot allowed")
        return original(self, path, *args, **options)

    system = type(fsspec.filesystem("memory"))
    original = system._open
    sources = Sources.find([url])
    monkeypatch.setattr(system, "_open", refuse)
    items = list(sources.read())
    assert items[1] == Rejection("a/2.txt", "unreadable: 403 not allowed")
    assert len(items) == 4


def test_a_remote_file_that_vanished_is_rejected(url: str) -> None:
    sources = Sources.find([url])
    fsspec.filesystem("memory").rm(f"{url}/b.txt")
    assert list(sources.read())[-1] == Rejection("b.txt", "unreadable: No such file or directory")


def test_a_remote_folder_that_cannot_be_listed_is_rejected(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, path: str, *args: object, **options: object) -> object:
        if path.endswith("/a"):
            raise PermissionError("not allowed")
        return original(self, path, *args, **options)

    system = type(fsspec.filesystem("memory"))
    original = system.ls
    monkeypatch.setattr(system, "ls", refuse)
    assert read(url)[0] == Rejection("a", "unreadable: not allowed")
    assert ids(url) == ["a", "a-b/3.txt", "b.txt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("memory://nowhere/at-all", "there is no file or folder 'memory://nowhere/at-all'"),
        ("memory://nowhere/*.txt", "there is no file to read; allowed: files ending in"),
        ("unheard-of://bucket", "unheard-of://bucket cannot be read: Protocol not known: unheard-of"),
    ],
)
def test_a_url_that_gives_nothing_is_an_error(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("*", r"\*")):
        read(text)


def test_a_remote_file_of_another_kind_is_an_error(url: str) -> None:
    with pytest.raises(InputError, match=r"z\.jpg cannot be read; allowed: a folder, or a file ending in \.txt"):
        read(f"{url}/z.jpg")


def test_a_store_whose_package_is_missing_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", fail)
    message = "s3://bucket/x cannot be read, since a package is missing: Install s3fs to access S3"
    with pytest.raises(InputError, match=message):
        RemotePlace("s3://bucket/x")


def test_a_url_of_this_disk_is_a_path(page_folder: Path) -> None:
    assert read(page_folder.as_uri()) == read(str(page_folder))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of a web server on this machine."""
    write_parquet(f"file://{tmp_path}/t.parquet")
    (tmp_path / "page.txt").write_bytes("نص".encode())

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Says nothing."""

    handler = functools.partial(Quiet, directory=os.fspath(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_files_are_read_from_the_web(server: str) -> None:
    assert read(f"{server}/page.txt?signature=1*2") == [Document("page.txt", "نص")]
    assert read(f"{server}/t.parquet") == [Document("p", "نص")]
    with pytest.raises(InputError, match="there is no file or folder"):
        read(f"{server}/gone.txt")
