"""How fast the machine multiplies matrices, which is what a Transformer can reach at most."""

import torch
from torch.utils.benchmark import Timer

from wasit.models.devices import DTYPES

_SIDE = {"cpu": 2_048, "cuda": 8_192}
_SECONDS = 0.5


def matmul_peak(device: str, dtype: str, threads: int) -> float:
    """Operations a second of a product of two large square matrices, two for each multiplication and addition.

    Args:
        device: ``cpu`` or ``cuda:N``.
        dtype: Name of the precision.
        threads: To compute with on a CPU.
    """
    side = _SIDE[torch.device(device).type]
    left, right = (torch.randn(side, side, device=device).to(DTYPES[dtype]) for _ in range(2))
    # The timer waits for a GPU by itself.
    timer = Timer("left @ right", globals={"left": left, "right": right}, num_threads=threads)
    return 2 * side**3 / timer.blocked_autorange(min_run_time=_SECONDS).median
