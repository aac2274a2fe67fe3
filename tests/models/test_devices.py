import pytest
import torch

from wasit.models.devices import pick_device, pick_dtype
from wasit.models.errors import InputError


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="--device: found 'cuda:99'; allowed on this machine: auto, cpu"):
        pick_device("cuda:99")


@pytest.mark.parametrize(
    ("bfloat16", "amx", "dtype"), [(1, 0, torch.bfloat16), (0, 1, torch.bfloat16), (0, 0, torch.float32)]
)
def test_a_processor_uses_bfloat16_where_it_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, bfloat16: int, amx: int, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bool(bfloat16))
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: bool(amx))
    processor = torch.device("cpu")
    assert pick_device("cpu") == processor
    assert pick_dtype("auto", processor) == dtype
    assert pick_dtype("float32", processor) == torch.float32


def test_a_precision_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(InputError, match="--dtype: found 'int3'; allowed: auto, float32"):
        pick_dtype("int3", torch.device("cpu"))
