from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel

from wasit.models.batch import pack_batch, pad_batch
from wasit.models.checkpoint import Checkpoint
from wasit.models.configuration import FORMAT_VERSION, WasitConfig
from wasit.models.errors import InputError
from wasit.models.network import WasitModel, WasitOutput, weighted_mean

TEXTS = (
    "استضافت الدوحة جولة جديدة، وقالت قطر إن القاهرة شريك فيها.",
    "ارتفعت أسعار النفط في الأسواق العالمية.",
    "وصل وفد من مصر إلى مسقط. " * 30,
)


@pytest.fixture(scope="module")
def checkpoint(tiny_model: Path) -> Checkpoint:
    return Checkpoint.load(str(tiny_model))


def run(checkpoint: Checkpoint, *texts: str) -> tuple[WasitOutput, list[tuple[int, str]]]:
    encoded = checkpoint.text_side.encoder().encode(texts)
    batch = pad_batch(encoded, checkpoint.tokenizer.pad_token_id)
    with torch.inference_mode():
        output = checkpoint.network(**batch.model_inputs())
    mediators = [encoded.mentions.mediators[place] for place in encoded.pair_mediator]
    return output, list(zip(encoded.pair_article.tolist(), mediators, strict=True))


def logits_of(output: WasitOutput) -> dict[str, torch.Tensor]:
    assert output.logits is not None
    return output.logits


def test_one_pass_answers_every_task(checkpoint: Checkpoint) -> None:
    output, pairs = run(checkpoint, *TEXTS)
    logits = logits_of(output)
    for task in checkpoint.taxonomy.tasks:
        rows = len(TEXTS) if task.scope == "article" else len(pairs)
        assert logits[task.name].shape == (rows, len(task.labels))
        assert logits[task.name].isfinite().all()


def test_an_article_gets_the_same_in_any_company(checkpoint: Checkpoint) -> None:
    together, pairs = run(checkpoint, *TEXTS)
    for index, text in enumerate(TEXTS):
        alone, own = run(checkpoint, text)
        rows = [row for row, (article, _) in enumerate(pairs) if article == index]
        assert [pairs[row][1] for row in rows] == [mediator for _, mediator in own]
        torch.testing.assert_close(logits_of(alone)["topic"][0], logits_of(together)["topic"][index])
        torch.testing.assert_close(logits_of(alone)["role"], logits_of(together)["role"][rows])


def test_packed_and_padded_rows_give_the_same(checkpoint: Checkpoint) -> None:
    padded, _ = run(checkpoint, *TEXTS)
    encoded = checkpoint.text_side.encoder().encode(TEXTS)
    batch = pack_batch(encoded, np.arange(len(encoded.window_tokens)))
    with torch.inference_mode():
        packed = checkpoint.network(**batch.model_inputs())
    for name, logits in logits_of(padded).items():
        torch.testing.assert_close(logits_of(packed)[name], logits, atol=1e-4, rtol=0)


def test_a_packed_row_is_refused_by_an_attention_that_would_mix_its_articles(tiny_model: Path) -> None:
    network = AutoModel.from_pretrained(tiny_model)
    network.encoder.set_attn_implementation("sdpa")
    encoded = Checkpoint.load(str(tiny_model)).text_side.encoder().encode(TEXTS)
    batch = pack_batch(encoded, np.arange(len(encoded.window_tokens)))
    with pytest.raises(ValueError, match="is 'sdpa'; allowed for a packed batch: 'wasit_packed'"):
        network(**batch.model_inputs())


def test_a_pair_is_the_mean_of_its_mentions(checkpoint: Checkpoint) -> None:
    output, _ = run(checkpoint, TEXTS[0])
    assert output.mention_logits is not None
    # The first two mentions are Qatar's: its capital and its name.
    torch.testing.assert_close(logits_of(output)["role"][0], output.mention_logits["role"][:2].mean(0))


def test_a_text_without_mediators_has_a_topic_and_no_pairs(checkpoint: Checkpoint) -> None:
    output, pairs = run(checkpoint, TEXTS[1])
    assert not pairs
    assert len(logits_of(output)["role"]) == 0
    assert logits_of(output)["topic"].isfinite().all()


def test_windows_weigh_by_their_tokens() -> None:
    values = torch.tensor([[1.0], [4.0], [7.0]])
    mean = weighted_mean(values, torch.tensor([0, 0, 1]), torch.tensor([3.0, 1.0, 2.0]), 2)
    assert mean.flatten().tolist() == [1.75, 7.0]


def test_the_auto_classes_know_the_model(tiny_model: Path) -> None:
    assert isinstance(AutoConfig.from_pretrained(tiny_model), WasitConfig)
    assert isinstance(AutoModel.from_pretrained(tiny_model), WasitModel)


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(InputError, match=f"reads up to {FORMAT_VERSION}: update"):
        WasitConfig(format_version=FORMAT_VERSION + 1)


def test_an_encoder_that_is_no_bert_is_refused() -> None:
    with pytest.raises(InputError, match="model_type is 'xlnet'; allowed: 'bert'"):
        WasitConfig(encoder={"model_type": "xlnet"})
