"""What stands under its name in a store is whole, and what goes wrong is told with place and reason."""

import errno
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from wasit.inference.local_store import LocalStore
from wasit.inference.remote_store import RemoteStore
from wasit.inference.store import Store
from wasit.models.errors import InputError


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "disk":
        return LocalStore(tmp_path / "a" / "folder")
    return RemoteStore(f"memory://{tmp_path.name}/a/folder")


def write_nothing(store: Store) -> None:
    with store.stream("x"):
        pass


def test_files_are_put_listed_read_and_removed(store: Store) -> None:
    assert store.contents() == {}
    assert store.size("x") is None
    store.put("x", b"former")
    pickle.loads(pickle.dumps(store)).put("x", b"now")
    store.folder("below").put("y", b"")
    assert store.contents() == {"x": 3, "below": None}
    assert (store.size("x"), store.folder("below").size("y")) == (3, 0)
    store.put("z[1]", b"!")
    assert list(store.read(["z[1]", "x"])) == [b"!", b"now"]
    assert store.place("x") == f"{store}/x"
    store.remove(["x", "z[1]", "gone"])
    assert store.contents() == {"below": None}


def test_many_files_are_read_in_order(store: Store) -> None:
    names = [f"{number}" for number in range(40)]
    for name in names:
        store.put(name, name.encode())
    assert list(store.read(reversed(names))) == [name.encode() for name in reversed(names)]


def test_a_stream_appears_when_it_is_whole(store: Store) -> None:
    with store.stream("x") as stream:
        stream.write(b"a" * 100_000)
        assert store.size("x") is None
        stream.write(b"b")
    assert list(store.read(["x"])) == [b"a" * 100_000 + b"b"]
    with pytest.raises(RuntimeError), store.stream("x") as stream:
        stream.write(b"half")
        raise RuntimeError
    assert store.contents() == {"x": 100_001}


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    partial = f".x.{'0' * 32}.partial"
    for name in ("x", ".hidden", "x.partial", ".x.partial", partial):
        (tmp_path / name).touch()
    LocalStore(tmp_path).tidy()
    assert sorted(LocalStore(tmp_path).contents()) == [".hidden", ".x.partial", "x", "x.partial"]


def test_a_folder_is_discarded_if_nothing_is_in_it(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "folder")
    store.put("x", b"")
    store.discard()
    assert store.contents() == {"x": 0}
    store.remove(["x"])
    store.discard()
    assert not store.path.exists()
    store.discard()


def test_half_written_files_lie_in_the_scratch_folder(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "final", tmp_path / "scratch")
    with store.stream("x") as stream:
        stream.write(b"!")
        assert store.contents() == {}
        assert len(list(store.scratch.iterdir())) == 1
    assert (list(store.read(["x"])), list(store.scratch.iterdir())) == ([b"!"], [])


def test_contents_are_on_the_disk_before_they_get_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(sorted(LocalStore(tmp_path).contents())))
    LocalStore(tmp_path).put("x", b"!")
    before, after = synced
    assert "x" not in before
    assert after == ["x"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "No space left on device, make room and give the same command again to go on"),
        (errno.EACCES, "Permission denied"),
    ],
)
def test_errors_of_a_disk_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(InputError) as caught:
        LocalStore(tmp_path).put("x", b"!")
    assert str(caught.value) == f"--output: {tmp_path / 'x'} cannot be written: {message}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("use", "place", "what"),
    [
        (lambda store: store.put("x", b""), "memory://a/b/x", "written"),
        (write_nothing, "memory://a/b/x", "written"),
        (lambda store: list(store.read(["x"])), "memory://a/b", "read"),
        (lambda store: store.contents(), "memory://a/b", "read"),
        (lambda store: store.size("x"), "memory://a/b/x", "read"),
        (lambda store: store.remove(["x"]), "memory://a/b", "removed"),
    ],
)
def test_errors_of_a_remote_store_are_told(
    monkeypatch: pytest.MonkeyPatch, use: Callable[[Store], object], place: str, what: str
) -> None:
    class NoCredentialsError(Exception):
        """Of a library that has errors of its own."""

    def refuse(*args: object, **options: object) -> None:
        raise NoCredentialsError("Unable to locate\ncredentials")

    system = type(fsspec.filesystem("memory"))
    for name in ("pipe_file", "put_file", "cat_file", "ls", "info", "rm_file"):
        monkeypatch.setattr(system, name, refuse)
    with pytest.raises(InputError) as caught:
        use(RemoteStore("memory://a/b"))
    assert str(caught.value) == f"--output: {place} cannot be {what}: Unable to locate credentials"


def test_folders_are_made_where_a_store_has_them_but_never_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The disk behind a URL stands for a server with folders.
    store = RemoteStore(tmp_path.as_uri() + "/new/folder")
    store.put("x", b"!")
    assert (tmp_path / "new" / "folder" / "x").read_bytes() == b"!"

    def no_bucket(*args: object, **options: object) -> None:
        raise FileNotFoundError("The specified bucket does not exist")

    system = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(system, "pipe_file", no_bucket)
    monkeypatch.setattr(system, "makedirs", lambda *args, **options: pytest.fail("made a bucket"))
    with pytest.raises(InputError, match="memory://typo/x cannot be written: there is no such place"):
        RemoteStore("memory://typo").put("x", b"!")
