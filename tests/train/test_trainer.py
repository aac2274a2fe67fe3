from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import EvalPrediction

from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.train.losses import MISSING
from wasit.train.recipe import DataSource, Recipe, Stage
from wasit.train.trainer import parameter_groups, score_predictions

STAGE = Stage(train=(DataSource(path="x.jsonl"),), epochs=1, learning_rate=1e-4, head_learning_rate=1e-3)


def rate_of(model: WasitModel, name: str, layer_decay: float) -> tuple[float, float]:
    recipe = Recipe(base="b", output="o", stages=(STAGE,), layer_decay=layer_decay, weight_decay=0.1)
    wanted = dict(model.named_parameters())[name]
    (group,) = [
        group
        for group in parameter_groups(model, recipe, STAGE)
        if any(parameter is wanted for parameter in group["params"])
    ]
    return group["lr"], group["weight_decay"]


@pytest.mark.parametrize(
    ("name", "rate", "decay"),
    [
        ("article_heads.topic.weight", 1e-3, 0.1),
        ("mediator_heads.role.bias", 1e-3, 0.0),
        ("encoder.pooler.dense.weight", 1e-3, 0.1),
        ("encoder.encoder.layer.1.output.dense.weight", 1e-4, 0.1),
        ("encoder.encoder.layer.0.output.dense.weight", 0.5e-4, 0.1),
        ("encoder.encoder.layer.0.output.LayerNorm.weight", 0.5e-4, 0.0),
        ("encoder.embeddings.word_embeddings.weight", 0.25e-4, 0.1),
    ],
)
def test_deeper_layers_learn_slower_and_heads_fastest(
    tiny_model: Path, name: str, rate: float, decay: float
) -> None:
    model = WasitModel.from_pretrained(tiny_model)
    assert rate_of(model, name, layer_decay=0.5) == pytest.approx((rate, decay))


def test_every_parameter_is_trained_once(tiny_model: Path) -> None:
    model = WasitModel.from_pretrained(tiny_model)
    recipe = Recipe(base="b", output="o", stages=(STAGE,), layer_decay=0.9)
    grouped = [id(parameter) for group in parameter_groups(model, recipe, STAGE) for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in model.parameters())


LABELS = [{"name": name, "ar": "اسم", "en": name, "definition": "What it means."} for name in ("a", "b")]


def test_scores_leave_out_missing_labels_and_accept_any_label_of_a_set() -> None:
    task = {"scope": "article", "ar": "نوع", "en": "kind", "labels": LABELS}
    taxonomy = Taxonomy.from_dict(
        {
            "tasks": [
                {**task, "name": "kind", "problem": "single_label"},
                {**task, "name": "tags", "problem": "multi_label"},
            ]
        }
    )
    logits = np.array([[2.0, 1.0], [0.5, 1.0], [2.0, -1.0]], dtype=np.float32)
    kind = np.array([[1, 1], [1, 0], [MISSING, MISSING]], dtype=np.float32)
    tags = np.array([[MISSING, MISSING], [1, 1], [1, 1]], dtype=np.float32)
    scores = score_predictions(EvalPrediction(predictions=(logits, logits), label_ids=(kind, tags)), taxonomy)
    assert scores["kind_accuracy"] == 0.5
    assert scores["tags_accuracy"] == 0.5
    assert torch.isfinite(torch.tensor(list(scores.values()))).all()
