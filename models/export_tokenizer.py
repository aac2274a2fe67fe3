"""The tokenizer of an export: what wasit does around the tokenizer of a model is part of its file."""

import json
from pathlib import Path

from tokenizers import Tokenizer, processors
from transformers import PreTrainedTokenizerFast

from wasit.models.tokenizer import MARKER

_CONFIG_NAME = "tokenizer_config.json"


def export_tokenizer(
    tokenizer: PreTrainedTokenizerFast, window_tokens: int, has_marker: bool
) -> PreTrainedTokenizerFast:
    """Makes a tokenizer that gives a text the ids that wasit gives it.

    Args:
        tokenizer: Of a wasit model.
        window_tokens: What texts are cut to where a consumer cuts them.
        has_marker: Whether the marker stays a token. It is the newest one, so that no other id moves without it.
    """
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    if not has_marker:
        state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] != MARKER]
    backend = Tokenizer.from_str(json.dumps(state))
    first, last = tokenizer.cls_token, tokenizer.sep_token
    backend.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B {last}",
        special_tokens=[(token, backend.token_to_id(token)) for token in (first, last)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=window_tokens,
        # A page may contain "[SEP]" as text: it must not become the token.
        split_special_tokens=True,
        **tokenizer.special_tokens_map,
    )


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a tokenizer so that transformers 4 and 5 load it.

    Args:
        tokenizer: From :func:`export_tokenizer`.
        folder: Is there already.
    """
    tokenizer.save_pretrained(folder)
    path = folder / _CONFIG_NAME
    config = json.loads(path.read_text(encoding="utf-8"))
    # transformers 5 writes a name that only it knows, and reads this one as well.
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
