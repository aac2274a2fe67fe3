"""How a pretrained encoder is named, which transformers loads by itself."""

from pathlib import Path
from typing import NamedTuple

from wasit.models.hub_name import HubName


class BaseName(NamedTuple):
    """A base encoder as transformers takes it.

    Attributes:
        source: A folder, or a name on the Hugging Face Hub.
        revision: Branch, tag or commit on the Hub; None for the newest.
    """

    source: str
    revision: str | None = None

    @classmethod
    def parse(cls, name: str) -> "BaseName":
        """Reads a folder, ``organisation/name`` or ``organisation/name@revision``.

        Raises:
            InputError: If what stands behind the ``@`` cannot be a revision.
        """
        on_hub = None if Path(name).is_dir() else HubName.parse(name)
        return cls(name) if on_hub is None else cls(*on_hub)
