"""One process, two processes and micro-batches take the same steps, as long as the batch is the same."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file

from wasit.train.recipe import Recipe, recipe_text
from wasit.train.training import train

TEXTS = (
    ("قالت قطر إنها تستضيف مفاوضات الهدنة بين الوفدين في جولة رقم {}.", {"topic": "peace_process"}),
    ("فاز المنتخب في مباراة رقم {} وسجل اللاعب هدفين في الملعب.", {"topic": "sport"}),
    ("وأشادت الأمم المتحدة بجهود مصر وتركيا في تقريب وجهات النظر رقم {0}. " * 9, {}),
    ("ارتفعت أسعار النفط رقم {} بعد قرار خفض الإنتاج.", {"topic": ["economy", "domestic_politics"]}),
    ("انتقدت الحركة موقف واشنطن في بيانها رقم {}.", {}),
)
MEDIATORS: tuple[dict[str, Any], ...] = (
    {"qatar": {"role": "facilitator", "stance": "neutral"}},
    {},
    {"egypt": {"role": "party", "stance": "favourable"}, "turkey": {"role": "supporter"}},
    {},
    {"united_states": {"role": ["spoiler", "manipulator"], "stance": "critical"}},
)


def rows(first: int, count: int) -> list[dict[str, Any]]:
    found = []
    for number in range(first, first + count):
        (text, labels), mediators = TEXTS[number % 5], MEDIATORS[number % 5]
        found.append({"text": text.format(number), **labels, "mediators": mediators})
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("processes")
    # 37 and 9 articles: the last step has 5, and of the last micro-batch one process has nothing.
    for name, content in (("train", rows(0, 37)), ("dev", rows(100, 9))):
        lines = (json.dumps(row, ensure_ascii=False) for row in content)
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def make_recipe(base: Path, folder: Path, output: str, **changes: Any) -> Recipe:
    content: dict[str, Any] = {
        "base": str(base),
        "output": str(folder / output),
        "data_folder": str(folder),
        "stages": [
            {
                "epochs": 2,
                "learning_rate": 2e-3,
                "head_learning_rate": 1e-2,
                "train": [{"path": "train.jsonl", "calibration_share": 0.1}],
            }
        ],
        "evaluation": [{"path": "dev.jsonl"}],
        "batch_size": 8,
        "window_overlap": 16,
        "mention_dropout": 0.0,
        "class_weight_power": {"topic": 0.5, "role": 0.5},
        "head_epochs": 2,
        "precision": "float32",
        "log_steps": 1,
    }
    return Recipe.model_validate(content | changes)


def launch(recipe: Recipe, folder: Path, processes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = folder / f"{Path(recipe.output).name}.yaml"
    path.write_text(recipe_text(recipe), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_machines", "1"),
        *("--num_processes", str(processes), "--num_cpu_threads_per_process", "1", "--mixed_precision", "no"),
        *("--dynamo_backend", "no", "--main_process_port", str(port), "-m", "wasit.cli.main", "train", str(path)),
    ]
    return subprocess.run(
        [*command, *arguments],
        env={**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def losses(recipe: Recipe) -> npt.NDArray[np.float64]:
    log = json.loads((Path(recipe.output) / "logs" / "stage-0.json").read_text(encoding="utf-8"))
    return np.array([entry["loss"] for entry in log if "loss" in entry])


def assert_same_run(one: Recipe, other: Recipe) -> None:
    np.testing.assert_allclose(losses(other), losses(one), rtol=1e-5)
    weights, others = (load_file(Path(recipe.output) / "model.safetensors") for recipe in (one, other))
    for name, values in weights.items():
        # Nothing depends on the bias of the keys: AdamW makes steps of what rounding leaves of its gradient.
        if not name.endswith("key.bias"):
            assert np.linalg.norm(others[name] - values) < 1e-3 * np.linalg.norm(values), name
    metrics, other_metrics = (
        json.loads((Path(recipe.output) / "metrics.json").read_text(encoding="utf-8")) for recipe in (one, other)
    )
    for name in (name for name in metrics if "accuracy" in name or "f1" in name):
        assert other_metrics[name] == pytest.approx(metrics[name]), name
    assert other_metrics["eval_loss"] == pytest.approx(metrics["eval_loss"], rel=1e-3)


@pytest.fixture(scope="module")
def alone(tiny_base: Path, folder: Path) -> Recipe:
    recipe = make_recipe(tiny_base, folder, "alone")
    train(recipe)
    return recipe


def test_two_processes_train_as_one(tiny_base: Path, folder: Path, alone: Recipe) -> None:
    recipe = make_recipe(tiny_base, folder, "together")
    result = launch(recipe, folder, 2)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("The model is in") == 1
    assert_same_run(alone, recipe)


def test_a_mistake_in_the_data_is_told_once(tiny_base: Path, folder: Path) -> None:
    recipe = make_recipe(tiny_base, folder, "mistaken", evaluation=[{"path": "none.jsonl"}])
    result = launch(recipe, folder, 2)
    assert result.returncode != 0
    assert result.stderr.count("none.jsonl: there is no such file") == 1
    assert not (Path(recipe.output) / "dataset").exists()


def test_micro_batches_train_as_one_batch(tiny_base: Path, folder: Path, alone: Recipe) -> None:
    recipe = make_recipe(tiny_base, folder, "accumulated", gradient_accumulation=2)
    train(recipe)
    assert len(losses(recipe)) == 8
    assert_same_run(alone, recipe)
