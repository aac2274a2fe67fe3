"""The tokenizer of a base encoder, made ready: Arabic normalisation and the mediator marker are part of it.

Both live in the tokenizer file, so that they are saved, shared and run in Rust. Letters are never folded here,
since the vocabulary of the encoder knows them as they are written; the mention finder folds further.

A folder may hold ``tokenizer.json``, or ``vocab.txt`` alone as the original BERT and CAMeLBERT do. Lower-casing
in such a tokenizer, which is on unless ``tokenizer_config.json`` says ``"do_lower_case": false``, also takes
hamza and madda from their letters. Where the vocabulary has these letters, the encoder was trained with them: they
are kept, unless the file asks for ``"strip_accents": true`` in so many words.
"""

from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, normalizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from wasit.models.base_name import BaseName
from wasit.models.errors import InputError

MARKER = "<mediator>"
_DIACRITICS_AND_TATWEEL = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
_LETTERS_WITH_ACCENTS = ("أ", "إ", "آ", "ؤ", "ئ")
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"


def load_base_tokenizer(base: str) -> PreTrainedTokenizerFast:
    """Loads the tokenizer of a base encoder and adds what wasit needs to it.

    Args:
        base: Folder of a ``bert`` encoder, or ``organisation/name`` or ``organisation/name@revision`` on the Hub.

    Returns:
        The tokenizer with the normaliser before its own and the marker as its newest token.

    Raises:
        InputError: If there is none, or it is not one that runs in Rust.
    """
    own = load_tokenizer(base)
    backend = own.backend_tokenizer
    backend.normalizer = _normalizer_before(backend)
    # The class of a base, such as BertTokenizer, would build its own normaliser anew when it is loaded again.
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=own.model_max_length, **own.special_tokens_map
    )
    # The Unigram pre-tokenizer would leave a lone "▁" for the space before the marker: lstrip takes that space in.
    marker: Any = AddedToken(MARKER, lstrip=True, normalized=False, special=False)
    tokenizer.add_tokens([marker])
    return tokenizer


def load_tokenizer(source: str) -> PreTrainedTokenizerFast:
    """Loads a tokenizer as it was saved.

    Args:
        source: A folder, or ``organisation/name`` or ``organisation/name@revision`` on the Hub.

    Raises:
        InputError: If there is none, or it is not one that runs in Rust.
    """
    name, revision = BaseName.parse(source)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: the tokenizer cannot be loaded: {_first_line(error)}") from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise InputError(f"{source}: needs a fast tokenizer, found {type(tokenizer).__name__}")
    # A folder without a tokenizer gives one that knows its special tokens and nothing else.
    if not tokenizer.get_vocab().keys() - set(tokenizer.all_special_tokens):
        raise InputError(f"{source}: there is no tokenizer; allowed: a tokenizer.json or a vocab.txt")
    return tokenizer


def _normalizer_before(backend: Tokenizer) -> normalizers.Normalizer:
    steps: list[normalizers.Normalizer] = [
        normalizers.Replace(Regex(f"[{_INVISIBLE}]+"), ""),
        normalizers.NFKC(),
        normalizers.Replace(Regex(f"[{_DIACRITICS_AND_TATWEEL}]+"), ""),
    ]
    own = backend.normalizer
    if isinstance(own, normalizers.BertNormalizer) and own.strip_accents is None:
        own.strip_accents = own.lowercase and not _knows_letters_with_accents(backend)
    if own is not None:
        steps.append(own)
    return normalizers.Sequence(steps)


def _knows_letters_with_accents(backend: Tokenizer) -> bool:
    return any(backend.token_to_id(letter) is not None for letter in _LETTERS_WITH_ACCENTS)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def marker_id(tokenizer: PreTrainedTokenizerFast) -> int:
    """The id of the marker token.

    Raises:
        InputError: If the tokenizer was not made by :func:`load_base_tokenizer`.
    """
    found = tokenizer.get_vocab().get(MARKER)
    if found is None:
        raise InputError(f"the tokenizer has no {MARKER!r} token: this is not the folder of a wasit model")
    return int(found)
