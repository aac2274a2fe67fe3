"""Attention inside each of many windows that stand in one row, without padding.

transformers knows it as ``wasit_packed``: a ``bert`` encoder with this attention reads a row in which one window
follows another, given ``position_ids`` that start anew with each window, and ``window_bounds``. No window sees
another. Without bounds it reads padded rows as ever. No modelling code is copied.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

PACKED_ATTENTION = "wasit_packed"

_HALF_PRECISION = (torch.float16, torch.bfloat16)


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    window_bounds: Tensor | None = None,
    longest_window: int | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attention as transformers calls it: packed where there are bounds, otherwise its own for padded rows.

    Args:
        module: The layer that asks.
        query: (rows, heads, tokens, width of a head); packed, there is one row.
        key: As the query.
        value: As the query.
        attention_mask: Only for padded rows.
        window_bounds: Where the windows start, and behind them the number of tokens; int32, (windows + 1,). On the
            device if :func:`uses_variable_length_kernel`, else on the CPU.
        longest_window: At least the tokens of the longest window, the same number for all batches.
        **kwargs: What transformers says besides; of these a packed row needs none, for the kernels scale the
            products as BERT does.

    Returns:
        The states, (rows, tokens, heads, width of a head), and no weights.

    Raises:
        ValueError: If a packed row comes with a mask, or without the longest window.
    """
    if window_bounds is None:
        padded: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
        return padded
    if attention_mask is not None or longest_window is None or len(query) != 1:
        raise ValueError("a packed batch is one row without an attention mask, and comes with longest_window")
    if not uses_variable_length_kernel(query.device, query.dtype):
        return window_by_window(query, key, value, window_bounds), None
    queries, keys, values = (states[0].transpose(0, 1) for states in (query, key, value))
    bounds, longest = window_bounds, longest_window
    # Only these seven arguments are the same in all versions of torch.
    output: Any = varlen_attn(queries, keys, values, bounds, bounds, longest, longest)
    return output[None], None


def uses_variable_length_kernel(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether one kernel serves all windows of a row, as FlashAttention does on a GPU in half precision."""
    return device.type == "cuda" and dtype in _HALF_PRECISION


# An operator of its own is opaque to the compiler, which would unroll the loop anew for each number of windows.
@torch.library.custom_op("wasit::window_by_window", mutates_args=())
def window_by_window(query: Tensor, key: Tensor, value: Tensor, window_bounds: Tensor) -> Tensor:
    """Runs scaled dot-product attention on one window after another.

    Args:
        query: (1, heads, tokens, width of a head).
        key: As the query.
        value: As the query.
        window_bounds: As for :func:`packed_attention`, on the CPU.

    Returns:
        (1, tokens, heads, width of a head).
    """
    output = torch.empty_like(query.transpose(1, 2), memory_format=torch.contiguous_format)
    for start, end in pairwise(window_bounds.tolist()):
        inside = slice(start, end)
        states = functional.scaled_dot_product_attention(
            query[:, :, inside], key[:, :, inside], value[:, :, inside]
        )
        output[:, inside] = states.transpose(1, 2)
    return output


@window_by_window.register_fake
def _(query: Tensor, key: Tensor, value: Tensor, window_bounds: Tensor) -> Tensor:
    return torch.empty_like(query.transpose(1, 2), memory_format=torch.contiguous_format)


AttentionInterface.register(PACKED_ATTENTION, packed_attention)
# An attention without an entry here is silently given no mask, and padding would be read as text.
AttentionMaskInterface.register(PACKED_ATTENTION, sdpa_mask)
