"""What tells URLs from paths on a disk, and how what they name is called."""

import re
from pathlib import Path

from huggingface_hub import constants

_URL = re.compile(r"[a-z][a-z0-9+.\-]*://", re.IGNORECASE)


def is_url(text: str) -> bool:
    """Whether a text begins as a URL does."""
    return _URL.match(text) is not None


def without_query(url: str) -> str:
    """A URL without what may follow a question mark on the web, such as a signature that lets anybody in."""
    return url.partition("?")[0] if url.startswith(("http://", "https://")) else url


def file_name(path: str) -> str:
    """The last part of a path or URL."""
    return without_query(path).rstrip("/").rpartition("/")[2] if is_url(path) else Path(path).name


def data_name(path: str) -> str:
    """How results call data: by the name of the file alone, but on the Hugging Face Hub by the whole URL."""
    return path if path.startswith(constants.HF_PROTOCOL) else file_name(path)
