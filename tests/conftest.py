"""One tiny model for all tests: random seeded weights, a small vocabulary, everything else as shipped."""

import os
from pathlib import Path

import pytest

# No test speaks to a server that it did not start: this must stand before anything of Hugging Face is imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import torch
from hub_stub import hub
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.models.bert import BertConfig, BertModel

from wasit.inference.classifier import Classifier
from wasit.models.checkpoint import Checkpoint
from wasit.models.configuration import WasitConfig
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import load_base_tokenizer

__all__ = ["hub"]
"""A fixture of the stand-in for the Hugging Face Hub."""

WINDOW_TOKENS = 128
VOCABULARY = 400
SENTENCES = (
    "وصل الوفد القطري إلى العاصمة صباح اليوم لاستئناف جولة جديدة من المحادثات بين الطرفين.",
    "وقال مسؤول في القاهرة إن مصر تعمل مع شركائها على صياغة مقترح يقبله الجميع.",
    "وانتقدت الحركة موقف واشنطن واتهمت الولايات المتحدة بالانحياز إلى جانب واحد.",
    "أعلنت الأمم المتحدة أن قافلة من ثلاثين شاحنة عبرت الحدود محملة بالدقيق والدواء.",
    "وأشاد الرئيس بالدور الذي تقوم به تركيا وسلطنة عمان في تقريب وجهات النظر.",
    "ارتفعت أسعار النفط في الأسواق العالمية بعد قرار خفض الإنتاج لشهرين متتاليين.",
    "فاز المنتخب بهدفين مقابل هدف واحد في المباراة النهائية على ملعب المدينة.",
    "قال باحثون في الجامعة إن اللقاح الجديد خفض الإصابات إلى النصف خلال عام ظهرت فيه سلالة أخرى.",
    "غضب الضباط بعد ضبط شحنة ثقيلة من المخدرات في مرفأ صغير شرق البلاد.",
    "The talks resume on Monday, 25 May 2024, at 10:30 (GMT).",
)
PAGES = {
    "doha.txt": (
        "الدوحة تستضيف جولة جديدة من المحادثات\n"
        "تاريخ النشر: 2024-05-03\n"
        "وصل الوفد القطري إلى مكان الاجتماع صباح اليوم لاستئناف المحادثات بين الطرفين.\n"
        "اقرأ أيضا: أسعار النفط ترتفع\n"
        "وقال مسؤول إن مصر تعمل مع شركائها على صياغة مقترح يقبله الجميع، وإن قطر نقلت الرد.\n"
        "المصدر: وكالات\n"
    ),
    "sport/final.txt": (
        "المنتخب يفوز باللقب\n"
        "فاز المنتخب بهدفين مقابل هدف واحد في المباراة النهائية على ملعب المدينة أمام جمهور كبير.\n"
    ),
    "english.txt": "The talks resume on Monday in the capital, officials said on Sunday.\n",
}
_SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a plain ``bert`` encoder with a WordPiece tokenizer, as it would come from the Hub."""
    folder = tmp_path_factory.mktemp("tiny") / "base"
    tokenizer = _train_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=WINDOW_TOKENS,
        # States that differ from word to word, so that a few steps of training teach something.
        initializer_range=0.2,
        pad_token_id=tokenizer.pad_token_id,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_base: Path) -> Path:
    """The folder of a wasit model of the default taxonomy on ``tiny_base``; its answers are random but fixed."""
    folder = tiny_base.parent / "tiny-wasit"
    tokenizer = load_base_tokenizer(str(tiny_base))
    torch.manual_seed(0)
    encoder = BertConfig.from_pretrained(tiny_base, vocab_size=len(tokenizer))
    taxonomy = Taxonomy.default()
    # Weights this large make the answers differ from one article to the next.
    encoder.initializer_range = 0.5
    config = WasitConfig(
        encoder, taxonomy.to_dict(), window_tokens=WINDOW_TOKENS, window_overlap=16, initializer_range=0.2
    )
    Checkpoint("tiny-wasit", WasitModel(config).eval(), tokenizer, taxonomy).save(folder)
    return folder


@pytest.fixture(scope="session")
def classifier(tiny_model: Path) -> Classifier:
    """The tiny model, loaded."""
    return Classifier.from_pretrained(str(tiny_model), device="cpu")


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """Two pages with an article and one without, by file name."""
    return dict(PAGES)


@pytest.fixture
def page_folder(tmp_path: Path, pages: dict[str, str]) -> Path:
    """The pages as files of a folder."""
    folder = tmp_path / "pages"
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def _train_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token=_SPECIAL["unk_token"]))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY, special_tokens=list(_SPECIAL.values()), show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=WINDOW_TOKENS, **_SPECIAL)
