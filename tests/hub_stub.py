"""A small stand-in for the Hugging Face Hub on loopback: enough of it for the real client to push and pull."""

import base64
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from huggingface_hub import close_session, constants

TOKEN = "hf_theTokenThatMayDoEverything"
_LARGE = (".safetensors", ".bin", ".onnx", ".parquet")


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repository:
    """Commits of files, and names for some of them."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    private: bool = False
    gated: bool = False

    def commit(self, files: dict[str, bytes], branch: str = "main", message: str = "") -> str:
        listing = json.dumps([sorted((name, git_hash(content)) for name, content in files.items()), message])
        sha = hashlib.sha1(f"{len(self.commits)}{listing}".encode()).hexdigest()
        self.commits[sha] = files
        self.messages.append(message)
        self.refs[branch] = sha
        return sha

    def find(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.refs.get(revision)


@dataclass
class Trouble:
    """What the stub does instead of an answer.

    Attributes:
        method: Of the requests that it happens to.
        part: Of their path.
        status: To be answered; 0 cuts the connection off in the middle.
        times: How often.
        message: What the server says.
        code: Of the header ``X-Error-Code``.
    """

    method: str
    part: str
    status: int
    times: int = 1
    message: str = ""
    code: str = ""


@dataclass
class Hub:
    """The state of the stub, which tests set and look at.

    Attributes:
        endpoint: Its address.
        repositories: By name; the names of data sets begin with ``datasets/``.
        large_files: By SHA-256.
        troubles: What goes wrong.
        damaged: How often a file, by its path, is sent with a wrong bit.
        shortened: How often a file, by its path, is sent without its last byte.
        before: What somebody else does, once, before a request of such a path is answered.
        requests: Method and path of each.
        authorizations: What the requests had in the header of that name.
    """

    endpoint: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    large_files: dict[str, bytes] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    damaged: dict[str, int] = field(default_factory=dict)
    shortened: dict[str, int] = field(default_factory=dict)
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    def trouble(self, method: str, path: str) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times and trouble.method == method and trouble.part in path:
                trouble.times -= 1
                return trouble
        return None

    def asked(self, method: str, part: str) -> int:
        return sum(request.startswith(method) and part in request for request in self.requests)


class _RefusedError(Exception):
    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        self.status, self.code, self.message = status, code, message


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._handle()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the base class looks for these names

    def _handle(self) -> None:
        address = urlsplit(self.path)
        self.path_parts = [unquote(part) for part in address.path.strip("/").split("/")]
        self.query = parse_qs(address.query)
        self.hub.requests.append(f"{self.command} {unquote(address.path)}")
        self.hub.authorizations.add(self.headers.get("Authorization", ""))
        for part in [part for part in self.hub.before if part in address.path]:
            self.hub.before.pop(part)()
        trouble = self.hub.trouble(self.command, address.path)
        if trouble is not None and trouble.status == 0 and "/resolve/" not in address.path:
            self.rfile.read(min(1_000, int(self.headers.get("Content-Length", 0))))
            self._cut()
            return
        self.body = self._read_body()
        try:
            if trouble is not None and trouble.status:
                raise _RefusedError(trouble.status, trouble.code, trouble.message)
            self._route(cut=trouble is not None)
        except _RefusedError as refused:
            headers = {"X-Error-Code": refused.code} if refused.code else {}
            self._answer({"error": refused.message} if refused.message else {}, refused.status, headers)

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _cut(self) -> None:
        # With this option the other side sees a reset, as from a broken line.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _answer(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(content).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, body: bytes, status: int, headers: dict[str, str], cut: bool = False) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.wfile.flush()
            self._cut()

    def _route(self, cut: bool) -> None:
        match self.path_parts:
            case ["api", "repos", "create"]:
                self._create()
            case ["api", "validate-yaml"]:
                self._answer({"errors": [], "warnings": []})
            case ["api", "models", owner, name, *rest]:
                self._api(f"{owner}/{name}", rest)
            case ["api", "datasets", owner, name, *rest]:
                self._api(f"datasets/{owner}/{name}", rest)
            case ["large", oid]:
                self._large(oid)
            case ["verify"]:
                self._answer({})
            case [owner, name, "info", "lfs", "objects", "batch"]:
                self._batch(f"{owner}/{name.removesuffix('.git')}")
            case ["datasets", owner, name, "resolve", revision, *path]:
                self._resolve(f"datasets/{owner}/{name}", revision, "/".join(path), cut)
            case [owner, name, "resolve", revision, *path]:
                self._resolve(f"{owner}/{name}", revision, "/".join(path), cut)
            case _:
                raise _RefusedError(404)

    def _may_write(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise _RefusedError(401, message="Invalid username or password.")

    def _repository(self, name: str, writes: bool = False) -> Repository:
        if writes:
            self._may_write()
        repository = self.hub.repositories.get(name)
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if repository is None or (repository.private and not known):
            raise _RefusedError(404 if known else 401, "RepoNotFound", "Repository not found")
        return repository

    def _create(self) -> None:
        self._may_write()
        asked = json.loads(self.body)
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.hub.repositories:
            raise _RefusedError(409, message="You already created this model repo")
        repository = self.hub.repositories[name] = Repository(private=asked.get("visibility") == "private")
        repository.commit({".gitattributes": b"*.safetensors filter=lfs\n"}, message="initial commit")
        self._answer({"url": f"{self.hub.endpoint}/{name}"})

    def _api(self, name: str, rest: list[str]) -> None:
        match self.command, rest:
            case "GET", []:
                self._info(name, "main")
            case "GET", ["revision", revision]:
                self._info(name, revision)
            case "GET", ["tree", revision, *folder]:
                self._tree(self._files(self._repository(name), revision)[1], "/".join(folder))
            case "GET", ["auth-check"]:
                self._may_read(self._repository(name))
                self._answer({})
            case "POST", ["preupload", revision]:
                self._preupload(self._repository(name, writes=True), revision)
            case "POST", ["commit", revision]:
                self._commit(name, self._repository(name, writes=True), revision)
            case "POST", [("branch" | "tag") as kind, revision]:
                self._name(self._repository(name, writes=True), kind, revision)
            case _:
                raise _RefusedError(404)

    def _files(self, repository: Repository, revision: str) -> tuple[str, dict[str, bytes]]:
        sha = repository.find(revision)
        if sha is None:
            raise _RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return sha, repository.commits[sha]

    def _info(self, name: str, revision: str) -> None:
        repository = self._repository(name)
        sha, files = self._files(repository, revision)
        about = {"private": repository.private, "gated": "auto" if repository.gated else False, "tags": []}
        siblings = [{"rfilename": path} for path in files]
        self._answer({"id": name.removeprefix("datasets/"), "sha": sha, "siblings": siblings, **about})

    def _tree(self, files: dict[str, bytes], folder: str) -> None:
        start = f"{folder}/" if folder else ""
        below = {path: content for path, content in files.items() if path.startswith(start)}
        if not below:
            raise _RefusedError(404, "EntryNotFound", f"{folder} does not exist")
        if self.query.get("recursive", [""])[0].lower() == "true":
            self._answer([_listed(path, content) for path, content in below.items()])
            return
        parts = {path: path.removeprefix(start).partition("/") for path in below}
        folders = dict.fromkeys(start + first for first, slash, _ in parts.values() if slash)
        entries: list[dict[str, Any]] = [
            {"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in folders
        ]
        self._answer(entries + [_listed(path, below[path]) for path, (_, slash, _) in parts.items() if not slash])

    def _may_read(self, repository: Repository) -> None:
        if repository.gated:
            raise _RefusedError(403, "GatedRepo", "Access to this repository is restricted")

    def _preupload(self, repository: Repository, revision: str) -> None:
        files = self._files(repository, revision)[1]
        told = []
        for asked in json.loads(self.body)["files"]:
            path = asked["path"]
            oid = None
            if path in files:
                content = files[path]
                oid = hashlib.sha256(content).hexdigest() if path.endswith(_LARGE) else git_hash(content)
            mode = "lfs" if path.endswith(_LARGE) else "regular"
            told.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self._answer({"files": told})

    def _batch(self, name: str) -> None:
        self._repository(name, writes=True)
        objects = []
        for asked in json.loads(self.body)["objects"]:
            oid = asked["oid"]
            upload = {"href": f"{self.hub.endpoint}/large/{oid}?signature=letsAnybodyIn"}
            actions = {"upload": upload, "verify": {"href": f"{self.hub.endpoint}/verify"}}
            objects.append(asked if oid in self.hub.large_files else {**asked, "actions": actions})
        self._answer({"transfer": "basic", "objects": objects})

    def _large(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise _RefusedError(400, message="the content is not what its name says")
        self.hub.large_files[oid] = self.body
        self._answer({})

    def _commit(self, name: str, repository: Repository, branch: str) -> None:
        lines = [json.loads(line) for line in self.body.splitlines()]
        header = lines[0]["value"]
        parent, files = self._files(repository, branch)
        if header.get("parentCommit") not in (None, parent):
            raise _RefusedError(412, message="A commit has happened since. Please refresh and try again.")
        files = dict(files)
        for line in lines[1:]:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.hub.large_files[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        sha = repository.commit(files, branch, header["summary"])
        self._answer({"commitUrl": f"{self.hub.endpoint}/{name}/commit/{sha}", "commitOid": sha})

    def _name(self, repository: Repository, kind: str, revision: str) -> None:
        asked = json.loads(self.body)
        new, start = (revision, "main") if kind == "branch" else (asked["tag"], revision)
        if new in repository.refs:
            raise _RefusedError(409, message=f"{new} already exists")
        repository.refs[new] = self._files(repository, start)[0]
        self._answer({})

    def _resolve(self, name: str, revision: str, path: str, cut: bool) -> None:
        repository = self._repository(name)
        sha, files = self._files(repository, revision)
        self._may_read(repository)
        if path not in files:
            raise _RefusedError(404, "EntryNotFound", "Entry not found")
        content = files[path]
        tag = hashlib.sha256(content).hexdigest() if path.endswith(_LARGE) else git_hash(content)
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": sha}
        if self.command == "GET" and self.hub.damaged.get(path, 0):
            self.hub.damaged[path] -= 1
            content = content[:-1] + bytes([content[-1] ^ 1])
        if self.command == "GET" and self.hub.shortened.get(path, 0):
            self.hub.shortened[path] -= 1
            content = content[:-1]
        status, start, end = 200, 0, len(content)
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            status, start, end = 206, int(first), min(end, int(last) + 1) if last else end
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        self._send(content[start:end], status, headers, cut)


def _listed(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": git_hash(content)}
    if path.endswith(_LARGE):
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 130}
    return entry


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Starts a stub, and stops it."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A stub that the client of this process speaks to, with an empty cache and a login."""
    with running_hub() as hub:
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.endpoint)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        # A process asks for a commit once.
        monkeypatch.setattr("wasit.train.data_files._commits", {})
        # Between two tries the client waits for seconds.
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        close_session()
        yield hub
        close_session()
