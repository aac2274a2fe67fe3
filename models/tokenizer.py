"""The tokenizer of a base encoder, made ready: Arabic normalisation and the mediator marker are part of it.

Both live in the tokenizer file, so that they are saved, shared and run in Rust. Letters are never folded here,
since the vocabulary of the encoder knows them as they are written; the mention finder folds further.
"""

from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, normalizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from wasit.models.errors import InputError

MARKER = "<mediator>"
_DIACRITICS_AND_TATWEEL = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"


def load_base_tokenizer(base: str, revision: str | None = None) -> PreTrainedTokenizerFast:
    """Loads the tokenizer of a base encoder and adds what wasit needs to it.

    Args:
        base: Folder or Hub name of a ``bert`` encoder.
        revision: Branch, tag or commit on the Hub.

    Returns:
        The tokenizer with the normaliser before its own and the marker as its newest token.
    """
    tokenizer = load_tokenizer(base, revision)
    backend = tokenizer.backend_tokenizer
    backend.normalizer = _normalizer_before(backend)
    # The Unigram pre-tokenizer would leave a lone "▁" for the space before the marker: lstrip takes that space in.
    marker: Any = AddedToken(MARKER, lstrip=True, normalized=False, special=False)
    tokenizer.add_tokens([marker])
    return tokenizer


def load_tokenizer(source: str, revision: str | None = None) -> PreTrainedTokenizerFast:
    """Loads a tokenizer as it was saved.

    Args:
        source: Folder or Hub name.
        revision: Branch, tag or commit on the Hub.

    Raises:
        InputError: If it is not one that runs in Rust.
    """
    tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise InputError(f"{source}: needs a fast tokenizer, found {type(tokenizer).__name__}")
    return tokenizer


def _normalizer_before(backend: Tokenizer) -> normalizers.Normalizer:
    steps: list[normalizers.Normalizer] = [
        normalizers.Replace(Regex(f"[{_INVISIBLE}]+"), ""),
        normalizers.NFKC(),
        normalizers.Replace(Regex(f"[{_DIACRITICS_AND_TATWEEL}]+"), ""),
    ]
    if backend.normalizer is not None:
        steps.append(backend.normalizer)
    return normalizers.Sequence(steps)


def marker_id(tokenizer: PreTrainedTokenizerFast) -> int:
    """The id of the marker token.

    Raises:
        InputError: If the tokenizer was not made by :func:`load_base_tokenizer`.
    """
    found = tokenizer.get_vocab().get(MARKER)
    if found is None:
        raise InputError(f"the tokenizer has no {MARKER!r} token: this is not the folder of a wasit model")
    return int(found)
