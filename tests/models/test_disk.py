import errno
from pathlib import Path

import pytest
from safetensors import SafetensorError

from wasit.models.checkpoint import Checkpoint
from wasit.models.disk import full_disk_told
from wasit.models.errors import InputError
from wasit.models.network import WasitModel


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),
    ],
)
def test_a_full_disk_is_told_with_folder_and_sizes(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(InputError) as caught, full_disk_told(tmp_path / "not" / "there", needed=3_000_000):
        raise error
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'not' / 'there'}: no space is left on the disk (3 MB are needed, ")
    assert "MB are free); make room, or name a folder on another disk" in message


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), full_disk_told(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_model_that_was_not_saved_whole_is_no_model(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Checkpoint.load(str(tiny_model))

    def half_saved(self: WasitModel, folder: str) -> None:
        (Path(folder) / "config.json").write_text("{}", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(WasitModel, "save_pretrained", half_saved)
    with pytest.raises(InputError, match="no space is left"):
        model.save(tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []
