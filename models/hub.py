"""Models on the Hugging Face Hub: how their files come here.

Nothing of a repository is run, and nothing but the files of a model and its card is fetched.
"""

import re
from collections.abc import Callable, Iterable
from hashlib import file_digest, sha1
from pathlib import Path

from huggingface_hub import HfApi, get_cached_repo_tree
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
)
from huggingface_hub.utils.sha import git_hash
from transformers.tokenization_utils_base import TOKENIZER_CONFIG_FILE
from transformers.tokenization_utils_tokenizers import TOKENIZER_FILE
from transformers.utils import CONFIG_NAME, SAFE_WEIGHTS_NAME

from wasit.models.card_text import CARD_FILE
from wasit.models.errors import InputError
from wasit.models.hub_errors import hub_told, patiently
from wasit.models.hub_name import HubName
from wasit.models.vetting import check_files, read_config

NEEDED = (CONFIG_NAME, SAFE_WEIGHTS_NAME, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE)
"""The files that a model is made of."""

_TRIES = 2
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def pull(name: HubName) -> tuple[HubName, Path]:
    """Fetches a model into the cache, as far as it is not there.

    Without a network, the cache answers.

    Args:
        name: Of the model.

    Returns:
        The model with its commit as revision, and the folder of its files.

    Raises:
        InputError: If there is no such model or no access to it, it is not a whole model of wasit, or it can
            neither be fetched nor found in the cache.
    """
    with hub_told(str(name), "fetched"):
        commit = patiently(lambda: HfApi().resolve_revision(name.repository, revision=name.revision)).resolved
        if not _COMMIT.fullmatch(commit):
            raise InputError(
                f"model {str(name)!r}: the server gives no commit, it does not answer as the Hub does"
            )
        pinned = HubName(name.repository, commit)
        return pinned, _fetch(pinned, str(name))


def _fetch(pinned: HubName, told: str) -> Path:
    api = HfApi()
    repository, commit = pinned
    try:
        folder = _undamaged(
            lambda: Path(patiently(lambda: api.hf_hub_download(repository, CONFIG_NAME, revision=commit))).parent,
            (CONFIG_NAME,),
            told,
        )
    except RemoteEntryNotFoundError as error:
        raise InputError(
            f"{told!r} is not a wasit model: it has no {CONFIG_NAME}; "
            "name a model that was uploaded with `wasit push`"
        ) from error
    # Whether it is an honest model of wasit is seen before its weights are fetched, which may be of any size.
    read_config(folder, told)
    wanted = [*NEEDED, CARD_FILE]
    folder = _undamaged(
        lambda: Path(patiently(lambda: api.snapshot_download(repository, revision=commit, allow_patterns=wanted))),
        NEEDED,
        told,
    )
    if not all((folder / file).is_file() for file in NEEDED):
        try:
            listed = {file.path for file in get_cached_repo_tree(repository, revision=commit)}
        except CachedRepoTreeNotFoundError as error:
            raise LocalEntryNotFoundError("not all files of the model are in the cache") from error
        check_files(listed, told)
    return folder


def _undamaged(download: Callable[[], Path], files: Iterable[str], told: str) -> Path:
    """Downloads files into a folder, and those again that came damaged: the library compares sizes alone."""
    for _ in range(_TRIES):
        folder = download()
        damaged = [file for file in files if _is_damaged(folder / file)]
        if not damaged:
            return folder
        for file in damaged:
            (folder / (folder / file).readlink()).unlink(missing_ok=True)
            (folder / file).unlink()
    raise InputError(
        f"model {told!r}: {', '.join(damaged)} came damaged, twice: it is not what the Hub has listed; "
        "try again later, or from another network"
    )


def _is_damaged(link: Path) -> bool:
    # Where the disk has no links, the cache does not tell what a file should be.
    return link.is_symlink() and not _is_whole(link, link.readlink().name)


def _is_whole(path: Path, tag: str) -> bool:
    """Compares a file with its entity tag: SHA-256 of large files, the hash that git gives of others."""
    if not path.exists():
        return False
    if _SHA256.fullmatch(tag):
        with path.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest() == tag
    if _COMMIT.fullmatch(tag):
        content = path.read_bytes()
        # Mirrors of the Hub that are not git give the plain hash.
        return tag in (git_hash(content), sha1(content).hexdigest())
    return True
