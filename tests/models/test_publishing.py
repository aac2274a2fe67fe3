"""Models go to the Hub: the real client, against a stub on loopback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hub_stub import TOKEN, Hub, Repository, Trouble
from huggingface_hub import constants

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError, WasitError
from wasit.models.predictor import Predictor
from wasit.models.publishing import Publication, publish

NAME = "lab/tiny"
TEXTS = ["أعلنت قطر استئناف المحادثات مع وفد من مصر.", "ارتفعت أسعار النفط."]
PREDICT = """
import json, sys, torch
from wasit.models.checkpoint import Checkpoint
from wasit.models.predictor import Predictor
checkpoint = Checkpoint.load(sys.argv[1])
predictions = Predictor(checkpoint, torch.device("cpu"))(json.loads(sys.argv[2]))
print(json.dumps([checkpoint.name, [repr(one) for one in predictions]]))
"""


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A model as training leaves it, with more than is anybody's business."""
    folder = tmp_path / "run"
    shutil.copytree(tiny_model, folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# نموذج\n", encoding="utf-8")
    (folder / "metrics.json").write_text("{}", encoding="utf-8")
    (folder / "recipe.yaml").write_text("data_folder: /home/somebody", encoding="utf-8")
    (folder / "optimizer.pt").write_bytes(b"state")
    (folder / "logs").mkdir()
    (folder / "logs" / "train.jsonl").write_text("{}", encoding="utf-8")
    return folder


def push(folder: Path, **options: object) -> str:
    return str(publish(Publication.prepare(folder, NAME), **options))  # type: ignore[arg-type]


def told(folder: Path, **options: object) -> str:
    """The one sentence that a user reads."""
    with pytest.raises(WasitError) as raised:
        push(folder, **options)
    message = str(raised.value)
    assert "\n" not in message
    assert TOKEN not in message
    assert "signature" not in message
    return message


def predicted_elsewhere(name: str, hub: Hub, home: Path) -> tuple[str, list[str]]:
    """The answers of a process that has nothing in its cache."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home)}
    command = [sys.executable, "-c", PREDICT, name, json.dumps(TEXTS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    shown, predictions = json.loads(done.stdout.splitlines()[-1])
    return shown, predictions


def test_what_was_pushed_answers_the_same_elsewhere(hub: Hub, folder: Path, tmp_path: Path) -> None:
    first = push(folder, tag="v1")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"temperatures": {"topic": 9.0}}), encoding="utf-8")
    second = push(folder)
    assert first != second
    here = [
        [repr(one) for one in Predictor(Checkpoint.load(name), torch.device("cpu"))(TEXTS)]
        for name in (first, second)
    ]
    assert here[0] != here[1]
    assert predicted_elsewhere(f"{NAME}@v1", hub, tmp_path / "home") == (first, here[0])
    assert predicted_elsewhere(NAME, hub, tmp_path / "other-home") == (second, here[1])


def test_only_the_files_of_the_model_are_uploaded(hub: Hub, folder: Path) -> None:
    name = push(folder, message="First")
    repository = hub.repositories[NAME]
    files = repository.commits[repository.refs["main"]]
    assert name == f"{NAME}@{repository.refs['main']}"
    assert set(files) == {
        ".gitattributes",
        "README.md",
        "config.json",
        "metrics.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert all(content == (folder / file).read_bytes() for file, content in files.items() if file[0] != ".")
    assert repository.messages == ["initial commit", "First"]
    assert not repository.private


def test_a_repository_can_be_private_and_stays_what_it_is(hub: Hub, folder: Path) -> None:
    push(folder, private=True)
    assert hub.repositories[NAME].private
    hub.repositories[NAME].private = False
    assert "--private: lab/tiny is there already and everybody can read it" in told(folder, private=True)


def test_branches_and_tags(hub: Hub, folder: Path) -> None:
    name = push(folder, branch="next", tag="v1")
    refs = hub.repositories[NAME].refs
    assert name == f"{NAME}@{refs['next']}"
    assert refs["v1"] == refs["next"] != refs["main"]
    assert "--tag: lab/tiny has a 'v1' already" in told(folder, branch="next", tag="v1")
    assert "--revision: found" not in push(folder, branch="next")
    for flag in ("branch", "tag"):
        with pytest.raises(InputError, match="a branch, tag or commit"):
            push(folder, **{flag: "../main"})


def test_the_same_model_again_makes_no_commit(hub: Hub, folder: Path) -> None:
    assert push(folder) == push(folder)
    assert len(hub.repositories[NAME].commits) == 2


def test_what_the_last_model_had_does_not_stay(hub: Hub, folder: Path) -> None:
    push(folder)
    (folder / "metrics.json").unlink()
    (folder / "README.md").unlink()
    push(folder)
    repository = hub.repositories[NAME]
    files = repository.commits[repository.refs["main"]]
    assert "metrics.json" not in files
    assert "README.md" in files


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"config.json": b'{"model_type": "bert"}'}, "is a 'bert' model"),
        ({"config.json": b"no JSON"}, "is not JSON"),
        ({"notes.txt": b"mine", ".gitattributes": b""}, "it holds notes.txt"),
    ],
)
def test_a_repository_of_another_kind_is_not_overwritten(
    hub: Hub, folder: Path, files: dict[str, bytes], what: str
) -> None:
    repository = hub.repositories[NAME] = Repository()
    repository.commit(dict(files))
    sentence = told(folder)
    assert "is there already and is not a wasit model" in sentence
    assert what in sentence
    assert "with --force" in sentence
    assert len(repository.commits) == 1
    push(folder, force=True)
    now = repository.commits[repository.refs["main"]]
    assert {*files, "model.safetensors"} <= set(now)


def test_an_empty_repository_is_filled(hub: Hub, folder: Path) -> None:
    hub.repositories[NAME] = Repository()
    hub.repositories[NAME].commit({".gitattributes": b""})
    assert Checkpoint.load(push(folder)).taxonomy.task("topic")


def test_without_a_login_it_is_said_how_to_get_one(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    assert "you are not logged in to the Hugging Face Hub: log in with `hf auth login`" in told(folder)
    Path(constants.HF_TOKEN_PATH).write_text(TOKEN, encoding="utf-8")
    push(folder)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in told(folder)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Trouble("POST", "create", 401, 9, "Invalid username or password."), "the Hub does not accept the token"),
        (Trouble("POST", "create", 403, 9, f"no right for {TOKEN}"), "(403: no right for <token>)"),
        (Trouble("POST", "preupload", 403, 9), "your token has no right"),
        (Trouble("POST", "preupload", 404, 9, "gone", "RepoNotFound"), "there is no model"),
        (Trouble("POST", "create", 409, 9, "You already created it"), "your token may not read it"),
        (Trouble("POST", "commit", 409, 9, "conflict"), "somebody else changed the repository meanwhile"),
        (Trouble("POST", "commit", 412, 9), "somebody else changed the repository meanwhile"),
        (Trouble("PUT", "large", 500, 99), "overloaded or out of order (500)"),
        (Trouble("POST", "commit", 503, 99), "overloaded or out of order (503)"),
        (Trouble("PUT", "large", 0, 99), "broke off"),
        (Trouble("POST", "commit", 0, 99), "broke off"),
        (Trouble("POST", "preupload", 422, 9, "quota"), "the Hub refused it (422: quota)"),
    ],
    ids=lambda value: f"{value.method} {value.part} {value.status}" if isinstance(value, Trouble) else "",
)
def test_what_the_hub_refuses_is_told(hub: Hub, folder: Path, trouble: Trouble, sentence: str) -> None:
    hub.troubles.append(trouble)
    assert sentence in told(folder)
    assert set(hub.repositories.get(NAME, Repository()).refs) <= {"main"}
    # The same command again does it, whatever was done before.
    hub.troubles.clear()
    assert push(folder) == f"{NAME}@{hub.repositories[NAME].refs['main']}"


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("POST", "create", 503, 2),
        Trouble("POST", "preupload", 500, 2),
        Trouble("POST", "objects/batch", 502, 1),
        Trouble("PUT", "large", 503, 2),
        Trouble("PUT", "large", 0, 2),
        Trouble("POST", "verify", 500, 1),
        Trouble("POST", "commit", 504, 2),
        Trouble("POST", "commit", 0, 2),
        Trouble("GET", "api/models", 0, 1),
    ],
    ids=lambda trouble: f"{trouble.method} {trouble.part} {trouble.status}",
)
def test_what_passes_is_waited_for(hub: Hub, folder: Path, trouble: Trouble) -> None:
    hub.troubles.append(trouble)
    push(folder)
    assert trouble.times == 0
    assert hub.repositories[NAME].messages[1:] == [hub.repositories[NAME].messages[-1]]


def test_somebody_elses_commit_is_not_lost(hub: Hub, folder: Path) -> None:
    push(folder)
    repository = hub.repositories[NAME]
    (folder / "metrics.json").write_text('{"mine": 1}', encoding="utf-8")
    theirs = repository.commits[repository.refs["main"]] | {"metrics.json": b"theirs"}
    hub.before["/commit/"] = lambda: repository.commit(theirs, message="theirs")
    assert "somebody else changed the repository meanwhile (412" in told(folder)
    assert repository.commits[repository.refs["main"]] == theirs


def test_a_model_that_others_could_not_load_is_not_uploaded(hub: Hub, folder: Path, tmp_path: Path) -> None:
    assert "there is no folder" in told(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"ORG/NAME: found 'tiny'; allowed"):
        Publication.prepare(folder, "tiny")
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to("/etc/hostname")
    assert "is a link out of the folder" in told(folder)
    (folder / "README.md").unlink()
    (folder / "model.safetensors").write_bytes(b"\x80\x04pickle")
    assert "is damaged, or no safetensors" in told(folder)
    (folder / "model.safetensors").unlink()
    assert "optimizer.pt only, a pickle" in told(folder)
    assert hub.requests == []


def test_the_token_goes_nowhere_but_to_the_hub(
    hub: Hub, folder: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    hub.troubles += [Trouble("PUT", "large", 500, 1), Trouble("POST", "commit", 403, 1, f"not with {TOKEN}")]
    message = told(folder)
    Checkpoint.load(push(folder))
    assert f"Bearer {TOKEN}" in hub.authorizations
    assert TOKEN not in message + "".join(capfd.readouterr()) + caplog.text
    repository = hub.repositories[NAME]
    assert all(TOKEN.encode() not in content for content in repository.commits[repository.refs["main"]].values())
