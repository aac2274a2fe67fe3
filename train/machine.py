"""The processes and devices of a run, and what is said when they are too small for it."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

import torch
from accelerate import PartialState

from wasit.models.errors import InputError
from wasit.train.recipe import Recipe
from wasit.train.sampler import micro_batch_size

# The others wait while the main process encodes the data, which may take hours.
_PATIENCE = timedelta(days=7)


def start_processes() -> PartialState:
    """Joins the processes that ``accelerate launch`` or ``torchrun`` has started; on its own, there is one."""
    # The recipe decides on the precision, not what `accelerate config` was told once.
    os.environ.pop("ACCELERATE_MIXED_PRECISION", None)
    return PartialState(cpu=runs_on_cpu(), timeout=_PATIENCE)


def is_main_process() -> bool:
    """Whether this is the process that writes and speaks for all."""
    return bool(PartialState().is_main_process)


def runs_on_cpu() -> bool:
    """Whether there is no GPU, or ``accelerate launch --cpu`` asks to leave it alone."""
    return not torch.cuda.is_available() or os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true")


def check_machine(recipe: Recipe, processes: int) -> None:
    """Makes sure that what the recipe asks for is there.

    Raises:
        InputError: If the batch cannot be dealt to the processes, the GPU has no bfloat16, or a compiler or
            TensorBoard is missing.
    """
    micro_batch_size(recipe, processes)
    if recipe.precision == "bfloat16" and not runs_on_cpu() and not _has_bfloat16():
        raise InputError("precision: found 'bfloat16', which this GPU does not have; allowed: auto, float32")
    compilers = (os.environ.get("CXX", "c++"), "g++", "clang++")
    if recipe.compile and sys.platform != "win32" and not any(map(shutil.which, compilers)):
        raise InputError(
            "compile: found true, but torch.compile needs a C++ compiler and none was found; "
            "install one, for example with `apt install g++`, or set it to false"
        )
    if recipe.tensorboard and find_spec("tensorboard") is None:
        raise InputError(
            "tensorboard: found true, but TensorBoard is not installed; "
            'install it with `pip install "wasit[tensorboard]"`, or set it to false'
        )


def uses_bfloat16(precision: str) -> bool:
    """Whether matrix products run in bfloat16: ``auto`` does so where the machine has it."""
    return precision == "bfloat16" or (precision == "auto" and _has_bfloat16())


def _has_bfloat16() -> bool:
    if not runs_on_cpu():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # torch 2.11 does not tell; there the answer is no, and training is slower but right.
    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


@contextmanager
def full_device_told(recipe: Recipe, processes: int) -> Iterator[None]:
    """Tells in a sentence that the GPU's memory is too small, and what to lower.

    Raises:
        InputError: If the block runs out of the device's memory.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        at_once = micro_batch_size(recipe, processes)
        more = next((parts for parts in range(2, at_once + 1) if at_once % parts == 0), None)
        advice = [] if more is None else [f"set gradient_accumulation={recipe.gradient_accumulation * more}"]
        if not uses_bfloat16(recipe.precision):
            advice.append("set precision=bfloat16")
        raise InputError(
            f"the GPU has too little memory for {at_once} articles at once (batch_size {recipe.batch_size}, "
            f"{processes} processes, gradient_accumulation {recipe.gradient_accumulation}): "
            f"{' or '.join(advice) or 'leave out the longest articles with max_words'}"
        ) from error
