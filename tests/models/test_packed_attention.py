import pytest
import torch
from transformers.models.bert import BertConfig, BertModel

from wasit.models.packed_attention import PACKED_ATTENTION, packed_attention, window_by_window

LENGTHS = [7, 1, 30, 12]
BOUNDS = torch.tensor([0, 7, 8, 38, 50], dtype=torch.int32)


@pytest.fixture(scope="module")
def encoder() -> BertModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    config.initializer_range = 0.3
    return BertModel(config, add_pooling_layer=False).eval()


def states(encoder: BertModel, attention: str, **inputs: object) -> torch.Tensor:
    encoder.set_attn_implementation(attention)
    with torch.inference_mode():
        found: torch.Tensor = encoder(**inputs).last_hidden_state
    return found


def test_windows_of_a_row_do_not_see_one_another(encoder: BertModel) -> None:
    windows = [torch.randint(0, 100, (1, length)) for length in LENGTHS]
    packed = states(
        encoder,
        PACKED_ATTENTION,
        input_ids=torch.cat(windows, dim=1),
        position_ids=torch.cat([torch.arange(length) for length in LENGTHS])[None],
        window_bounds=BOUNDS,
        longest_window=64,
    )
    alone = [states(encoder, "eager", input_ids=window) for window in windows]
    torch.testing.assert_close(packed, torch.cat(alone, dim=1), atol=1e-5, rtol=0)


def test_without_bounds_padding_is_not_read(encoder: BertModel) -> None:
    ids = torch.randint(0, 100, (2, 9))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    padded = states(encoder, PACKED_ATTENTION, input_ids=ids, attention_mask=mask)
    alone = states(encoder, "eager", input_ids=ids[1:, :5])
    torch.testing.assert_close(padded[1:, :5], alone, atol=1e-5, rtol=0)


def test_a_packed_row_with_a_mask_is_refused() -> None:
    heads = torch.zeros(1, 2, 50, 8)
    with pytest.raises(ValueError, match="one row without an attention mask"):
        packed_attention(torch.nn.Identity(), heads, heads, heads, torch.ones(1, 1, 50, 50), BOUNDS, 64)


def test_the_operator_is_known_to_the_compiler() -> None:
    heads = tuple(torch.randn(1, 2, 50, 8) for _ in range(3))
    torch.library.opcheck(window_by_window, (*heads, BOUNDS), test_utils=("test_schema", "test_faketensor"))
