import json
from pathlib import Path

import pytest
import torch

from wasit.models.batch import pad_batch
from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import ConfigError, InputError

TEXT = "قالت قطر ومصر والولايات المتحدة إن المحادثات تتقدم."


def logits(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    encoded = checkpoint.text_side.encoder().encode([TEXT])
    batch = pad_batch(encoded, checkpoint.tokenizer.pad_token_id)
    with torch.inference_mode():
        output = checkpoint.network(**batch.model_inputs())
    assert output.logits is not None
    return dict(output.logits)


def assert_equal_bits(one: Checkpoint, other: Checkpoint) -> None:
    for task, values in logits(one).items():
        assert torch.equal(values, logits(other)[task])


def test_a_saved_model_gives_the_same_bits(tiny_model: Path, tmp_path: Path) -> None:
    loaded = Checkpoint.load(str(tiny_model))
    loaded.save(tmp_path)
    assert_equal_bits(loaded, Checkpoint.load(str(tmp_path)))


def test_after_the_conversion_to_half_precision_nothing_moves(tiny_model: Path, tmp_path: Path) -> None:
    Checkpoint.load(str(tiny_model)).save(tmp_path / "half", torch.float16)
    once = Checkpoint.load(str(tmp_path / "half"))
    once.save(tmp_path / "again", torch.float16)
    assert_equal_bits(once, Checkpoint.load(str(tmp_path / "again")))
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (tiny_model, tmp_path / "half")]
    assert sizes[1] < 0.6 * sizes[0]


def test_saving_in_half_precision_leaves_the_model_as_it_is(tiny_model: Path, tmp_path: Path) -> None:
    loaded = Checkpoint.load(str(tiny_model))
    before = logits(loaded)["topic"]
    loaded.save(tmp_path, torch.float16)
    assert loaded.network.dtype == torch.float32
    assert torch.equal(before, logits(loaded)["topic"])


def test_calibration_and_taxonomy_travel_with_the_model(tiny_model: Path, tmp_path: Path) -> None:
    loaded = Checkpoint.load(str(tiny_model))
    loaded.network.config.temperatures = {"topic": 1.5}
    loaded.save(tmp_path)
    again = Checkpoint.load(str(tmp_path))
    assert again.network.config.temperatures == {"topic": 1.5}
    assert again.taxonomy == loaded.taxonomy


def test_whoever_may_read_the_configuration_may_read_the_weights(tiny_model: Path) -> None:
    modes = {path.stat().st_mode for path in tiny_model.iterdir()}
    assert len(modes) == 1


def test_a_folder_names_no_attention_that_only_wasit_knows(tiny_model: Path) -> None:
    assert "attn_implementation" not in (tiny_model / "config.json").read_text(encoding="utf-8")


def test_a_folder_holds_no_pickle(tiny_model: Path) -> None:
    assert {path.suffix for path in tiny_model.iterdir()} <= {".json", ".safetensors", ".jinja"}


def test_a_name_that_is_nowhere_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no model .*allowed: wasit-mini, a folder"):
        Checkpoint.load(str(tmp_path / "nothing"))


def test_a_plain_encoder_is_not_a_wasit_model(tiny_base: Path) -> None:
    with pytest.raises(InputError, match="is a 'bert' model, not one of wasit's; fine-tune it"):
        Checkpoint.load(str(tiny_base))


def test_a_broken_taxonomy_is_reported_with_its_place(tiny_model: Path, tmp_path: Path) -> None:
    Checkpoint.load(str(tiny_model)).save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    config["taxonomy"]["tasks"][0]["scope"] = "page"
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tasks\[0\]\.scope"):
        Checkpoint.load(str(tmp_path))
