"""What a contestant is: it prepares pages, and then does them while the clock runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Answer:
    """What a contestant gives.

    Attributes:
        scores: Of a peer the probability of each label of the topic; (texts, labels).
        waits: Seconds that the engine's stages waited for one another, if it reports them.
    """

    scores: FloatArray | None = None
    waits: Mapping[str, float] = field(default_factory=dict)


Job = Callable[[], Answer]
"""What is timed."""

Contestant = Callable[[int], Job]
"""Prepares the first pages, so many of them."""

Peer = Callable[[Sequence[str]], FloatArray]
"""Takes texts, gives a probability of each label for each of them; (texts, labels)."""
