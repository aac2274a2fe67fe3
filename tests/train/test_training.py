import errno
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import TrainerCallback
from transformers.models.bert import BertConfig
from transformers.models.distilbert import DistilBertConfig

from wasit.models.batch import pad_batch
from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy
from wasit.train import training
from wasit.train.initialisation import initial_checkpoint
from wasit.train.progress import Progress, find_progress, stage_folder
from wasit.train.recipe import Recipe, recipe_text
from wasit.train.run_data import RunData
from wasit.train.trainer import WasitTrainer
from wasit.train.training import train

PEACE = "قالت قطر إنها تستضيف مفاوضات الهدنة بين الوفدين في جولة رقم {}."
SPORT = "فاز المنتخب في مباراة رقم {} وسجل اللاعب هدفين في الملعب."
LONG = "وأشادت الأمم المتحدة بجهود مصر في تقريب وجهات النظر رقم {0}. " * 12


def rows(first: int, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(first, first + count):
        found += [
            {
                "text": PEACE.format(number),
                "topic": "peace_process",
                "mediators": {"qatar": {"role": "facilitator", "stance": "neutral"}},
            },
            {"text": SPORT.format(number), "topic": "sport"},
            {"text": LONG.format(number), "mediators": {"egypt": {"role": "party", "stance": "favourable"}}},
        ]
    return found


@pytest.fixture
def make_recipe(tiny_base: Path, tmp_path: Path) -> Callable[..., Recipe]:
    for name, content in (("train", rows(0, 12)), ("dev", rows(100, 4))):
        lines = (json.dumps(row, ensure_ascii=False) for row in content)
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")

    def make(output: str, **changes: Any) -> Recipe:
        stage = {"epochs": 2, "learning_rate": 2e-3, "head_learning_rate": 1e-2}
        source = {"path": "train.jsonl", "calibration_share": 0.2}
        content: dict[str, Any] = {
            "base": str(tiny_base),
            "output": str(tmp_path / output),
            "data_folder": str(tmp_path),
            "stages": [{**stage, "train": [{**source, "max_words": 30}]}, {**stage, "train": [source]}],
            "evaluation": [{"path": "dev.jsonl"}],
            "batch_size": 8,
            "window_overlap": 16,
            "token_masking": 0.1,
            "marker_dropout": 0.2,
            "class_weight_power": {"role": 0.5},
            "head_epochs": 2,
        }
        return Recipe.model_validate(content | changes)

    return make


def scores_alone(metrics: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if not name.endswith(("runtime", "_second", "_time"))}


def test_a_run_learns_and_leaves_a_calibrated_model(make_recipe: Callable[..., Recipe], tiny_base: Path) -> None:
    recipe = make_recipe("run", head_epochs=8)
    metrics = train(recipe)
    output = Path(recipe.output)
    assert metrics["eval_role_accuracy"] == 1
    assert metrics["eval_stance_accuracy"] == 1
    assert json.loads((output / "metrics.json").read_text(encoding="utf-8")) == metrics
    assert set(Checkpoint.load(str(output)).network.config.temperatures) == {"topic", "role", "stance"}
    assert str(tiny_base) not in (output / "config.json").read_text(encoding="utf-8")
    kept = {path.name for path in output.iterdir()}
    assert kept == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} | {
        "README.md",
        "metrics.json",
        "recipe.yaml",
        "logs",
    }
    card = ModelCard.load(output / "README.md")
    assert "| evaluation | dev.jsonl | 12 |" in card.text
    learnt, apart = (
        [int(count) for count in re.findall(rf"\| {part} \| train.jsonl \| ([0-9]+) \|", card.text)]
        for part in ("stage [12]", "calibration")
    )
    assert learnt[1] + apart[0] == 36
    assert {result.metric_name: result.metric_value for result in card.data.eval_results or ()}[
        "Role: accuracy"
    ] == 1
    assert str(output.parent) not in str(card)


def test_one_seed_one_result(make_recipe: Callable[..., Recipe]) -> None:
    first, second = train(make_recipe("first")), train(make_recipe("second"))
    assert scores_alone(first) == scores_alone(second)
    assert scores_alone(first) != scores_alone(train(make_recipe("third", seed=5)))


class _Interrupt(TrainerCallback):
    """Stops a run right after it has written a checkpoint, as a power cut would."""

    def __init__(self, step_limit: int) -> None:
        self.saves_left = step_limit

    def on_save(self, *args: Any, **kwargs: Any) -> None:
        self.saves_left -= 1
        if not self.saves_left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("saves", [1, 2, 3])
def test_an_interrupted_run_goes_on_to_the_same_result(
    make_recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch, saves: int
) -> None:
    whole = train(make_recipe("whole"))
    recipe = make_recipe("cut")
    interrupt = _Interrupt(saves)
    make_trainer = training._trainer

    def interrupted(*args: Any) -> Any:
        trainer = make_trainer(*args)
        trainer.add_callback(interrupt)
        return trainer

    with monkeypatch.context() as patch:
        patch.setattr(training, "_trainer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(recipe)
    assert find_progress(Path(recipe.output), 2, "auto") != Progress()
    assert scores_alone(train(recipe, resume="auto")) == scores_alone(whole)


def test_a_run_goes_on_only_with_its_own_recipe_and_tasks(
    make_recipe: Callable[..., Recipe], tiny_model: Path
) -> None:
    recipe = make_recipe("run")
    output = Path(recipe.output)
    checkpoint = stage_folder(output, 0) / "checkpoint-1"
    shutil.copytree(tiny_model, checkpoint)
    (checkpoint / "trainer_state.json").write_text("{}", encoding="utf-8")
    (output / "recipe.yaml").write_text(recipe_text(recipe), encoding="utf-8")
    with pytest.raises(InputError, match=r"another recipe.*; different are seed \(was 0, is 9\)$"):
        train(make_recipe("run", seed=9), resume="auto")
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    config["taxonomy"]["tasks"][2]["name"] = "mood"
    (checkpoint / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(
        InputError, match=r"checkpoint-1 does not fit the taxonomy; different are mood .*, stance "
    ):
        train(recipe, resume="auto")
    with pytest.raises(InputError, match="--resume: found 'elsewhere'; allowed: auto, or a folder"):
        train(recipe, resume="elsewhere")


def test_a_checkpoint_that_was_not_written_whole_is_passed_over(tmp_path: Path) -> None:
    for number, state in ((4, "{}"), (8, "{}"), (12, '{"epoch": '), (16, None)):
        folder = stage_folder(tmp_path, 0) / f"checkpoint-{number}"
        folder.mkdir(parents=True)
        if state is not None:
            (folder / "trainer_state.json").write_text(state, encoding="utf-8")
    assert find_progress(tmp_path, 1, "auto").checkpoint == stage_folder(tmp_path, 0) / "checkpoint-8"


def test_auto_without_a_checkpoint_starts_afresh(make_recipe: Callable[..., Recipe]) -> None:
    assert train(make_recipe("new"), resume="auto")


def test_training_saving_and_loading_moves_no_bit(
    make_recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Checkpoint] = []
    save = Checkpoint.save
    monkeypatch.setattr(Checkpoint, "save", lambda self, *args: (trained.append(self), save(self, *args)))
    recipe = make_recipe("run")
    train(recipe)
    loaded = Checkpoint.load(recipe.output)
    text = "قالت قطر إن القاهرة تستضيف اللقاء."
    for task in ("topic", "role"):
        assert torch.equal(_logits(trained[0], text)[task], _logits(loaded, text)[task])


def _logits(checkpoint: Checkpoint, text: str) -> dict[str, torch.Tensor]:
    encoded = checkpoint.text_side.encoder().encode([text])
    batch = pad_batch(encoded, checkpoint.tokenizer.pad_token_id)
    with torch.inference_mode():
        logits = checkpoint.network(**batch.model_inputs()).logits
    assert logits is not None
    return dict(logits)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), "8 articles at once .*: set gradient_accumulation=2"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            r"run: no space is left on the disk \(.* are free\)",
        ),
    ],
)
def test_want_of_memory_or_space_is_told_in_a_sentence(
    make_recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(WasitTrainer, "compute_loss" if "memory" in str(error) else "_save_checkpoint", fails)
    recipe = make_recipe("run", evaluation=[])
    with pytest.raises(InputError, match=message):
        train(recipe)
    assert not (Path(recipe.output) / "config.json").exists()


def test_excluded_texts_are_in_no_training_and_no_calibration_data(make_recipe: Callable[..., Recipe]) -> None:
    recipe = make_recipe("run")
    taxonomy = Taxonomy.default()
    model = initial_checkpoint(recipe, taxonomy)
    texts = {row["text"] for row in rows(0, 12)}
    excluded = frozenset(sorted(texts)[:20])
    folder = Path(recipe.output) / "dataset"
    with RunData(recipe, model, folder) as data:
        whole = len(data.stages[1]) + len(data.calibration or ())
    with RunData(recipe, model, folder, excluded) as data:
        rest = len(data.stages[1]) + len(data.calibration or ())
        assert len(data.evaluation or ()) == 12
    assert (whole, rest) == (36, 16)
    assert not folder.exists()
    with pytest.raises(InputError, match=r"stage-0: .*leave no article to learn from"):
        train(recipe, excluded_texts=frozenset(texts))


def test_the_course_of_a_run_is_logged(make_recipe: Callable[..., Recipe]) -> None:
    recipe = make_recipe("run", tensorboard=True, log_steps=1, head_epochs=0)
    train(recipe)
    logs = Path(recipe.output) / "logs"
    events = EventAccumulator(str(logs / "stage-1")).Reload()
    written = json.loads((logs / "stage-1.json").read_text(encoding="utf-8"))
    losses = [entry["loss"] for entry in written if "loss" in entry]
    assert [event.value for event in events.Scalars("train/loss")] == pytest.approx(losses)
    assert {path.name for path in logs.iterdir()} == {"stage-0", "stage-1", "stage-0.json", "stage-1.json"}


def test_layers_are_chosen(make_recipe: Callable[..., Recipe]) -> None:
    recipe = make_recipe("run", layers=[1], save_dtype="float16")
    train(recipe)
    config = Checkpoint.load(recipe.output).network.config
    assert config.encoder.num_hidden_layers == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": [0, 2]}, r"layers: found \[2\]; allowed: from 0 to 1"),
        ({"task_weights": {"mood": 1.0}}, "there is no task 'mood'; allowed: topic, role, stance"),
        ({"evaluation": [{"path": "none.jsonl"}]}, "none.jsonl: there is no such file"),
    ],
)
def test_what_does_not_fit_is_said_before_training(
    make_recipe: Callable[..., Recipe], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train(make_recipe("run", **changes))


def test_a_base_that_is_nowhere_is_explained(make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    message = "is neither a folder with a config.json nor a model that the Hub gave; allowed: a 'bert' encoder"
    for base in (str(tmp_path / "nothing"), "nobody/nothing"):
        with pytest.raises(InputError, match=message):
            train(make_recipe("run", base=base))


def test_a_base_without_safetensors_comes_with_the_way_to_get_them(
    make_recipe: Callable[..., Recipe], tiny_base: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_base, other)
    (other / "model.safetensors").rename(other / "pytorch_model.bin")
    with pytest.raises(
        InputError, match=r"no weights that can be read as safetensors; .*save_pretrained\('FOLDER'\)"
    ):
        train(make_recipe("run", base=str(other)))


def test_a_base_that_lacks_weights_or_has_another_tokenizer_is_refused(
    make_recipe: Callable[..., Recipe], tiny_base: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_base, other)
    BertConfig.from_pretrained(other, num_hidden_layers=3).save_pretrained(other)
    with pytest.raises(InputError, match=r"lacks weights that its config.json promises: encoder\.layer\.2\."):
        train(make_recipe("run", base=str(other)))
    BertConfig.from_pretrained(other, num_hidden_layers=2, vocab_size=99).save_pretrained(other)
    with pytest.raises(InputError, match=r"has a tokenizer with \d+ pieces but an encoder that knows 99"):
        train(make_recipe("run", base=str(other)))


def test_a_base_that_is_no_bert_is_refused(
    make_recipe: Callable[..., Recipe], tiny_base: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_base, other)
    DistilBertConfig().save_pretrained(other)
    with pytest.raises(InputError, match="is a 'distilbert' model; allowed: a 'bert' encoder"):
        train(make_recipe("run", base=str(other)))
