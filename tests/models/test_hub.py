"""Models by their name on the Hub: the real client, against a stub on loopback."""

import json
from pathlib import Path

import pytest
from hub_stub import TOKEN, Hub, Repository, Trouble
from huggingface_hub import constants

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError, WasitError
from wasit.models.fingerprint import fingerprint
from wasit.models.hub_name import HubName
from wasit.models.text_side import TextSide

NAME = "lab/tiny"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def changed_config(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    return files | {"config.json": json.dumps(json.loads(files["config.json"]) | changes).encode()}


@pytest.fixture
def model(hub: Hub, tiny_model: Path) -> Repository:
    repository = hub.repositories[NAME] = Repository()
    repository.commit(files_of(tiny_model))
    return repository


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def told(name: str = NAME) -> str:
    """The one sentence that a user reads."""
    with pytest.raises(WasitError) as raised:
        Checkpoint.load(name)
    message = str(raised.value)
    assert "\n" not in message
    assert TOKEN not in message
    return message


def test_names_of_the_hub_are_told_from_others() -> None:
    assert HubName.parse("lab/tiny") == ("lab/tiny", None)
    assert HubName.parse("lab/tiny@feature/one") == ("lab/tiny", "feature/one")
    for name in ("tiny", "/lab/tiny", "./lab", "a/b/c", "lab/..", "lab/ti ny", ""):
        assert HubName.parse(name) is None, name
    for revision in ("", "../../x", "/x", "-x", "a b"):
        with pytest.raises(InputError, match="behind the @"):
            HubName.parse(f"lab/tiny@{revision}")


def test_a_model_has_the_commit_in_its_name(hub: Hub, model: Repository, tiny_model: Path) -> None:
    first = model.refs["main"]
    second = model.commit(changed_config(files_of(tiny_model), temperatures={"topic": 2.0}), "next/one")
    model.refs["v1"] = first
    for name, commit in ((NAME, first), (f"{NAME}@next/one", second), (f"{NAME}@v1", first)):
        for revision in (name, f"{NAME}@{commit}"):
            side = TextSide.load(revision)
            assert side.name == f"{NAME}@{commit}"
            assert side.config.temperatures.get("topic", 1.0) == (1.0 if commit == first else 2.0)
    assert Checkpoint.load(NAME).name == f"{NAME}@{first}"


def test_what_was_fetched_once_needs_no_network(
    hub: Hub, model: Repository, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Checkpoint.load(NAME).name
    go_offline(monkeypatch)
    hub.requests.clear()
    assert Checkpoint.load(NAME).name == Checkpoint.load(named).name == named
    assert fingerprint(NAME) == fingerprint(str(tiny_model))
    assert hub.requests == []
    assert "HF_HUB_OFFLINE forbids" in told(f"{NAME}@other")


def test_a_commit_that_is_here_is_not_asked_for(hub: Hub, model: Repository) -> None:
    named = Checkpoint.load(NAME).name
    hub.requests.clear()
    Checkpoint.load(named)
    assert hub.requests == []


def test_the_cache_answers_for_a_hub_that_is_out_of_order(hub: Hub, model: Repository) -> None:
    named = Checkpoint.load(NAME).name
    hub.troubles.append(Trouble("GET", "/api/models", 503, times=1_000))
    assert Checkpoint.load(NAME).name == named


def test_nothing_but_the_files_of_a_model_is_fetched(hub: Hub, model: Repository, tmp_path: Path) -> None:
    extra = {
        "train.py": b"1",
        "pytorch_model.bin": b"2",
        "../../../../../escaped.json": b"{}",
        "a/config.json": b"",
    }
    model.commit(model.commits[model.refs["main"]] | extra | {"README.md": b"# card"})
    Checkpoint.load(NAME)
    fetched = {path.name for path in (tmp_path / "cache").rglob("snapshots/*/*")}
    assert fetched == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md"}
    assert list(tmp_path.parent.rglob("escaped.json")) == []
    assert hub.asked("GET", "train.py") == hub.asked("GET", ".bin") == hub.asked("GET", "escaped") == 0


def test_weights_of_another_kind_of_model_are_not_fetched(hub: Hub, tiny_base: Path) -> None:
    repository = hub.repositories[NAME] = Repository()
    repository.commit(files_of(tiny_base))
    assert "is a 'bert' model, not one of wasit's; fine-tune it" in told()
    repository.commit({"config.json": b'{"model_type": "llama"}', "model.safetensors": b"x"})
    assert "is a 'llama' model, not one of wasit's; name a model" in told()
    repository.commit({"model.gguf": b"x"})
    assert "is not a wasit model: it has no config.json" in told()
    assert hub.asked("GET", ".safetensors") == 0


def test_a_newer_format_says_what_to_do(hub: Hub, model: Repository, tiny_model: Path) -> None:
    model.commit(changed_config(files_of(tiny_model), format_version=99, taxonomy={"of": "tomorrow"}))
    assert told().endswith("update it with `pip install --upgrade wasit`")


def test_pickles_are_refused_and_not_fetched(hub: Hub, model: Repository, tiny_model: Path) -> None:
    files = files_of(tiny_model)
    weights = files.pop("model.safetensors")
    model.commit(files | {"pytorch_model.bin": weights})
    assert "pytorch_model.bin only, a pickle, which can run any code" in told()
    model.commit(files | {"model.safetensors.index.json": b'{"weight_map": {"x": "../../../y.safetensors"}}'})
    assert "in several files are not read" in told()
    assert hub.asked("GET", "pytorch_model.bin") == hub.asked("GET", "index") == 0


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Trouble("GET", "/api/models", 401, 9, "Bad token"), "the Hub does not accept the token"),
        (Trouble("HEAD", "/resolve/", 401, 9), "the Hub does not accept the token"),
        (Trouble("GET", "/api/models", 403, 9, f"{TOKEN} may not"), "(403: <token> may not)"),
        (Trouble("GET", "/api/models", 404, 9), "there is no model"),
        (Trouble("GET", "/api/models", 500, 99, "oops"), "overloaded or out of order (500: oops); try again"),
        (Trouble("HEAD", "/resolve/", 503, 99), "overloaded or out of order (503)"),
        (Trouble("GET", "/api/models", 0, 99), "cannot be reached ("),
        (Trouble("GET", "safetensors", 0, 99), "broke off"),
    ],
)
def test_what_the_hub_refuses_is_told(hub: Hub, model: Repository, trouble: Trouble, sentence: str) -> None:
    hub.troubles.append(trouble)
    assert sentence in told()


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("GET", "/api/models", 503, 2),
        Trouble("GET", "safetensors", 502, 2),
        Trouble("HEAD", "safetensors", 500, 2),
        Trouble("GET", "safetensors", 0, 2),
        Trouble("GET", "/tree/", 429, 1),
    ],
    ids=str,
)
def test_what_passes_is_waited_for(hub: Hub, model: Repository, trouble: Trouble) -> None:
    hub.troubles.append(trouble)
    assert Checkpoint.load(NAME).name == f"{NAME}@{model.refs['main']}"
    assert trouble.times == 0


def test_names_that_lead_nowhere_say_what_to_do(
    hub: Hub, model: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no folder of that name here" in told("lab/nothing")
    assert "no such branch, tag or commit" in told(f"{NAME}@gone")
    model.gated = True
    assert f"is gated: ask for access on {hub.endpoint}/{NAME}" in told()
    model.gated, model.private = False, True
    monkeypatch.delenv("HF_TOKEN")
    assert "if it is private, log in with `hf auth login`" in told()


def test_without_a_network_it_is_said_what_is_missing(
    hub: Hub, model: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_offline(monkeypatch)
    assert "not in the cache of this machine, and HF_HUB_OFFLINE forbids to fetch it" in told()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    # Nobody listens there.
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "not in the cache of this machine, and http://127.0.0.1:9 cannot be reached" in told()


def test_a_damaged_file_is_fetched_again(hub: Hub, model: Repository) -> None:
    hub.damaged = {"config.json": 1, "model.safetensors": 1, "tokenizer_config.json": 1}
    Checkpoint.load(NAME)
    assert set(hub.damaged.values()) == {0}


def test_a_file_that_is_damaged_in_the_cache_is_fetched_again(hub: Hub, model: Repository, tmp_path: Path) -> None:
    named = Checkpoint.load(NAME).name
    (weights,) = (tmp_path / "cache").rglob("snapshots/*/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    assert Checkpoint.load(named).name == named


def test_a_file_that_stays_damaged_is_told_and_not_kept(hub: Hub, model: Repository, tmp_path: Path) -> None:
    hub.damaged = {"model.safetensors": 2}
    assert "model.safetensors came damaged, twice" in told()
    assert list((tmp_path / "cache").rglob("model.safetensors")) == []
    Checkpoint.load(NAME)


def test_a_file_of_another_size_is_fetched_again_and_then_told(hub: Hub, model: Repository) -> None:
    hub.shortened = {"model.safetensors": 1}
    named = Checkpoint.load(NAME).name
    model.commit({**model.commits[model.refs["main"]], "model.safetensors": b"other"})
    hub.shortened = {"model.safetensors": 99}
    assert "a file came shorter or longer than the Hub has listed it" in told()
    assert Checkpoint.load(named).name == named
