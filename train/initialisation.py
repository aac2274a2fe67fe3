"""A fresh model on a pretrained encoder: layers chosen, heads new, a marker in the vocabulary."""

import torch
from torch import nn
from transformers import AutoConfig, PreTrainedTokenizerFast
from transformers.models.bert import BertConfig, BertModel

from wasit.models.checkpoint import Checkpoint
from wasit.models.configuration import WasitConfig
from wasit.models.errors import InputError
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import load_base_tokenizer, marker_id
from wasit.train.recipe import Recipe


def initial_checkpoint(recipe: Recipe, taxonomy: Taxonomy) -> Checkpoint:
    """Builds the model that training starts from.

    Args:
        recipe: Names the base and which of its layers to keep.
        taxonomy: Gives the heads.

    Raises:
        InputError: If the base is not a ``bert`` encoder or has no such layers.
    """
    tokenizer = load_base_tokenizer(recipe.base, recipe.revision)
    encoder = _load_encoder(recipe)
    _keep_layers(encoder, recipe)
    _make_room_for_marker(encoder, tokenizer)
    config = WasitConfig(
        encoder=encoder.config,
        taxonomy=taxonomy.to_dict(),
        window_tokens=min(tokenizer.model_max_length, encoder.config.max_position_embeddings),
        window_overlap=recipe.window_overlap,
        mention_dropout=recipe.mention_dropout,
    )
    network = WasitModel(config)
    network.encoder.load_state_dict(encoder.state_dict())
    # A folder of the machine that trained the model is nobody else's business.
    network.config.encoder.name_or_path = ""
    return Checkpoint(recipe.output, network, tokenizer, taxonomy)


def _load_encoder(recipe: Recipe) -> BertModel:
    config = AutoConfig.from_pretrained(recipe.base, revision=recipe.revision)
    if not isinstance(config, BertConfig):
        raise InputError(f"base: {recipe.base} is a {config.model_type!r} model; allowed: a 'bert' encoder")
    # Attention dropout forces the slow attention kernel on a CPU and brings little in fine-tuning: it stays off.
    return BertModel.from_pretrained(
        recipe.base,
        revision=recipe.revision or "main",
        dtype=torch.float32,
        use_safetensors=True,
        add_pooling_layer=True,
        attention_probs_dropout_prob=0.0,
        hidden_dropout_prob=recipe.hidden_dropout,
    )


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
    """Lets the marker start as the mask token, whose state the encoder fills from its surroundings.

    A base that has a row for the marker was trained with it, and keeps what it learnt.
    """
    if marker_id(tokenizer) < encoder.config.vocab_size:
        return
    encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    embeddings = encoder.get_input_embeddings().weight
    with torch.no_grad():
        embeddings[marker_id(tokenizer)] = embeddings[tokenizer.mask_token_id]
