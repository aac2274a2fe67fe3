"""A model goes to the Hugging Face Hub: its own files and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, ModelInfo, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from transformers.tokenization_utils_base import SPECIAL_TOKENS_MAP_FILE

from wasit.models.card import card_of_repository
from wasit.models.card_text import CARD_FILE
from wasit.models.checkpoint import check_weights
from wasit.models.errors import InputError
from wasit.models.hub import NEEDED
from wasit.models.hub_errors import how_to_log_in, hub_told, patiently
from wasit.models.hub_name import HubName
from wasit.models.text_side import ModelSource, TextSide
from wasit.models.vetting import read_settings

METRICS = "metrics.json"
SHARED = (CARD_FILE, *NEEDED, SPECIAL_TOKENS_MAP_FILE, METRICS)
"""The files of a model that others need or read; what else its folder has stays here."""

_MAIN = constants.DEFAULT_REVISION
_NOT_FOUND = 404
_CONFLICT = 409
# What the Hub itself puts into a new repository.
_OF_THE_HUB = (".gitattributes",)
_MOST_NAMED = 5


@dataclass(frozen=True)
class Publication:
    """A model that can be uploaded.

    Attributes:
        folder: Of the model.
        repository: ``organisation/name``.
        files: Names of what is uploaded.
        left: Names of what else is in the folder.
    """

    folder: Path
    repository: str
    files: tuple[str, ...]
    left: tuple[str, ...]

    @classmethod
    def prepare(cls, folder: Path, repository: str) -> "Publication":
        """Checks a model as whoever fetches it will, and lists its files.

        Raises:
            InputError: If the folder is not that of a whole model, or the repository cannot be called so.
            ConfigError: If the model's settings are out of bounds.
        """
        name = HubName.parse(repository)
        if name is None or name.revision is not None:
            raise InputError(
                f"ORG/NAME: found {repository!r}; allowed: a user or organisation, /, and a name, of letters, "
                "digits and . _ - (a branch goes into --revision)"
            )
        if not folder.is_dir():
            raise InputError(f"DIR: there is no folder {str(folder)!r}; allowed: one that `wasit train` wrote")
        source = ModelSource(str(folder), folder)
        check_weights(source, TextSide.of_source(source).config)
        files = tuple(file for file in SHARED if (folder / file).is_file())
        for file in files:
            if not (folder / file).resolve().is_relative_to(folder.resolve()):
                raise InputError(f"{folder / file}: is a link out of the folder; allowed: files in it (`cp -rL`)")
        left = tuple(sorted(path.name for path in folder.iterdir() if path.name not in files))
        return cls(folder, repository, files, left)

    @property
    def card(self) -> str | None:
        """The model's card, if it has one; its lines of use name the repository.

        Raises:
            InputError: If it is not UTF-8.
        """
        path = self.folder / CARD_FILE
        if CARD_FILE not in self.files:
            return None
        try:
            return card_of_repository(path.read_text(encoding="utf-8"), self.repository)
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: is not UTF-8, found byte 0x{error.object[error.start]:02x}") from error

    def sizes(self) -> dict[str, int]:
        """Bytes of each file that is uploaded."""
        return {file: _size(content) for file, content in self.contents()}

    def contents(self) -> Iterator[tuple[str, Path | bytes]]:
        """Each file that is uploaded: where it is, or its content where that is not what stands in the folder."""
        card = self.card
        for file in self.files:
            yield file, self.folder / file if card is None or file != CARD_FILE else card.encode()


def publish(
    publication: Publication,
    private: bool = False,
    branch: str | None = None,
    tag: str | None = None,
    message: str | None = None,
    force: bool = False,
) -> HubName:
    """Uploads a model in one commit; the repository is made if it is not there.

    Args:
        publication: The model.
        private: Whether a new repository is for those alone who have access.
        branch: Where the commit goes, made if it is not there; ``main`` without it.
        tag: Name that the commit gets.
        message: Of the commit.
        force: Whether a repository that is not a wasit model may be written into.

    Returns:
        The model with its commit as revision.

    Raises:
        InputError: If nobody is logged in, the repository must not be written to, or the upload fails.
    """
    if constants.is_offline_mode():
        raise InputError("HF_HUB_OFFLINE is set: nothing can be uploaded; unset it")
    if get_token() is None:
        raise InputError(f"you are not logged in to the Hugging Face Hub: {how_to_log_in()}")
    repository = publication.repository
    for flag, name in (("--revision", branch), ("--tag", tag)):
        if name is not None and HubName.parse(f"{repository}@{name}") is None:
            raise InputError(f"{flag}: found {name!r}; allowed: a name as git takes it")
    with hub_told(repository, "uploaded"):
        target = _Target(HfApi(), repository, branch or _MAIN)
        parent = target.check(private, tag, force)
        commit = _commit(publication, target, parent, message or f"Upload with wasit {version('wasit')}")
        if tag is not None:
            patiently(lambda: target.api.create_tag(repository, tag=tag, revision=commit, exist_ok=True))
    return HubName(repository, commit)


@dataclass(frozen=True)
class _Target:
    """Where a model goes."""

    api: HfApi
    repository: str
    branch: str

    def check(self, private: bool, tag: str | None, force: bool) -> str | None:
        """Makes repository and branch ready; gives the commit that the next one may follow, if there is one."""
        newest = self._newest()
        if newest is not None:
            self._check_present(newest, private, tag, force)
        elif not self._made(private):
            # It is there after all: a request whose answer was lost has made it, or the token cannot read it.
            newest = self._newest()
            if newest is None:
                raise InputError(
                    f"{self.repository} is there already, and your token may not read it: nothing was uploaded; "
                    "choose another name, or a token that may"
                )
            self._check_present(newest, private, tag, force)
        if self.branch != _MAIN and self._info(self.branch) is None:
            patiently(lambda: self.api.create_branch(self.repository, branch=self.branch, exist_ok=True))
        return None if newest is None else newest.sha

    def files(self, commit: str | None) -> set[str]:
        """Names of what a commit has."""
        return set(patiently(lambda: self.api.list_repo_files(self.repository, revision=commit)))

    def _newest(self) -> ModelInfo | None:
        return self._info(self.branch) or self._info(_MAIN)

    def _made(self, private: bool) -> bool:
        try:
            patiently(lambda: self.api.create_repo(self.repository, private=True if private else None))
        except HfHubHTTPError as error:
            if error.response.status_code == _CONFLICT:
                return False
            raise
        return True

    def _info(self, revision: str) -> ModelInfo | None:
        return _unless_missing(
            lambda: patiently(lambda: self.api.model_info(self.repository, revision=revision)),
        )

    def _check_present(self, newest: ModelInfo, private: bool, tag: str | None, force: bool) -> None:
        if private and newest.private is False:
            raise InputError(
                f"--private: {self.repository} is there already and everybody can read it; make it private on "
                f"{constants.ENDPOINT}/{self.repository}/settings, or leave --private out"
            )
        if tag is not None and self._info(tag) is not None:
            raise InputError(f"--tag: {self.repository} has a {tag!r} already; allowed: a name that is not taken")
        if not force:
            self._check_is_wasit(newest)

    def _check_is_wasit(self, newest: ModelInfo) -> None:
        held = self.files(newest.sha) - {*_OF_THE_HUB}
        if not held:
            return
        what = f"it holds {', '.join(sorted(held)[:_MOST_NAMED])}"
        if NEEDED[0] in held:
            config = patiently(lambda: self.api.hf_hub_download(self.repository, NEEDED[0], revision=newest.sha))
            try:
                read_settings(Path(config).parent, self.repository)
            except InputError as error:
                what = str(error)
            else:
                return
        raise InputError(
            f"{self.repository} is there already and is not a wasit model ({what}): choose another name, or write "
            "into it with --force"
        )


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _unless_missing(ask: Callable[[], ModelInfo]) -> ModelInfo | None:
    try:
        return ask()
    except (RepositoryNotFoundError, RevisionNotFoundError):
        return None
    except HfHubHTTPError as error:
        if error.response.status_code == _NOT_FOUND:
            return None
        raise


def _commit(publication: Publication, target: _Target, parent: str | None, message: str) -> str:
    api, repository, branch = target.api, target.repository, target.branch
    additions = [CommitOperationAdd(file, content) for file, content in publication.contents()]
    # What the last model had and this one has not would be taken for this one's.
    gone = {*SHARED[1:]} - {*publication.files}
    stale = sorted(gone & target.files(parent)) if parent is not None else []
    deletions = [CommitOperationDelete(file) for file in stale]
    # The library sends large files again by itself where a connection breaks off, but not the commit.
    api.preupload_lfs_files(repository, additions, revision=branch)
    done = patiently(
        lambda: api.create_commit(
            repository,
            [*additions, *deletions],
            commit_message=message,
            revision=branch,
            parent_commit=parent,
        )
    )
    return str(done.oid)
