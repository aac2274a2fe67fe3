"""Outputs are whole or not there, an interrupted run is gone on with, and nothing is lost that should stay."""

import json
import os
import pickle
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.inference.account import Account, ChunkCounts
from wasit.inference.documents import Rejection
from wasit.inference.identity import Identity, InputMark
from wasit.inference.output import Kind, Output
from wasit.inference.run import Run
from wasit.models.errors import InputError

SCHEMA = pa.schema(
    [
        ("doc_id", pa.string()),
        ("scores", pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))),
        ("mediators", pa.list_(pa.struct([("mediator", pa.string())]))),
        ("tokens", pa.int32()),
        ("windows", pa.int32()),
    ]
)
IDENTITY = Identity("1.0", "mini", "0" * 64, {"--min-score": None}, (InputMark("a.txt", 3, 5),))
OTHER = Identity("1.0", "maxi", "1" * 64, {"--min-score": None}, (InputMark("a.txt", 3, 5),))
NAMES = ("out", "out.parquet", "out.jsonl")

Chunk = tuple[list[dict[str, Any]], list[Rejection]]


def row(name: str, mediators: int = 1) -> dict[str, Any]:
    return {
        "doc_id": name,
        "scores": [{"label": "سلام\u2028", "score": 0.30000001192092896}],
        "mediators": [{"mediator": f"m{index}"} for index in range(mediators)],
        "tokens": 7,
        "windows": 1,
    }


CHUNKS: list[Chunk] = [
    ([row("صفحة"), row("b", 0)], [Rejection("c", "empty: nothing")]),
    ([], [Rejection("\ud800", "bad_json: line 3"), Rejection("e", "empty: nothing")]),
    ([row("f")], []),
]


@pytest.fixture(scope="module", autouse=True)
def hasty_disk() -> Iterator[None]:
    """Nobody pulls the plug of a test, and so it need not wait for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


class Killed(BaseException):
    """Stands for the end of the process."""


def begin(output: Output, identity: Identity = IDENTITY, overwrite: bool = False) -> Run:
    return output.begin(identity, SCHEMA, overwrite)


def counts_of(chunk: Chunk) -> ChunkCounts:
    rows, rejections = chunk
    return ChunkCounts.of_records(len({one["doc_id"] for one in rows}) + len(rejections), rows, rejections)


def write(run: Run, chunks: list[Chunk], numbers: Iterable[int]) -> None:
    for number in numbers:
        rows, rejections = chunks[number]
        writer = pickle.loads(pickle.dumps(run.writer))
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        run.emit(writer.write(number, table, rejections, counts_of(chunks[number])))


def complete(output: Output, chunks: list[Chunk] = CHUNKS, identity: Identity = IDENTITY, **options: Any) -> Run:
    """Runs the command as a user does, whatever an earlier one left."""
    run = begin(output, identity, **options)
    if run.finished:
        return run
    write(run, chunks, (number for number in range(len(chunks)) if number not in run.done))
    finish(run, chunks)
    return run


def finish(run: Run, chunks: list[Chunk]) -> None:
    account = Account(unknown_files=("photo.jpg",), seconds=1.5)
    for chunk in chunks:
        account.add(counts_of(chunk))
    run.finish(account, {"device": "cpu"})


def is_partial(path: Path) -> bool:
    return path.name.endswith(".partial")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(output: Output) -> list[dict[str, Any]]:
    if output.kind is Kind.FOLDER:
        tables = [pq.read_table(path) for path in sorted(output.path.glob("part-*.parquet"))]
        return list(pa.concat_tables(tables).to_pylist())
    if output.kind is Kind.PARQUET:
        return list(pq.read_table(output.path).to_pylist())
    return [json.loads(line) for line in output.path.read_bytes().split(b"\n")[:-1]]


def all_rows(chunks: list[Chunk]) -> list[dict[str, Any]]:
    return [one for rows, _ in chunks for one in rows]


@pytest.fixture(params=NAMES)
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Output:
    return Output.parse(str(tmp_path / "results" / request.param))


def test_a_folder_gets_a_part_for_each_chunk(tmp_path: Path) -> None:
    output = Output.parse(str(tmp_path / "new" / "out"))
    complete(output)
    parts = ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert names(output.path) == [*parts, "rejects.jsonl", "run.json"]
    tables = [pq.read_table(output.path / name) for name in parts]
    assert [table.to_pylist() for table in tables] == [rows for rows, _ in CHUNKS]
    assert all(table.schema == SCHEMA for table in tables)


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl", "OUT.Parquet"])
def test_a_file_gets_all_chunks(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / "new" / name))
    complete(output)
    assert rows_of(output) == all_rows(CHUNKS)
    assert names(output.path.parent) == [name, f"{name}.rejects.jsonl", f"{name}.run.json"]


def test_a_chunk_is_a_row_group_of_a_file(tmp_path: Path) -> None:
    output = Output.parse(str(tmp_path / "out.parquet"))
    complete(output)
    file = pq.ParquetFile(output.path)
    assert [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)] == [2, 1]
    assert file.schema_arrow == SCHEMA


def test_json_lines_are_as_python_writes_them(tmp_path: Path) -> None:
    output = Output.parse(str(tmp_path / "out.jsonl"))
    complete(output)
    lines = [json.dumps(one, ensure_ascii=False) for one in all_rows(CHUNKS)]
    assert output.path.read_text("utf-8").split("\n") == [*lines, ""]


def test_rejections_and_account_stand_in_the_folder_or_beside_the_file(tmp_path: Path) -> None:
    folder, file = Output.parse(str(tmp_path / "out")), Output.parse(str(tmp_path / "out.jsonl"))
    assert (folder.rejects_path, folder.run_path) == (folder.path / "rejects.jsonl", folder.path / "run.json")
    assert file.rejects_path == tmp_path / "out.jsonl.rejects.jsonl"
    assert file.run_path == tmp_path / "out.jsonl.run.json"
    for output in (folder, file):
        complete(output)
        assert output.rejects_path
        assert output.run_path
        rejects = [json.loads(line) for line in output.rejects_path.read_text("utf-8").splitlines()]
        assert rejects == [{"id": one.id, "reason": one.reason} for _, several in CHUNKS for one in several]
        run = json.loads(output.run_path.read_text("utf-8"))
        assert (run["version"], run["model"], run["device"], run["seconds"]) == ("1.0", "mini", "cpu", 1.5)
        assert run["counts"]["rejects_by_reason"] == {"empty": 2, "bad_json": 1}
        assert (run["mediators"], run["tokens"], run["windows"]) == (2, 21, 3)
        assert (run["inputs"]["files"], run["inputs"]["bytes"]) == (1, 3)


def test_without_documents_there_is_an_empty_table(output: Output) -> None:
    complete(output, [])
    if output.kind is Kind.JSON_LINES:
        assert output.path.read_bytes() == b""
    else:
        path = output.path / "part-00000.parquet" if output.kind is Kind.FOLDER else output.path
        assert pq.read_table(path).schema == SCHEMA
    assert output.rejects_path
    assert output.rejects_path.read_bytes() == b""


def test_whatever_reads_a_folder_sees_only_whole_parts_while_it_runs(tmp_path: Path) -> None:
    output = Output.parse(str(tmp_path / "out"))
    run = begin(output)
    write(run, CHUNKS, [2, 0])
    assert pyarrow.dataset.dataset(output.path).to_table().num_rows == 3
    assert [path.name for path in sorted(output.path.glob("*"))] == [
        ".journal",
        "part-00000.parquet",
        "part-00002.parquet",
    ]


def test_a_finished_run_is_not_done_again(output: Output) -> None:
    complete(output)
    before = contents(output.path.parent)
    run = begin(output)
    assert run.finished
    assert run.account
    assert run.account.summary() == (
        "6 documents = 3 with articles + 3 rejected (2 empty, 1 bad_json)\n"
        "3 articles in 1.5 s\n"
        "not read, for their ending (1): photo.jpg"
    )
    assert contents(output.path.parent) == before


def test_an_interrupted_run_is_gone_on_with(output: Output) -> None:
    first = begin(output)
    assert not first.done
    write(first, CHUNKS, [2, 0])
    second = begin(output)
    assert dict(second.done) == {0: counts_of(CHUNKS[0]), 2: counts_of(CHUNKS[2])}
    assert not second.finished
    complete(output)
    assert rows_of(output) == all_rows(CHUNKS)


def test_chunks_whose_journal_or_part_is_damaged_are_done_again(output: Output) -> None:
    write(begin(output), CHUNKS, range(3))
    (folder,) = {path.parent for path in output.path.parent.rglob("part-*")}
    entry = folder / ".journal" / "00000.entry.json"
    entry.write_bytes(entry.read_bytes()[:-1])
    (part,) = folder.glob("part-00001.*")
    part.write_bytes(part.read_bytes()[:-1])
    assert list(begin(output).done) == [2]
    complete(output)
    assert rows_of(output) == all_rows(CHUNKS)


chunk_lists = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.sampled_from(["empty: x", "bad: y"]), max_size=2)), max_size=5
).map(
    lambda sizes: [
        (
            [row(f"{number}.{index}", index) for index in range(size)],
            [Rejection(f"{number}:{index}", reason) for index, reason in enumerate(reasons)],
        )
        for number, (size, reasons) in enumerate(sizes)
    ]
)


@settings(max_examples=25, deadline=None)
@given(chunk_lists, st.sampled_from(NAMES), st.data())
def test_any_interruption_gives_what_an_uninterrupted_run_gives(
    chunks: list[Chunk], name: str, data: st.DataObject
) -> None:
    done = data.draw(st.permutations(range(len(chunks))))[: data.draw(st.integers(0, len(chunks)))]
    with tempfile.TemporaryDirectory() as folder:
        once, twice = Path(folder, "once"), Path(folder, "twice")
        complete(Output.parse(str(once / name)), chunks)
        output = Output.parse(str(twice / name))
        write(begin(output), chunks, done)
        complete(output, chunks)
        assert contents(twice) == contents(once)
        assert rows_of(output) == all_rows(chunks)


@contextmanager
def killed_after(steps: int) -> Iterator[None]:
    """Ends the process after some changes of the disk: none of the later ones is made, not even to tidy up."""
    left = steps

    def killing(method: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return method(*args, **options)

        return step

    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "replace", "unlink", "rmdir", "mkdir"):
            patch.setattr(Path, name, killing(getattr(Path, name)))
        yield


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("former", [False, True])
def test_a_run_killed_at_any_point_is_completed_by_the_same_command(
    tmp_path: Path, name: str, former: bool
) -> None:
    def command(folder: Path) -> None:
        output = Output.parse(str(folder / name))
        output.check([], overwrite=former)
        complete(output, CHUNKS[:2], overwrite=former)

    before, clean, killed = tmp_path / "before", tmp_path / "clean", tmp_path / "killed"
    before.mkdir()
    if former:
        complete(Output.parse(str(before / name)), CHUNKS, OTHER)
    command(clean)
    for steps in range(1_000):
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(before, killed)
        try:
            with killed_after(steps):
                command(killed)
        except Killed:
            command(killed)
            assert contents(killed) == contents(clean), steps
        else:
            break
    assert steps > 20


@pytest.mark.parametrize("name", NAMES)
def test_a_run_killed_while_beginning_can_still_be_told_from_another(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / name))
    for steps in range(1_000):
        shutil.rmtree(tmp_path)
        try:
            with killed_after(steps):
                begin(output)
            break
        except Killed:
            with suppress(InputError):
                begin(output, replace(IDENTITY, inputs=(InputMark("b.txt", 3, 5),)))
                assert list(complete(output, identity=OTHER, overwrite=True).done) == []
                continue
            with pytest.raises(InputError, match=r"inputs \(1 added: b.txt, 1 removed: a.txt\)"):
                begin(output, replace(IDENTITY, inputs=(InputMark("b.txt", 3, 5),)))
    assert steps > 3


@pytest.mark.parametrize("name", NAMES)
def test_a_run_killed_while_finishing_does_no_chunk_again(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / name))
    left = 0
    for steps in range(1_000):
        shutil.rmtree(tmp_path)
        run = begin(output)
        write(run, CHUNKS, range(3))
        try:
            with killed_after(steps):
                finish(run, CHUNKS)
            break
        except Killed:
            left += any(is_partial(path) for path in tmp_path.rglob("*"))
            again = begin(output)
            assert again.finished or list(again.done) == [0, 1, 2]
            assert not any(is_partial(path) for path in tmp_path.rglob("*"))
    assert left > 3


def test_another_run_is_an_error_that_says_what_differs(output: Output) -> None:
    settings = {"--min-score": 0.5, "--keep-text": True}
    inputs = (InputMark("b.txt", 3, 5), InputMark("c.txt", 3, 5), InputMark("d.txt", 1, 1))
    other = Identity("2.0", "maxi", "0" * 64, settings, inputs)
    before = Identity("1.0", "mini", "0" * 64, {"--min-score": None}, (*inputs[1:], InputMark("a.txt", 3, 5)))
    message = (
        "run that differs in version of wasit (found 1.0 there, now 2.0), model (found 'mini' there, now 'maxi'), "
        "--min-score (found none there, now 0.5), --keep-text (found none there, now true), "
        "inputs (1 added: b.txt, 1 removed: a.txt); name another, or add --overwrite"
    )
    write(begin(output, before), CHUNKS, [1])
    with pytest.raises(InputError) as unfinished:
        begin(output, other)
    assert str(unfinished.value) == f"--output: {output} holds an unfinished {message}"
    complete(output, identity=before)
    with pytest.raises(InputError) as finished:
        begin(output, other)
    assert str(finished.value) == f"--output: {output} holds a finished {message}"
    assert begin(output, before).finished


def test_overwriting_replaces_what_an_earlier_run_left(output: Output) -> None:
    complete(output, CHUNKS * 2, OTHER)
    complete(output, overwrite=True)
    assert rows_of(output) == all_rows(CHUNKS)
    write(begin(output, OTHER, overwrite=True), CHUNKS, range(3))
    run = begin(output, overwrite=True)
    assert not run.done
    complete(output)
    assert rows_of(output) == all_rows(CHUNKS)
    assert not [path for path in output.path.parent.rglob("*") if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_a_file_stays_until_the_new_one_is_whole(tmp_path: Path, name: str) -> None:
    output = Output.parse(str(tmp_path / name))
    output.path.write_bytes(b"former")
    write(begin(output, overwrite=True), CHUNKS, range(3))
    assert output.path.read_bytes() == b"former"
    complete(output)
    assert rows_of(output) == all_rows(CHUNKS)


def test_what_no_run_wrote_is_overwritten_on_demand_only(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("out/notes.txt", "out.parquet", "out.jsonl"):
        (tmp_path / name).write_text("mine")
    for name in NAMES:
        output = Output.parse(str(tmp_path / name))
        for attempt in (lambda one: one.check([], overwrite=False), begin):
            with pytest.raises(InputError, match=f"{name} is there already; name another, or add --overwrite"):
                attempt(output)
        output.check([], overwrite=True)
        complete(output, overwrite=True)
        assert rows_of(output) == all_rows(CHUNKS)
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["part-00000.parquet", "run.json", "rejects.jsonl"])
def test_files_of_others_that_are_called_like_ours_are_never_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"mine": 1}')
    with pytest.raises(InputError, match=f"{name} is not of a run of wasit; name another folder"):
        begin(Output.parse(str(tmp_path)), overwrite=True)
    assert contents(tmp_path) == {name: b'{"mine": 1}'}


def test_a_finished_run_that_lost_something_is_not_taken_for_whole(tmp_path: Path) -> None:
    folder, file = Output.parse(str(tmp_path / "out")), Output.parse(str(tmp_path / "out.jsonl"))
    complete(folder)
    (folder.path / "part-00001.parquet").unlink()
    with pytest.raises(InputError, match="is there already"):
        begin(folder)
    complete(file)
    file.path.unlink()
    assert not complete(file).finished
    assert rows_of(file) == all_rows(CHUNKS)


def test_empty_places_may_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out.jsonl").touch()
    for name in ("out", "out.jsonl"):
        output = Output.parse(str(tmp_path / name))
        output.check([], overwrite=False)
        complete(output)
        assert rows_of(output) == all_rows(CHUNKS)


@pytest.mark.parametrize("inputs", ["out", "out/part-00000.parquet", "./out"])
def test_the_input_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: str) -> None:
    monkeypatch.chdir(tmp_path)
    complete(Output.parse("out"))
    with pytest.raises(InputError, match="out holds the input"):
        Output.parse("out").check([inputs], overwrite=True)
    Output.parse("out/below").check(["out"], overwrite=False)


def test_everything_that_is_written_is_known_as_output(output: Output) -> None:
    write(begin(output), CHUNKS, [0])
    unfinished = [path for path in output.path.parent.rglob("*") if path.is_file()]
    complete(output)
    finished = [path for path in output.path.parent.rglob("*") if path.is_file()]
    assert len(unfinished) > 3
    assert all(output.owns(path) for path in unfinished + finished)
    assert not output.owns(output.path.parent / "page.txt")


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.jsonl.gz", "there", "memory://o/out.csv"])
def test_other_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").touch()
    with pytest.raises(
        InputError, match=r"--output: found .*; allowed: a folder, a file ending in \.parquet or \.jsonl, or -"
    ):
        Output.parse(name)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file/out", "file/out.parquet"):
        with pytest.raises(InputError, match=r"--output: .*file/.* cannot be written: Not a directory"):
            begin(Output.parse(str(tmp_path / name)))


def test_the_standard_output_gets_the_chunks_in_order(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run = Output.parse("-").begin(IDENTITY, SCHEMA)
    assert not run.finished
    assert not run.done
    for number in random.Random(0).sample(range(3), 3):
        write(run, CHUNKS, [number])
    run.finish(Account(), {})
    printed = capsysbinary.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == all_rows(CHUNKS)
    assert [json.loads(line)["id"] for line in printed.err.splitlines()] == ["c", "\ud800", "e"]


def test_lines_are_printed_as_soon_as_those_before_them_are(capsys: pytest.CaptureFixture[str]) -> None:
    run = Output.parse("-").begin(IDENTITY, SCHEMA)
    write(run, CHUNKS, [2])
    assert capsys.readouterr().out == ""
    with pytest.raises(AssertionError, match="chunk 0 was not printed"):
        run.finish(Account(), {})
    write(run, CHUNKS, [0])
    assert capsys.readouterr().out.count("\n") == 2
    write(run, CHUNKS, [1])
    assert capsys.readouterr().out.count("\n") == 1


def test_a_run_with_a_hole_is_never_called_finished(output: Output) -> None:
    run = begin(output)
    write(run, CHUNKS, [0, 2])
    account = Account()
    for chunk in (CHUNKS[0], CHUNKS[2]):
        account.add(counts_of(chunk))
    with pytest.raises(AssertionError, match="4 documents, but 4 in 2 chunks up to 2"):
        run.finish(account, {})
    assert not begin(output).finished


@pytest.mark.parametrize("name", NAMES)
def test_a_store_behind_a_url_gets_the_same_files(tmp_path: Path, name: str) -> None:
    disk, memory = Output.parse((tmp_path / name).as_uri()), Output.parse(f"memory://{tmp_path.name}/{name}")
    assert disk.path == tmp_path / name
    system = fsspec.filesystem("memory")
    for output in (disk, memory):
        output.check([str(tmp_path)] if output is memory else [], overwrite=False)
        write(begin(output), CHUNKS, [1, 2])
        with pytest.raises(InputError, match=f"{output} holds an unfinished run that differs in model"):
            begin(output, OTHER)
        assert list(begin(output).done) == [1, 2]
        complete(output)
        assert begin(output).finished
    found = {path.removeprefix(f"/{tmp_path.name}/"): system.cat_file(path) for path in system.find(tmp_path.name)}
    assert found == contents(tmp_path)
    complete(memory, CHUNKS[:1], OTHER, overwrite=True)
    assert begin(memory, OTHER).finished
    assert not [path for path in system.find(tmp_path.name) if "/." in path or "00001" in path]


@pytest.mark.parametrize(("url", "message"), [("nowhere://a/b", "Protocol not known"), ("s3://a/b", "s3")])
def test_a_url_that_cannot_be_reached_is_an_error(monkeypatch: pytest.MonkeyPatch, url: str, message: str) -> None:
    def missing(*args: object, **options: object) -> None:
        raise ImportError("Install s3fs to access S3")

    if url.startswith("s3"):
        monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(InputError, match=rf"--output: {url} cannot be reached: .*{message}"):
        Output.parse(url)


@pytest.mark.parametrize("output", ["memory://bucket/results", "memory://bucket/results.jsonl"])
def test_what_a_run_writes_behind_a_url_is_its_own(output: str) -> None:
    found = Output.parse(output)
    inside = (
        ("/part-00000.parquet", "/run.json") if output.endswith("results") else ("", ".run.json", ".rejects.jsonl")
    )
    assert all(found.owns(Path(output + name)) for name in inside)
    assert not found.owns(Path("memory://bucket/pages.jsonl"))
