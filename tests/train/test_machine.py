import importlib.util
from typing import Any

import pytest
import torch

from wasit.models.errors import InputError
from wasit.train import machine
from wasit.train.machine import check_machine, full_device_told, uses_bfloat16
from wasit.train.recipe import Recipe

STAGE = {"train": [{"path": "x.jsonl"}], "epochs": 1, "learning_rate": 1e-4, "head_learning_rate": 1e-3}


def recipe(**changes: Any) -> Recipe:
    return Recipe.model_validate({"base": "b", "output": "o", "stages": [STAGE], "batch_size": 32} | changes)


def test_a_batch_is_dealt_evenly_or_refused_with_its_numbers() -> None:
    check_machine(recipe(gradient_accumulation=2), processes=4)
    message = (
        "32 articles cannot be dealt evenly to 3 processes with gradient_accumulation 2; allowed: a multiple of 6"
    )
    with pytest.raises(InputError, match=message):
        check_machine(recipe(gradient_accumulation=2), processes=3)


@pytest.mark.parametrize(
    ("changes", "processes", "advice"),
    [
        ({"precision": "float32"}, 2, "set gradient_accumulation=2 or set precision=bfloat16"),
        ({"precision": "bfloat16", "gradient_accumulation": 8}, 2, "set gradient_accumulation=16$"),
        (
            {"precision": "bfloat16", "gradient_accumulation": 32},
            1,
            "leave out the longest articles with max_words",
        ),
    ],
)
def test_too_little_memory_is_told_with_what_to_lower(
    changes: dict[str, Any], processes: int, advice: str
) -> None:
    asked = recipe(**changes)
    at_once = 32 // processes // asked.gradient_accumulation
    message = f"too little memory for {at_once} articles at once.*: {advice}"
    with pytest.raises(InputError, match=message), full_device_told(asked, processes):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_tensorboard_that_is_not_installed_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "wasit\[tensorboard\]"'):
        check_machine(recipe(tensorboard=True), processes=1)
    assert importlib.util.find_spec("tensorboard") is not None


def test_compiling_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"compile: found true, but .* needs a C\+\+ compiler"):
        check_machine(recipe(compile=True), processes=1)


def test_a_gpu_without_bfloat16_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **kwargs: False)
    with pytest.raises(InputError, match="which this GPU does not have; allowed: auto, float32"):
        check_machine(recipe(precision="bfloat16"), processes=1)
    assert not uses_bfloat16("auto")
