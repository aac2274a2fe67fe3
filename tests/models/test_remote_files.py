"""Data sets by their name on the Hub: the real client, against a stub on loopback."""

from collections.abc import Iterator

import pytest
from hub_stub import TOKEN, Hub, Repository, Trouble
from huggingface_hub import constants

from wasit.models.errors import InputError
from wasit.models.remote_files import Commits, Entry, RemotePlace, open_remote

NAME = "lab/news"
URL = f"hf://datasets/{NAME}"
FILES = {
    ".gitattributes": b"",
    "README.md": b"# News",
    "data/train-0.jsonl": b'{"text": "one"}\n',
    "data/train-1.jsonl": b'{"text": "two"}\n',
    "data/test/0.parquet": b"PAR1",
}


@pytest.fixture
def news(hub: Hub) -> Repository:
    repository = hub.repositories[f"datasets/{NAME}"] = Repository()
    repository.commit(FILES)
    return repository


def found(url: str, commits: Commits | None = None) -> list[Entry]:
    return list(RemotePlace(url, commits).find()[1])


def paths(url: str) -> list[str]:
    place = RemotePlace(url)
    return [place.shown(entry.path).removeprefix(URL) for entry in place.find()[1]]


def content(url: str) -> bytes:
    with open_remote(url) as stream:
        return stream.read()


def told(url: str = URL) -> str:
    """The one sentence that a user reads."""
    with pytest.raises(InputError) as raised:
        [content(entry.path) for entry in found(url)]
    message = str(raised.value)
    assert "\n" not in message
    assert TOKEN not in message
    return message


def test_a_data_set_a_folder_a_pattern_and_a_file_are_found(news: Repository) -> None:
    everything = [
        "/.gitattributes",
        "/README.md",
        "/data/test/0.parquet",
        "/data/train-0.jsonl",
        "/data/train-1.jsonl",
    ]
    assert paths(URL) == paths(f"{URL}/") == everything
    assert paths(f"{URL}/data") == everything[2:]
    assert paths(f"{URL}/data/train-*.jsonl") == everything[3:]
    assert paths(f"{URL}/**/*.parquet") == ["/data/test/0.parquet"]
    assert paths(f"{URL}/data/train-1.jsonl") == ["/data/train-1.jsonl"]
    assert paths(f"{URL}/data/*.csv") == []


def test_revisions_are_told_apart(news: Repository) -> None:
    first = news.refs["v1"] = news.refs["main"]
    news.commit({"data/train-0.jsonl": b"newer"}, "next/one")
    for revision in ("", "@v1", f"@{first}", "@main"):
        (entry,) = found(f"{URL}{revision}/data/train-0.jsonl")
        assert entry.path == f"{URL}@{first}/data/train-0.jsonl"
        assert content(entry.path) == FILES["data/train-0.jsonl"]
    place = RemotePlace(f"{URL}@next%2Fone")
    (entry,) = place.find()[1]
    assert content(entry.path) == b"newer"
    assert place.shown(entry.path) == f"{URL}@next/one/data/train-0.jsonl"


def test_a_branch_that_moves_on_mixes_no_versions(news: Repository) -> None:
    commits: Commits = {}
    place = RemotePlace(URL, commits)
    news.commit({"data/train-0.jsonl": b"newer", "data/train-2.jsonl": b"new"})
    old = [entry.path for entry in place.find()[1]]
    assert [content(path) for path in old] == [FILES[name] for name in sorted(FILES)]
    assert [entry.path for entry in found(URL, commits)] == old
    assert len(found(URL)) == 2


def test_the_mark_of_a_file_changes_with_its_content_only(news: Repository) -> None:
    before = {entry.path.partition("/data/")[2]: entry.modified for entry in found(f"{URL}/data")}
    news.commit(
        FILES
        | {"README.md": b"# Newer", "data/train-1.jsonl": b'{"text": "six"}\n', "data/test/0.parquet": b"PAR2"}
    )
    after = {entry.path.partition("/data/")[2]: entry.modified for entry in found(f"{URL}/data")}
    assert [name for name in before if before[name] != after[name]] == ["test/0.parquet", "train-1.jsonl"]


def test_a_private_data_set_needs_the_login(hub: Hub, news: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    news.private = True
    assert len(found(URL)) == len(FILES)
    monkeypatch.delenv("HF_TOKEN")
    sentence = told()
    assert sentence.startswith(f"there is no data set '{NAME}': no repository that you may read or write on")
    assert "if it is private, log in with `hf auth login`" in sentence


def test_a_gated_data_set_says_where_to_ask(hub: Hub, news: Repository) -> None:
    news.gated = True
    assert told().startswith(f"data set '{NAME}' is gated: ask for access on {hub.endpoint}/datasets/{NAME}, and")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("hf://datasets/lab/none", "there is no data set 'lab/none'"),
        (f"hf://{NAME}", f"a data set of that name would be {URL}"),
        (f"{URL}@gone", f"data set '{NAME}@gone': there is no such branch, tag or commit"),
        (f"{URL}/data/none.jsonl", f"there is no file or folder '{URL}/data/none.jsonl'"),
        ("hf://datasets/lab", "hf://datasets/lab names nothing on the Hub"),
        ("hf://", "allowed: hf://datasets/organisation/name"),
        ("hf://datasets/lab/ne ws", "hf://datasets/lab/ne ws names nothing on the Hub: Repo id must use"),
    ],
)
def test_urls_that_lead_nowhere_are_told(news: Repository, url: str, sentence: str) -> None:
    assert sentence in told(url)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Trouble("GET", "/api/datasets", 401, 9, "Bad token"), "the Hub does not accept the token"),
        (
            Trouble("GET", "/api/datasets", 403, 9, f"{TOKEN} may not"),
            "could not be read: your token has no right",
        ),
        (Trouble("GET", "/api/datasets", 503, 99), "overloaded or out of order (503)"),
        (Trouble("GET", "/api/datasets", 0, 99), "which needs the network all the time"),
        (Trouble("GET", "/resolve/", 500, 99, "oops"), "overloaded or out of order (500: oops); try again"),
        (Trouble("GET", "/resolve/", 0, 99), "broke off"),
    ],
    ids=str,
)
def test_what_the_hub_refuses_is_told(hub: Hub, news: Repository, trouble: Trouble, sentence: str) -> None:
    hub.troubles.append(trouble)
    assert sentence in told()


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("GET", "/revision/", 503, 2),
        Trouble("GET", "/tree/", 502, 2),
        Trouble("GET", "/resolve/", 500, 2),
        Trouble("GET", "/resolve/", 0, 2),
    ],
    ids=str,
)
def test_what_passes_is_waited_for(hub: Hub, news: Repository, trouble: Trouble) -> None:
    hub.troubles.append(trouble)
    assert [content(entry.path) for entry in found(f"{URL}@main")] == [FILES[name] for name in sorted(FILES)]
    assert trouble.times == 0


def test_offline_it_is_said_that_data_sets_are_streamed(
    hub: Hub, news: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set, and data sets are streamed, which needs the network" in told()
    assert hub.requests == []


@pytest.fixture(autouse=True)
def no_token_is_shown(hub: Hub, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    captured = capfd.readouterr()
    assert TOKEN not in captured.out + captured.err
