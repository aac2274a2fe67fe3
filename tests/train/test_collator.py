from pathlib import Path

import numpy as np
import pytest
import torch

from wasit.models.checkpoint import Checkpoint
from wasit.train.annotation import AnnotatedArticle
from wasit.train.collator import Collator
from wasit.train.dataset import build_dataset

ARTICLES = [
    AnnotatedArticle(
        "1", "زار وفد من مسقط القاهرة.", {"topic": ("peace_process",)}, {"egypt": {"role": ("party",)}}, {}
    ),
    AnnotatedArticle("2", "فاز المنتخب بهدفين.", {"topic": ("sport",)}, {}, {}),
    AnnotatedArticle("3", "قالت قطر كلاما.", {}, {"qatar": {"role": ("supporter",), "stance": ("neutral",)}}, {}),
]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Checkpoint:
    return Checkpoint.load(str(tiny_model))


def test_labels_stand_beside_the_pairs_that_the_network_answers(model: Checkpoint, tmp_path: Path) -> None:
    dataset = build_dataset(ARTICLES, model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    batch = Collator(model.taxonomy, model.tokenizer.pad_token_id)([dataset[index] for index in range(3)])
    assert batch["article_count"] == 3
    assert batch["pair_count"] == 3
    role = model.taxonomy.task("role")
    oman, egypt, qatar = batch["labels_role"]
    assert oman.isnan().all()
    assert egypt.argmax() == role.index("party")
    assert qatar.argmax() == role.index("supporter")
    assert batch["labels_stance"][:2].isnan().all()
    assert batch["labels_topic"].isnan().all(dim=1).tolist() == [False, False, True]


def test_a_batch_without_mediators_has_no_rows_for_them(model: Checkpoint, tmp_path: Path) -> None:
    dataset = build_dataset(ARTICLES[1:2], model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    batch = Collator(model.taxonomy, model.tokenizer.pad_token_id)([dataset[0]])
    assert batch["labels_role"].shape == (0, 8)


def test_the_network_reads_what_the_predictor_reads(model: Checkpoint, tmp_path: Path) -> None:
    dataset = build_dataset(ARTICLES[:1], model.text_side.encoder(), model.taxonomy, tmp_path / "rows.arrow")
    batch = Collator(model.taxonomy, model.tokenizer.pad_token_id)([dataset[0]])
    encoded = model.text_side.encoder().encode([ARTICLES[0].text])
    np.testing.assert_array_equal(batch["input_ids"][0].numpy(), encoded.input_ids)
    assert torch.equal(batch["marker_place"], torch.from_numpy(encoded.marker_place))
