"""Takes out of messages what would let anybody in."""

import re

from huggingface_hub import get_token

_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{4,}")
# What follows the question mark of an address may be a signature that lets anybody in.
_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")


def clean(text: str) -> str:
    """A message of others without tokens and signatures, in one line."""
    token = get_token()
    if token:
        text = text.replace(token, "<token>")
    return " ".join(_QUERY.sub(r"\1", _TOKEN.sub("<token>", text)).split())
