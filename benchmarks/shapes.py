"""The models that are measured, each twice: as a wasit model, and as what its peers load.

The topic head of a wasit model reads ``BertPooler``, so that encoder and head together are a plain
``BertForSequenceClassification`` with the very same weights. Speed does not depend on the weights: those of
shapes that are not shipped are random.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from news_pages import news_pages
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.models.bert import BertConfig, BertForSequenceClassification

from wasit.models.checkpoint import Checkpoint
from wasit.models.configuration import WasitConfig
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Task, Taxonomy
from wasit.models.text_side import SHIPPED_MODEL
from wasit.models.tokenizer import load_base_tokenizer

VOCABULARY = 30_000

# With so many pieces, learnt from made pages, a word of them has as many tokens as a word of news has with 30,000
# pieces learnt from news.
_PIECES = 2_300
_PAGES_TO_LEARN_FROM = 1_000
_ANOTHER_SEED = 1
_SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


@dataclass(frozen=True)
class Shape:
    """The size of an encoder.

    Attributes:
        layers: Number of them.
        width: Numbers of a state.
        heads: Of each layer.
        window_tokens: Tokens that it reads at once.
    """

    layers: int
    width: int
    heads: int
    window_tokens: int = 512


SHAPES = {
    "base": Shape(layers=12, width=768, heads=12),
    "small": Shape(layers=6, width=384, heads=12),
    "tiny": Shape(layers=2, width=32, heads=2, window_tokens=128),
}
"""The shapes that get random weights; ``tiny`` is for trials. Besides, ``mini`` is the shipped model."""

SHIPPED_SHAPE = "mini"


@dataclass(frozen=True)
class Models:
    """Where the two forms of a model are.

    Attributes:
        wasit: Name or folder of the wasit model.
        plain: Folder of the same as ``BertForSequenceClassification`` for the first task of articles.
        task: Name of that task.
        window_tokens: Tokens that both read at once.
    """

    wasit: str
    plain: str
    task: str
    window_tokens: int


def prepare(shape: str, folder: Path) -> Models:
    """Makes both forms of a model.

    Args:
        shape: Of ``SHAPES``, or ``mini``.
        folder: Where they are written.
    """
    wasit = SHIPPED_MODEL
    if shape != SHIPPED_SHAPE:
        wasit = str(folder / "wasit")
        _random_model(SHAPES[shape], folder).save(Path(wasit))
    checkpoint = Checkpoint.load(wasit)
    task = next(task for task in checkpoint.taxonomy.article_tasks if task.problem == "single_label")
    plain = folder / "plain"
    plain_model(checkpoint.network, task).save_pretrained(plain)
    checkpoint.tokenizer.save_pretrained(plain)
    return Models(wasit, str(plain), task.name, checkpoint.network.config.window_tokens)


def plain_model(network: WasitModel, task: Task) -> BertForSequenceClassification:
    """Encoder and the head of one task of articles, as transformers has them, with copies of the weights."""
    config = BertConfig(**network.config.encoder.to_dict())
    config.num_labels = len(task.labels)
    config.id2label = dict(enumerate(task.label_names))
    config.label2id = {name: index for index, name in config.id2label.items()}
    plain = BertForSequenceClassification(config)
    plain.bert.load_state_dict(network.encoder.state_dict())
    plain.classifier.load_state_dict(network.article_heads[task.name].state_dict())
    plain.eval()
    return plain


def _random_model(shape: Shape, folder: Path) -> Checkpoint:
    base = folder / "base"
    _wordpiece(shape.window_tokens).save_pretrained(base)
    encoder = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=4 * shape.width,
        max_position_embeddings=shape.window_tokens,
    )
    encoder.save_pretrained(base)
    torch.manual_seed(0)
    taxonomy = Taxonomy.default()
    config = WasitConfig(encoder, taxonomy.to_dict(), shape.window_tokens, shape.window_tokens // 8)
    return Checkpoint(str(folder), WasitModel(config).eval(), load_base_tokenizer(str(base)), taxonomy)


def _wordpiece(window_tokens: int) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token=_SPECIAL["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=_PIECES, special_tokens=list(_SPECIAL.values()), show_progress=False
    )
    tokenizer.train_from_iterator((page.text for page in news_pages(_PAGES_TO_LEARN_FROM, _ANOTHER_SEED)), trainer)
    ends = [(name, tokenizer.token_to_id(name)) for name in (_SPECIAL["cls_token"], _SPECIAL["sep_token"])]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=window_tokens, **_SPECIAL)
