"""Where and in which precision a model runs."""

import torch

from wasit.models.errors import InputError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def pick_device(name: str = "auto") -> torch.device:
    """Turns the name of a device into one that is there.

    Args:
        name: ``auto`` for the GPU if there is one, else the CPU; ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InputError: If there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    allowed = ["auto", "cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    allowed += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if name not in allowed:
        raise InputError(f"--device: found {name!r}; allowed on this machine: {', '.join(allowed)}")
    return torch.device(name)


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """Turns the name of a precision into its type.

    Args:
        name: ``auto`` for bfloat16 on a GPU or a CPU that computes in it and float32 elsewhere, or one of
            ``DTYPES``.
        device: Where the model will run.

    Raises:
        InputError: If there is no such precision.
    """
    if name == "auto":
        return torch.bfloat16 if _computes_in_bfloat16(device) else torch.float32
    if name not in DTYPES:
        raise InputError(f"--dtype: found {name!r}; allowed: auto, {', '.join(DTYPES)}")
    return DTYPES[name]


def _computes_in_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16; what only imitates them is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
