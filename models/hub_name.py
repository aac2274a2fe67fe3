"""How a model on the Hugging Face Hub is named."""

import re
from typing import NamedTuple

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from wasit.models.errors import InputError

# The revision becomes a path of the cache: no step of it leads upwards.
_REVISION = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+-]*")


class HubName(NamedTuple):
    """A model on the Hub.

    Attributes:
        repository: ``organisation/name``.
        revision: A branch, tag or commit; None for the newest.
    """

    repository: str
    revision: str | None = None

    def __str__(self) -> str:
        """As the user writes it."""
        return self.repository if self.revision is None else f"{self.repository}@{self.revision}"

    @classmethod
    def parse(cls, name: str) -> "HubName | None":
        """Reads ``organisation/name`` or ``organisation/name@revision``; None if it is neither.

        Raises:
            InputError: If what stands behind the ``@`` cannot be a revision.
        """
        repository, at, revision = name.partition("@")
        try:
            validate_repo_id(repository)
        except HFValidationError:
            return None
        if "/" not in repository:
            return None
        if at and not _REVISION.fullmatch(revision):
            raise InputError(f"model {name!r}: found {revision!r} behind the @; allowed: a branch, tag or commit")
        return cls(repository, revision if at else None)
