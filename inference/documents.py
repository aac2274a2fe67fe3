"""Documents as they are read, and how a row of a file becomes one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wasit.inference.charset import decode
from wasit.inference.input_files import InputFile
from wasit.inference.reject import Reject

DEFAULT_TEXT_FIELD = "text"
DEFAULT_ID_FIELD = "id"
LONGEST_DOCUMENT = 2_000_000
"""Characters that a document has at most: no page of news is that long."""

_MOST_FIELDS_LISTED = 20
_KINDS = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Document:
    """A page as text.

    Attributes:
        id: The same in the output.
        text: What all offsets count the characters of.
        extracted: Whether the text was taken out of HTML, so that nobody but this document has it.
    """

    id: str
    text: str
    extracted: bool = False


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page as HTML, of which a text is still to be made.

    Attributes:
        id: The same in the output.
        data: The HTML.
        charset: The encoding that the server stated, if it did.
    """

    id: str
    data: bytes
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A document that gives no rows.

    Attributes:
        id: Of the document, or of the file if the file as a whole cannot be read.
        reason: A fixed identifier, a colon and an explanation.
    """

    id: str
    reason: str


Item = Document | WebPage | Rejection
"""What reading gives."""


@dataclass(frozen=True)
class Fields:
    """Where rows have what is needed.

    Attributes:
        text: Field of the text.
        given_id: Field of the id, if the user named one: then every row must have it.
    """

    text: str = DEFAULT_TEXT_FIELD
    given_id: str | None = None

    @property
    def id(self) -> str:
        """Field of the id."""
        return self.given_id or DEFAULT_ID_FIELD


def check_length(text: str) -> None:
    """Makes sure that a text is no longer than a document may be.

    Raises:
        Reject: If it is.
    """
    if len(text) > LONGEST_DOCUMENT:
        raise Reject("too_long", f"found {len(text):,} characters, at most {LONGEST_DOCUMENT:,} are allowed")


def document_of_row(
    file: InputFile, number: int, values: Mapping[str, Any], fields: Fields
) -> Document | Rejection:
    """Takes id and text out of a row.

    Args:
        file: Where the row stands.
        number: Its number in the file, from 1.
        values: Its fields, texts as strings or as bytes.
        fields: Which of them to take.
    """
    name = file.row_name(number)
    try:
        name = _id(values, fields) or name
        return Document(name, _text(values, fields))
    except Reject as reject:
        return Rejection(name, reject.reason)


def _id(values: Mapping[str, Any], fields: Fields) -> str | None:
    value = values.get(fields.id)
    if isinstance(value, bytes):
        value = decode_text(value)
    if value is None or value == "":
        if fields.given_id is not None:
            raise Reject("missing_id", no_field(fields.id, values))
        return None
    if isinstance(value, bool | list | dict):
        raise Reject("bad_id", f"the field {fields.id!r} holds {_KINDS[type(value)]}, not text or a number")
    return without_surrogates(str(value))


def _text(values: Mapping[str, Any], fields: Fields) -> str:
    value = values.get(fields.text)
    if value is None:
        raise Reject("missing_text", no_field(fields.text, values))
    if isinstance(value, bytes):
        value = decode_text(value)
    if not isinstance(value, str):
        found = _KINDS.get(type(value), type(value).__name__)
        raise Reject("bad_text", f"the field {fields.text!r} holds {found}, not text")
    check_length(value)
    return value


def decode_text(data: bytes) -> str:
    """Decodes a value inside of a file: its characters are kept, a byte order mark included.

    Raises:
        Reject: If no encoding gives text.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return decode(data, None)


def without_surrogates(text: str) -> str:
    """Replaces halves of a character, which only JSON can hold, each by one sign, so that offsets hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text)
    return text


def no_field(name: str, names: Iterable[str]) -> str:
    """Says that a field is missing, and which there are."""
    there = list(names)
    if name in there:
        return f"the field {name!r} is empty"
    return f"there is no field {name!r}, found: {listed(there)}"


def listed(names: list[str]) -> str:
    """Names in a message, not too many of them."""
    more = f" and {len(names) - _MOST_FIELDS_LISTED} more" if len(names) > _MOST_FIELDS_LISTED else ""
    return (", ".join(names[:_MOST_FIELDS_LISTED]) or "none") + more
