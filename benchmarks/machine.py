"""What the measurements were taken on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch

_PACKAGES = ("wasit", "torch", "transformers", "tokenizers", "sentence-transformers", "onnxruntime", "openvino")
_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")


def describe(device: str, threads: int) -> dict[str, Any]:
    """Describes the machine.

    Args:
        device: ``cpu`` or ``cuda:N``.
        threads: That are computed with on a CPU.
    """
    facts = _processor()
    return {
        "processor": facts.get("model name", platform.processor() or platform.machine()),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count(),
        "logical_cores": psutil.cpu_count(),
        "threads": threads,
        "instructions": [flag for flag in _FLAGS if flag in facts.get("flags", facts.get("Features", "")).split()],
        "memory_bytes": psutil.virtual_memory().total,
        "gpu": torch.cuda.get_device_name(device) if device != "cpu" else None,
        "cuda": torch.version.cuda,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name)) is not None},
    }


def _processor() -> dict[str, str]:
    """What Linux tells of the first processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").split("\n\n")[0].splitlines() if path.exists() else []
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
