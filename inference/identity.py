"""What a run is: two runs of the same identity give the same rows."""

import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_MOST_NAMED = 5
# So many files are listed in the account of a finished run; of more there are count, bytes and digest.
_MOST_LISTED = 100
_DIGEST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class InputMark:
    """By what a changed input is known.

    Attributes:
        name: What its documents are called by.
        size: Bytes.
        modified: Nanoseconds since 1970.
    """

    name: str
    size: int
    modified: int

    def line(self) -> str:
        """The mark as one line of JSON."""
        return json.dumps([self.name, self.size, self.modified], ensure_ascii=False)


@dataclass(frozen=True)
class Identity:
    """Everything that rows follow from.

    Attributes:
        version: Of wasit.
        model: Name of the model.
        weights: Hash of everything that the model is.
        settings: What else changes rows, as JSON holds it, by the name that the user knows, such as
            ``--min-score``.
        inputs: What is read, in order.
    """

    version: str
    model: str
    weights: str
    settings: Mapping[str, Any]
    inputs: tuple[InputMark, ...]

    @cached_property
    def digest(self) -> str:
        """Tells inputs apart without listing them."""
        digest = hashlib.sha256()
        for line in self._lines():
            digest.update(line)
        return digest.hexdigest()

    def manifest(self) -> bytes:
        """All inputs, compressed."""
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as stream:
            stream.writelines(self._lines())
        return buffer.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """The identity as JSON holds it, small however many inputs there are."""
        inputs: dict[str, Any] = {
            "files": len(self.inputs),
            "bytes": sum(one.size for one in self.inputs),
            "digest": self.digest,
        }
        if len(self.inputs) <= _MOST_LISTED:
            inputs["listed"] = [one.line() for one in self.inputs]
        return {
            "version": self.version,
            "model": self.model,
            "weights": self.weights,
            "settings": json.loads(json.dumps(dict(self.settings))),
            "inputs": inputs,
        }

    def differences(
        self, there: Mapping[str, Any], manifest: Callable[[], bytes | None] = lambda: None
    ) -> list[str]:
        """Names what an earlier run has otherwise, with both values; nothing if it is the same run.

        Args:
            there: What ``to_dict`` gave of the earlier run.
            manifest: Gives what ``manifest`` gave of it, where that is still there.
        """
        now = self.to_dict()
        found = [*_values(there, now), *_settings(there["settings"], now["settings"])]
        if there["inputs"]["digest"] != self.digest:
            found.append(f"inputs ({self._changed_inputs(there['inputs'], manifest())})")
        return found

    def _lines(self) -> Iterator[bytes]:
        # Half a character, which only a name made from raw bytes has, is written as JSON writes it.
        return (one.line().encode("utf-8", "backslashreplace") + b"\n" for one in self.inputs)

    def _changed_inputs(self, there: Mapping[str, Any], manifest: bytes | None) -> str:
        if manifest is not None:
            return _changes(gzip.decompress(manifest).split(b"\n")[:-1], self.inputs)
        if "listed" in there:
            return _changes(there["listed"], self.inputs)
        now = self.to_dict()["inputs"]
        return f"found {_amount(there)} there, now {_amount(now)}, not the same ones"


def _values(there: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if there["version"] != now["version"]:
        yield f"version of wasit (found {there['version']} there, now {now['version']})"
    if there["model"] != now["model"]:
        yield f"model (found {there['model']!r} there, now {now['model']!r})"
    elif there["weights"] != now["weights"]:
        old, new = there["weights"][:_DIGEST_SHOWN], now["weights"][:_DIGEST_SHOWN]
        yield f"weights of {now['model']!r} (found {old} there, now {new})"


def _settings(there: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*now, *there)):
        old, new = there.get(name), now.get(name)
        if old != new:
            yield f"{name} (found {_shown(old)} there, now {_shown(new)})"


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _changes(there: Iterable[str | bytes], now: tuple[InputMark, ...]) -> str:
    old = {name: (size, modified) for name, size, modified in map(json.loads, there)}
    new = {one.name: (one.size, one.modified) for one in now}
    changes = {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": [name for name, mark in new.items() if name in old and old[name] != mark],
    }
    told = [f"{len(names)} {what}: {_some(names)}" for what, names in changes.items() if names]
    return ", ".join(told) or "the same ones in another order"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _amount(inputs: Mapping[str, Any]) -> str:
    return f"{inputs['files']:,} files of {inputs['bytes']:,} bytes"
