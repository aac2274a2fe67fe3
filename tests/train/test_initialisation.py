from pathlib import Path
from typing import Any

import pytest
import torch
from hub_stub import Hub, Repository
from transformers.models.bert import BertModel

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.models.tokenizer import load_base_tokenizer, marker_id
from wasit.train.initialisation import initial_checkpoint
from wasit.train.recipe import Recipe


def recipe(base: Path | str, **changes: Any) -> Recipe:
    source = {"path": "train.jsonl"}
    stage = {"epochs": 1, "learning_rate": 1e-4, "head_learning_rate": 1e-3, "train": [source]}
    return Recipe.model_validate({"base": str(base), "output": "run", "stages": [stage], **changes})


def own_taxonomy() -> Taxonomy:
    """The default's stance as it is, its roles without one, and a topic of another kind."""
    content = Taxonomy.default().to_dict()
    topic, role, stance = content["tasks"]
    role["labels"] = role["labels"][1:]
    topic["problem"] = "multi_label"
    return Taxonomy.from_dict({**content, "tasks": [topic, role, stance]})


def test_a_model_of_wasit_learns_on_where_it_stopped(tiny_model: Path) -> None:
    start = Checkpoint.load(str(tiny_model))
    model = initial_checkpoint(recipe(tiny_model), start.taxonomy)
    weights = model.network.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in start.network.state_dict().items())
    assert (
        model.text_side.encoder().encode(["قطر"]).input_ids.tolist()
        == start.text_side.encoder().encode(["قطر"]).input_ids.tolist()
    )


def test_it_keeps_the_heads_of_the_tasks_that_stay_the_same(tiny_model: Path) -> None:
    start = Checkpoint.load(str(tiny_model)).network
    network = initial_checkpoint(recipe(tiny_model), own_taxonomy()).network
    assert torch.equal(network.mediator_heads["stance"].weight, start.mediator_heads["stance"].weight)
    assert len(network.mediator_heads["role"].weight) == len(start.mediator_heads["role"].weight) - 1
    assert not torch.equal(network.article_heads["topic"].weight, start.article_heads["topic"].weight)
    assert torch.equal(network.mention_pooler.weight, start.mention_pooler.weight)


def test_the_marker_starts_as_the_mask_even_where_an_encoder_has_spare_rows(
    tiny_base: Path, tmp_path: Path
) -> None:
    spare: Any = BertModel.from_pretrained(tiny_base, add_pooling_layer=False)
    spare.resize_token_embeddings(spare.config.vocab_size + 40, mean_resizing=False)
    spare.save_pretrained(tmp_path)
    load_base_tokenizer(str(tiny_base)).save_pretrained(tmp_path)
    model = initial_checkpoint(recipe(tmp_path), Taxonomy.default())
    rows = model.network.encoder.get_input_embeddings().weight
    assert torch.equal(rows[marker_id(model.tokenizer)], rows[model.tokenizer.mask_token_id])


def test_a_base_on_the_hub_is_taken_at_its_revision(hub: Hub, tiny_base: Path) -> None:
    repository = hub.repositories["lab/base"] = Repository()
    repository.commit({path.name: path.read_bytes() for path in tiny_base.iterdir()}, "v1")
    repository.commit({"README.md": b"not yet"})
    model = initial_checkpoint(recipe("lab/base@v1"), Taxonomy.default())
    here = initial_checkpoint(recipe(tiny_base), Taxonomy.default())
    pieces = [one.tokenizer.get_vocab() for one in (model, here)]
    assert pieces[0] == pieces[1]
    words = [one.network.encoder.get_input_embeddings().weight for one in (model, here)]
    assert torch.equal(words[0], words[1])
    with pytest.raises(InputError, match="base: 'lab/base' is neither a folder"):
        initial_checkpoint(recipe("lab/base"), Taxonomy.default())


def test_a_model_of_wasit_on_the_hub_learns_on(hub: Hub, tiny_model: Path) -> None:
    repository = hub.repositories["lab/model"] = Repository()
    repository.commit({path.name: path.read_bytes() for path in tiny_model.iterdir()}, "v1")
    repository.commit({"README.md": b"not yet"})
    start = Checkpoint.load(str(tiny_model))
    network = initial_checkpoint(recipe("lab/model@v1"), start.taxonomy).network
    weights = start.network.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())
