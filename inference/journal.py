"""The journal of a run: which chunks are done. An entry that is there says that the part is there too."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wasit.inference.account import ChunkCounts
from wasit.inference.documents import Rejection
from wasit.inference.identity import Identity
from wasit.inference.store import Store

_IDENTITY = "identity.json"
_INPUTS = "inputs.jsonl.gz"
_ENTRY = ".entry.json"


@dataclass(frozen=True)
class Entry:
    """What the journal has of a chunk.

    Attributes:
        number: Of the chunk.
        size: Bytes of its part.
        counts: What became of its documents.
        rejections: Those of its documents that gave no rows.
    """

    number: int
    size: int
    counts: ChunkCounts
    rejections: tuple[Rejection, ...]

    def to_json(self) -> bytes:
        """The entry as it is written."""
        values = {
            "number": self.number,
            "size": self.size,
            "counts": self.counts.to_dict(),
            "rejections": [[one.id, one.reason] for one in self.rejections],
        }
        return json.dumps(values).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Entry | None":
        """Reads an entry; one that is damaged is none, so that its chunk is done again."""
        try:
            values = json.loads(data)
            counts = ChunkCounts.from_dict(values["counts"])
            rejections = tuple(Rejection(*one) for one in values["rejections"])
            return cls(values["number"], values["size"], counts, rejections)
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Journal:
    """The journal in a folder.

    Attributes:
        store: The folder; nothing else is in it.
    """

    store: Store

    def start(self, identity: Identity) -> None:
        """Notes which run this is; that there is an identity says that the inputs are noted too."""
        self.store.put(_INPUTS, identity.manifest())
        self.store.put(_IDENTITY, as_json(identity.to_dict()))

    def identity(self) -> dict[str, Any] | None:
        """Which run began here, or None if that is not known."""
        values = read_json(self.store, _IDENTITY)
        return values if is_identity(values) else None

    def manifest(self) -> bytes:
        """The inputs of the run that began here."""
        (data,) = self.store.read([_INPUTS])
        return data

    def add(self, entry: Entry) -> None:
        """Notes that a chunk is done."""
        self.store.put(f"{entry.number:05}{_ENTRY}", entry.to_json())

    def entries(self) -> Iterator[Entry]:
        """Yields what is done, in the order of the chunks."""
        numbers = {name.removesuffix(_ENTRY): name for name in self.store.contents() if name.endswith(_ENTRY)}
        names = [numbers[number] for number in sorted(filter(str.isdecimal, numbers), key=int)]
        for data in self.store.read(names):
            entry = Entry.from_json(data)
            if entry is not None:
                yield entry

    def exists(self) -> bool:
        """Whether a run began here, known or not."""
        return self.store.size(_IDENTITY) is not None

    def void(self) -> None:
        """Forgets what is done and which run this is, and keeps that there was one."""
        self.store.put(_IDENTITY, as_json({}))
        self._remove_all_but_identity()

    def remove(self) -> None:
        """Removes everything, last of all that there was a run."""
        self._remove_all_but_identity()
        self.store.remove([_IDENTITY])
        self.store.discard()

    def _remove_all_but_identity(self) -> None:
        self.store.tidy()
        self.store.remove(name for name in self.store.contents() if name.endswith(_ENTRY) or name == _INPUTS)


def is_identity(values: object) -> bool:
    """Whether values are what an identity gives."""
    keys = ("version", "model", "weights", "settings", "inputs")
    return isinstance(values, Mapping) and all(key in values for key in keys)


def read_json(store: Store, name: str) -> dict[str, Any]:
    """Values of a JSON file, none of them if it is not there or is damaged."""
    if store.size(name) is None:
        return {}
    try:
        values = json.loads(*store.read([name]))
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def as_json(values: Mapping[str, Any]) -> bytes:
    """Values as a JSON file that people can read."""
    # Half a character, which a text out of JSON can hold, is written as JSON writes it.
    return json.dumps(values, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n"
