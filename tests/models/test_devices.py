import pytest
import torch

from wasit.models.devices import pick_device, pick_dtype
from wasit.models.errors import InputError


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="--device: found 'cuda:99'; allowed on this machine: auto, cpu"):
        pick_device("cuda:99")


def test_a_processor_runs_in_full_precision_unless_told_otherwise() -> None:
    processor = torch.device("cpu")
    assert pick_device("cpu") == processor
    assert pick_dtype("auto", processor) == torch.float32
    assert pick_dtype("bfloat16", processor) == torch.bfloat16


def test_a_precision_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(InputError, match="--dtype: found 'int3'; allowed: auto, float32"):
        pick_dtype("int3", torch.device("cpu"))
