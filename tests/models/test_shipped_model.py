"""The model inside the package, on articles that leave no doubt."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.models.prediction import Prediction
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import SHIPPED_MODEL

FOLDER = Path(str(files("wasit.models") / SHIPPED_MODEL))
MEBIBYTE = 2**20

TALKS = (
    "الدوحة تستضيف جولة جديدة من المفاوضات غير المباشرة\n"
    "استضافت قطر اليوم جولة جديدة من المفاوضات غير المباشرة بين الطرفين للتوصل إلى هدنة، ونقل الوسيط القطري "
    "الرسائل بين الوفدين. وقال متحدث باسم الخارجية القطرية إن الوساطة مستمرة حتى التوصل إلى اتفاق."
)
MATCH = (
    "منتخب مصر يفوز في المباراة الافتتاحية\n"
    "فاز منتخب مصر لكرة القدم بهدفين مقابل هدف في المباراة الافتتاحية للبطولة، وسجل المهاجم الهدف الثاني في الشوط "
    "الثاني أمام آلاف المشجعين في الملعب، وأهدر الفريق المنافس ركلة جزاء قبل صفارة النهاية."
)
MARKETS = (
    "أسعار النفط ترتفع مع تراجع المخزونات\n"
    "ارتفعت أسعار النفط في الأسواق العالمية ثلاثة في المئة بعد تراجع المخزونات، وصعدت أسهم شركات الطاقة في "
    "البورصة، وتوقع محللون أن يبلغ سعر البرميل تسعين دولارا قبل نهاية الربع الأخير."
)


@pytest.fixture(scope="module")
def predictions() -> list[Prediction]:
    return Predictor(Checkpoint.load(), torch.device("cpu"))([TALKS, MATCH, MARKETS])


def test_it_tells_topics_apart(predictions: list[Prediction]) -> None:
    topics = [prediction.answers["topic"].labels[0] for prediction in predictions]
    assert topics == ["peace_process", "sport", "economy"]


def test_it_tells_a_mediator_from_a_football_team(predictions: list[Prediction]) -> None:
    talks, match, _ = predictions
    roles = {found.mediator: found.answers["role"].labels[0] for found in (*talks.mediators, *match.mediators)}
    assert roles == {"qatar": "facilitator", "egypt": "uninvolved"}


def test_it_is_small_and_holds_only_what_it_needs() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size < 56 * MEBIBYTE
    names = {path.name for path in FOLDER.iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md"}


def test_it_carries_the_shipped_taxonomy_and_its_calibration() -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    assert Taxonomy.from_dict(config["taxonomy"]) == Taxonomy.default()
    assert set(config["temperatures"]) == {task.name for task in Taxonomy.default().tasks}
