"""Files on the Hugging Face Hub that are read where they are, such as those of data sets."""

import re
from contextlib import AbstractContextManager
from typing import NamedTuple

from huggingface_hub import HfApi, constants, parse_hf_uri
from huggingface_hub.errors import HfUriError

from wasit.models.errors import InputError
from wasit.models.hub_errors import DATA_SET, Kind, hub_told, patiently
from wasit.models.redaction import clean

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAMES = "hf://datasets/organisation/name, with @revision behind the name and /path behind that, if wanted"


class HubPlace(NamedTuple):
    """A file, folder or pattern in a repository on the Hub.

    Attributes:
        repository_type: As the Hub calls it: ``dataset``, or another kind of repository.
        repository: ``organisation/name``.
        revision: A branch, tag or commit; None for the newest.
        path: In the repository; empty for all of it.
    """

    repository_type: str
    repository: str
    revision: str | None
    path: str

    @classmethod
    def parse(cls, url: str) -> "HubPlace | None":
        """Reads a URL; None if it leads to another store, or to what has no revisions.

        Raises:
            InputError: If it begins as those of the Hub do and does not go on so.
        """
        if not url.startswith(constants.HF_PROTOCOL):
            return None
        try:
            found = parse_hf_uri(url.rstrip("/"))
        except HfUriError as error:
            raise InputError(f"{url} names nothing on the Hub: {clean(error.msg)} allowed: {_NAMES}") from error
        return None if found.is_bucket else cls(found.type, found.id, found.revision, found.path_in_repo)

    def __str__(self) -> str:
        """The repository with its revision."""
        return self.repository if self.revision is None else f"{self.repository}@{self.revision}"

    @property
    def root(self) -> str:
        """The URL of the repository."""
        return f"{constants.HF_PROTOCOL}{self._kind.folder}{self}"

    @property
    def url(self) -> str:
        """The URL of the place."""
        return f"{self.root}/{self.path}".rstrip("/")

    def at(self, commit: str) -> "HubPlace":
        """The place as it is at a commit."""
        return self._replace(revision=commit)

    def find_commit(self) -> str:
        """Asks the Hub which commit the revision is now.

        Raises:
            InputError: If there is no such repository or revision, its files may not be read, or the Hub cannot be
                reached.
        """
        with self.told():
            info = patiently(
                lambda: HfApi().repo_info(
                    self.repository,
                    repo_type=self.repository_type,
                    revision=self.revision,
                    timeout=constants.HF_HUB_ETAG_TIMEOUT,
                )
            )
            if getattr(info, "gated", False):
                # Everybody is told of its files; that they are not to be read would show with the first of them.
                patiently(lambda: HfApi().auth_check(self.repository, repo_type=self.repository_type))
        if not _COMMIT.fullmatch(info.sha or ""):
            raise InputError(f"{self._kind.noun} {str(self)!r}: the server gives no commit, it is not the Hub")
        return str(info.sha)

    def told(self) -> AbstractContextManager[None]:
        """A block in which errors of the Hub and the network become an ``InputError`` of one sentence."""
        return hub_told(str(self), "read", self._kind)

    @property
    def _kind(self) -> Kind:
        if self.repository_type == "dataset":
            return DATA_SET
        folder = constants.REPO_TYPES_URL_PREFIXES.get(self.repository_type, "")
        hint = f"; a data set of that name would be hf://datasets/{self.repository}"
        return DATA_SET._replace(noun=self.repository_type, folder=folder, hint=hint)
