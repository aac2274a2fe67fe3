"""The model that training starts from: a pretrained encoder with new heads, or a model of wasit that learns on."""

from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, PreTrainedTokenizerFast
from transformers.models.bert import BertConfig, BertModel

from wasit.models.base_name import BaseName
from wasit.models.checkpoint import Checkpoint
from wasit.models.configuration import WasitConfig
from wasit.models.errors import InputError
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Task, Taxonomy
from wasit.models.text_side import SHIPPED_MODEL
from wasit.models.tokenizer import MARKER, load_base_tokenizer, marker_id
from wasit.train.recipe import Recipe

_CONVERSION = (
    "from transformers import AutoModel, AutoTokenizer; "
    "AutoModel.from_pretrained('{base}').save_pretrained('FOLDER'); "
    "AutoTokenizer.from_pretrained('{base}').save_pretrained('FOLDER')"
)


def initial_checkpoint(recipe: Recipe, taxonomy: Taxonomy) -> Checkpoint:
    """Builds the model that training starts from.

    A base that is a model of wasit keeps its heads for tasks with the same labels.

    Args:
        recipe: Names the base and which of its layers to keep.
        taxonomy: Gives the heads.

    Raises:
        InputError: If the base is neither a ``bert`` encoder with its tokenizer and weights nor a model of wasit,
            or has no such layers.
    """
    base_config = None if recipe.base == SHIPPED_MODEL else _load_config(recipe)
    if base_config is None or isinstance(base_config, WasitConfig):
        return _continued(recipe, taxonomy)
    tokenizer = load_base_tokenizer(recipe.base)
    _check_tokenizer(recipe, base_config, tokenizer)
    encoder = _load_encoder(recipe)
    _keep_layers(encoder, recipe)
    _make_room_for_marker(encoder, tokenizer)
    window_tokens = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
    return Checkpoint(recipe.output, _network(recipe, taxonomy, encoder, window_tokens), tokenizer, taxonomy)


def _network(recipe: Recipe, taxonomy: Taxonomy, encoder: BertModel, window_tokens: int) -> WasitModel:
    config = WasitConfig(
        encoder=encoder.config,
        taxonomy=taxonomy.to_dict(),
        window_tokens=window_tokens,
        window_overlap=recipe.window_overlap,
        mention_dropout=recipe.mention_dropout,
    )
    network = WasitModel(config)
    network.encoder.load_state_dict(encoder.state_dict())
    # A folder of the machine that trained the model is nobody else's business.
    network.config.encoder.name_or_path = ""
    return network


def _continued(recipe: Recipe, taxonomy: Taxonomy) -> Checkpoint:
    start = Checkpoint.load(recipe.base)
    encoder = start.network.encoder
    _keep_layers(encoder, recipe)
    encoder.config.hidden_dropout_prob = recipe.hidden_dropout
    network = _network(recipe, taxonomy, encoder, start.network.config.window_tokens)
    # With other layers, what sums up the states of a mention reads other states than it has learnt to.
    if recipe.layers is None:
        network.mention_pooler.load_state_dict(start.network.mention_pooler.state_dict())
    known = {_identity(task) for task in start.taxonomy.tasks}
    for task in taxonomy.tasks:
        if _identity(task) in known:
            _head(network, task).load_state_dict(_head(start.network, task).state_dict())
    return Checkpoint(recipe.output, network, start.tokenizer, taxonomy)


def _identity(task: Task) -> tuple[str, str, str, tuple[str, ...]]:
    return task.name, task.scope, task.problem, task.label_names


def _head(network: WasitModel, task: Task) -> nn.Module:
    return (network.article_heads if task.scope == "article" else network.mediator_heads)[task.name]


def _load_config(recipe: Recipe) -> BertConfig | WasitConfig:
    source, revision = BaseName.parse(recipe.base)
    try:
        config = AutoConfig.from_pretrained(source, revision=revision, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"base: {recipe.base!r} is neither a folder with a config.json nor a model that the Hub gave; "
            f"allowed: a 'bert' encoder or a model of wasit ({str(error).strip().splitlines()[0]})"
        ) from error
    if not isinstance(config, BertConfig | WasitConfig):
        raise InputError(
            f"base: {recipe.base} is a {config.model_type!r} model; allowed: a 'bert' encoder or a model of wasit"
        )
    return config


def _check_tokenizer(recipe: Recipe, config: BertConfig, tokenizer: PreTrainedTokenizerFast) -> None:
    for name in ("cls_token", "sep_token", "pad_token", "mask_token"):
        if getattr(tokenizer, name) is None:
            raise InputError(
                f"base: {recipe.base} has a tokenizer without a {name}; allowed: one of a 'bert' encoder"
            )
    pieces = {id for piece, id in tokenizer.get_vocab().items() if piece != MARKER}
    if max(pieces) >= config.vocab_size:
        raise InputError(
            f"base: {recipe.base} has a tokenizer with {max(pieces) + 1} pieces but an encoder that knows "
            f"{config.vocab_size}: they do not belong together"
        )


def _load_encoder(recipe: Recipe) -> BertModel:
    source, revision = BaseName.parse(recipe.base)
    # Attention dropout forces the slow attention kernel on a CPU and brings little in fine-tuning: it stays off.
    try:
        loaded: Any = BertModel.from_pretrained(
            source,
            # For "main" transformers also finds the safetensors that the Hub's own bot has proposed to the model.
            revision=revision or "main",
            dtype=torch.float32,
            use_safetensors=True,
            output_loading_info=True,
            add_pooling_layer=True,
            attention_probs_dropout_prob=0.0,
            hidden_dropout_prob=recipe.hidden_dropout,
        )
    except OSError as error:
        raise InputError(
            f"base: {recipe.base} has no weights that can be read as safetensors; name a revision that has them "
            "(often @refs/pr/N behind the name) or convert the weights, if you trust their publisher, with "
            f'`python -c "{_CONVERSION.format(base=recipe.base)}"` and --set base=FOLDER '
            f"({str(error).strip().splitlines()[0]})"
        ) from error
    except (RuntimeError, SafetensorError) as error:
        raise InputError(f"base: {recipe.base} has weights that do not fit its config.json: {error}") from error
    encoder, report = loaded
    # The pooler is trained from nothing where a base has none, and so many have none.
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise InputError(
            f"base: {recipe.base} lacks weights that its config.json promises: {missing[0]} "
            f"and {len(missing) - 1} more"
        )
    return encoder  # type: ignore[no-any-return]


def _keep_layers(encoder: BertModel, recipe: Recipe) -> None:
    if recipe.layers is None:
        return
    present = len(encoder.encoder.layer)
    wrong = [layer for layer in recipe.layers if not 0 <= layer < present]
    if wrong or not recipe.layers:
        raise InputError(
            f"layers: found {wrong or 'none'}; allowed: from 0 to {present - 1}, the layers of the base"
        )
    encoder.encoder.layer = nn.ModuleList([encoder.encoder.layer[layer] for layer in recipe.layers])
    encoder.config.num_hidden_layers = len(recipe.layers)


def _make_room_for_marker(encoder: BertModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Lets the marker start as the mask token, whose state the encoder fills from its surroundings."""
    # An encoder may have spare rows behind its vocabulary, as multilingual E5 does: the marker takes the first.
    if marker_id(tokenizer) >= encoder.config.vocab_size:
        encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    embeddings = encoder.get_input_embeddings().weight
    with torch.no_grad():
        embeddings[marker_id(tokenizer)] = embeddings[tokenizer.mask_token_id]
