"""Reads lines of JSON one by one: a broken or endless line is no harm to the others."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import IO, Any

from wasit.inference.documents import Fields, decode_text, listed
from wasit.inference.reject import Reject
from wasit.models.remote_files import reason_of


def bounded_lines(stream: IO[bytes], most: int) -> Iterator[bytes | Reject]:
    """Yields the lines of a stream; of one that is longer than so many bytes, that it is."""
    while line := stream.readline(most):
        length = len(line)
        while line and len(line) == most and not line.endswith(b"\n"):
            line = stream.readline(most)
            length += len(line)
        if length == len(line):
            yield line
        else:
            yield Reject("too_long", f"the line has {length:,} bytes, at most {most:,} are allowed")


class _Repeating(dict[str, Any]):
    """An object in which a key stands more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        """Notes which."""
        super().__init__(pairs)
        self.repeated = {key for key, count in Counter(key for key, _ in pairs).items() if count > 1}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else _Repeating(pairs)


def parse_line(line: bytes | Reject, fields: Fields) -> Mapping[str, Any] | None:
    """Gives the object of a line, or None if the line is blank.

    Args:
        line: The line, or why there is none.
        fields: What must not stand in it twice.

    Raises:
        Reject: If it is no object, or a field stands in it twice.
    """
    if isinstance(line, Reject):
        raise line
    text = decode_text(line).removeprefix("\ufeff")
    if not text or text.isspace():
        return None
    try:
        values = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise Reject("bad_json", reason_of(error)) from error
    if not isinstance(values, dict):
        raise Reject("bad_json", "the line is not an object")
    if isinstance(values, _Repeating) and not values.repeated.isdisjoint((fields.text, fields.id)):
        raise Reject("bad_json", f"fields stand there more than once: {listed(sorted(values.repeated))}")
    return values
