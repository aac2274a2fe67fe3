import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from wasit.cli.main import app
from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train.initialisation import initial_checkpoint
from wasit.train.recipe import load_recipe

TEXTS = (
    "وصل الوفد القطري إلى العاصمة صباح اليوم لاستئناف المحادثات.",
    "وقال مسؤول في القاهرة إن مصر تعمل مع شركائها على صياغة مقترح.",
    "ارتفعت أسعار النفط في الأسواق العالمية بعد قرار خفض الإنتاج.",
    "أعلنت الأمم المتحدة أن قافلة من ثلاثين شاحنة عبرت الحدود.",
)
RECIPE = """
base: organisation/name-on-the-hub
output: out
stages:
  - {epochs: 1, learning_rate: 1.0e-3, head_learning_rate: 1.0e-2, train: [{path: data.jsonl}]}
"""


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text("\n".join(json.dumps({"body": text}) for text in TEXTS), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["cut-vocabulary", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_a_cut_base_can_be_trained_on(tiny_base: Path, texts: Path, tmp_path: Path) -> None:
    base = tmp_path / "cut"
    figures, where = run(tiny_base, texts, "-o", base, "--pieces", "250", "--text-field", "body")
    assert "400 before, 250 after" in figures
    assert "words with the same pieces" in figures
    assert f"The base is in {base}" in where
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    checkpoint = initial_checkpoint(load_recipe(recipe, [f"base={base}"]), Taxonomy.default())
    embeddings = checkpoint.network.encoder.get_input_embeddings().weight
    assert embeddings.shape[0] == checkpoint.network.config.encoder.vocab_size == 251
    assert torch.equal(embeddings[250], embeddings[checkpoint.tokenizer.mask_token_id])


def test_a_field_that_is_not_there(tiny_base: Path, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 1: has no field 'text'; the fields are 'body'"):
        run(tiny_base, texts, "-o", tmp_path / "cut", "--pieces", "250")
    assert not (tmp_path / "cut").exists()


def test_help_shows_an_example() -> None:
    figures, _ = run("--help")
    assert "Example: wasit cut-vocabulary intfloat/multilingual-e5-small" in " ".join(figures.split())
