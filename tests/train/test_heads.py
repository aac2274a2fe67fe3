from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from wasit.models.checkpoint import Checkpoint
from wasit.train.annotation import AnnotatedArticle
from wasit.train.collator import Collator
from wasit.train.dataset import build_dataset
from wasit.train.heads import compute_states, merge, train_heads
from wasit.train.losses import set_valued_cross_entropy

ARTICLES = [
    AnnotatedArticle("1", "قالت قطر كلاما.", {"topic": ("economy",)}, {"qatar": {"role": ("spoiler",)}}, {}),
    AnnotatedArticle("2", "زار وفد مصر.", {"topic": ("sport",)}, {"egypt": {"role": ("guarantor",)}}, {}),
]


def test_articles_taken_apart_and_put_together_are_the_batch(tiny_model: Path, tmp_path: Path) -> None:
    model = Checkpoint.load(str(tiny_model))
    long = "قالت قطر كلاما، وزار وفد مصر الدوحة. " + "فاز المنتخب بهدفين. " * 60 + "ورحبت مصر وتركيا."
    texts = ["فاز المنتخب.", long, "زارت تركيا مصر، ثم قالت قطر وتركيا كلاما."]
    articles = [AnnotatedArticle("1", text, {"topic": ("sport",)}, {}, {}) for text in texts]
    dataset = build_dataset(articles, model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    loader = DataLoader(dataset, batch_size=3, collate_fn=Collator(model.taxonomy, model.tokenizer.pad_token_id))
    (batch,) = compute_states(model.network, loader)
    parts = list(batch.singly())
    assert [(len(part.window_tokens) > 1, part.pair_count) for part in parts] == [
        (False, 0),
        (True, 3),
        (False, 3),
    ]
    again = merge(parts)
    for field in fields(batch):
        torch.testing.assert_close(getattr(again, field.name), getattr(batch, field.name), equal_nan=True)


def test_heads_learn_and_the_encoder_stays(tiny_model: Path, tmp_path: Path) -> None:
    model = Checkpoint.load(str(tiny_model))
    network = model.network
    dataset = build_dataset(ARTICLES, model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    loader = DataLoader(dataset, batch_size=2, collate_fn=Collator(model.taxonomy, model.tokenizer.pad_token_id))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    losses: list[float] = []

    def loss(logits: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> Tensor:
        tasks = ("topic", "role")
        weights = torch.ones(20)
        parts = [
            set_valued_cross_entropy(logits[task], labels[task], weights[: labels[task].shape[1]])
            for task in tasks
        ]
        losses.append(sum(part.item() for part in parts))
        return torch.stack(parts).sum()

    articles = [article for batch in compute_states(network, loader) for article in batch.singly()]
    train_heads(network, articles, loss, epochs=60, batch_size=2, learning_rate=1e-2, weight_decay=0.0)
    assert losses[-1] < 0.2 * losses[0]
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {
        name for name in before if not name.startswith(("encoder.encoder.", "encoder.embeddings."))
    } - {
        "mediator_heads.stance.weight",
        "mediator_heads.stance.bias",
    }


def test_the_states_are_those_of_the_forward_pass(tiny_model: Path, tmp_path: Path) -> None:
    model = Checkpoint.load(str(tiny_model))
    dataset = build_dataset(ARTICLES, model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    loader = DataLoader(dataset, batch_size=2, collate_fn=Collator(model.taxonomy, model.tokenizer.pad_token_id))
    (batch,) = compute_states(model.network, loader)
    seen: list[Mapping[str, Tensor]] = []

    def remember(logits: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> Tensor:
        seen.append(logits)
        return torch.stack([values.sum() for values in logits.values()]).sum()

    model.network.mention_dropout.p = 0.0
    model.network.encoder.eval()
    with torch.no_grad():
        inputs = {name: value for name, value in next(iter(loader)).items() if not name.startswith("labels_")}
        expected = model.network(**inputs).logits
    train_heads(model.network, [batch], remember, epochs=1, batch_size=1, learning_rate=1e-9, weight_decay=0.0)
    for task, values in expected.items():
        torch.testing.assert_close(seen[0][task], values, atol=2e-2, rtol=2e-2)
