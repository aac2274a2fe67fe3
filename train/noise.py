"""Noise in training, so that the model leans on no single token and can do without markers."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Noise:
    """What is done to the batches of training.

    Draws come from torch's global generator, which the checkpoints of a run restore.

    Attributes:
        token_masking: Share of the tokens that become the mask token.
        marker_dropout: Share of the articles whose markers no other token can see.
        mask_id: Id of the mask token.
        marker_id: Id of the marker.
        kept_ids: Ids that are never masked.
    """

    token_masking: float
    marker_dropout: float
    mask_id: int
    marker_id: int
    kept_ids: tuple[int, ...]

    def __call__(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Gives the inputs of the network with noise; what came in is left as it is."""
        input_ids, attention_mask = inputs["input_ids"], inputs["attention_mask"]
        if self.marker_dropout:
            hidden = torch.rand(inputs["article_count"], device=input_ids.device) < self.marker_dropout
            is_hidden = hidden[inputs["window_article"]][:, None] & (input_ids == self.marker_id)
            attention_mask = attention_mask.masked_fill(is_hidden, 0)
        if self.token_masking:
            input_ids = self._masked(input_ids)
        return {**inputs, "input_ids": input_ids, "attention_mask": attention_mask}

    def _masked(self, input_ids: Tensor) -> Tensor:
        drawn = torch.rand(input_ids.shape, device=input_ids.device) < self.token_masking
        kept = torch.isin(input_ids, torch.tensor(self.kept_ids, device=input_ids.device))
        return input_ids.masked_fill(drawn & ~kept, self.mask_id)
