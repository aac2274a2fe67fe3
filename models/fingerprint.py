"""Tells models apart by what they are, whatever they are called."""

import hashlib
from pathlib import Path

from transformers.utils import CONFIG_NAME, SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME
from transformers.utils.hub import cached_file

from wasit.models.text_side import model_source

_TOKENIZER_NAME = "tokenizer.json"


def fingerprint(name: str) -> str:
    """Hashes the files that the answers of a model follow from.

    Args:
        name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub.

    Returns:
        A SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256()
    with model_source(name) as source:
        for file in (CONFIG_NAME, _TOKENIZER_NAME, SAFE_WEIGHTS_NAME, SAFE_WEIGHTS_INDEX_NAME):
            path = cached_file(source, file, _raise_exceptions_for_missing_entries=False)
            if path is not None:
                with Path(path).open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
