"""What is said when a disk is full."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from wasit.models.errors import InputError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# safetensors and torch write from native code, whose errors have a message but no number.
_SAID = ("No space left on device", "Disk quota exceeded", "PytorchStreamWriter failed", "unexpected pos ")


@contextmanager
def full_disk_told(folder: Path, needed: int | None = None) -> Iterator[None]:
    """Tells in a sentence that the disk is full.

    Args:
        folder: Where the block writes; it need not be there yet.
        needed: Bytes that the block writes, where this is known.

    Raises:
        InputError: If the block fails for want of space.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if not _is_full_disk(error):
            raise
        sizes = [f"{_megabytes(needed)} are needed"] if needed else []
        sizes.append(f"{_megabytes(_free_bytes(folder))} are free")
        raise InputError(
            f"{folder}: no space is left on the disk ({', '.join(sizes)}); "
            "make room, or name a folder on another disk"
        ) from error


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(words in str(error) for words in _SAID)


def _free_bytes(folder: Path) -> int:
    present = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(present).free


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
