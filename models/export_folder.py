"""The folder of an export: there when it is whole, and never in the place of anything else."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers.utils import CONFIG_NAME, SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME

from wasit.models.card_text import CARD_FILE
from wasit.models.configuration import WasitConfig
from wasit.models.disk import full_disk_told
from wasit.models.errors import InputError

ONNX_NAME = "model.onnx"
TAXONOMY_NAME = "taxonomy.json"
_UNFINISHED = ".exporting-"
_EXPORTED = (
    CARD_FILE,
    CONFIG_NAME,
    SAFE_WEIGHTS_NAME,
    SAFE_WEIGHTS_INDEX_NAME,
    ONNX_NAME,
    f"{ONNX_NAME}.data",
    TAXONOMY_NAME,
    "tokenizer.json",
    "tokenizer_config.json",
)


def check_folder(folder: Path, overwrite: bool) -> None:
    """Makes sure that an export can be written, so that a mistake shows before the work and not after it.

    Args:
        folder: Where it is to be written.
        overwrite: Whether an export that is there already is replaced.

    Raises:
        InputError: If the folder holds an export and is not to be overwritten, or holds anything else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"-o: found {str(folder)!r}, which is a file; allowed: a folder, new or empty")
    names = sorted(path.name for path in folder.iterdir())
    if names and not overwrite:
        raise InputError(f"-o: found {str(folder)!r}, which is not empty; name another folder, or add --overwrite")
    foreign = [name for name in names if name not in _EXPORTED and not name.startswith(_UNFINISHED)]
    if foreign:
        raise InputError(
            f"-o: found {foreign[0]!r} in {str(folder)!r}, which no export writes; --overwrite replaces an export "
            "and nothing else: name another folder"
        )
    if _is_model(folder):
        raise InputError(
            f"-o: found {str(folder)!r}, which is a model of wasit's; --overwrite replaces an export and nothing "
            "else: name another folder"
        )


@contextmanager
def export_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """Gives a folder to write an export to; its files are moved to their place when the block has ended well.

    Args:
        folder: Where the export is to be, made if it is not there.
        overwrite: Whether an export that is there already is replaced.

    Raises:
        InputError: If the folder cannot be written, the disk is full, or as for :func:`check_folder`.
    """
    check_folder(folder, overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"-o: found {str(folder)!r}: {error.strerror}; allowed: a folder that can be written"
        ) from error
    with full_disk_told(folder), TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as name:
        unfinished = Path(name)
        yield unfinished
        _clear(folder, unfinished)
        # The weights' own mode would keep them from everybody but their owner, whatever the user's umask.
        mode = (unfinished / CARD_FILE).stat().st_mode
        for path in sorted(unfinished.iterdir()):
            path.chmod(mode)
            path.replace(folder / path.name)


def _is_model(folder: Path) -> bool:
    try:
        config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == WasitConfig.model_type


def _clear(folder: Path, unfinished: Path) -> None:
    """Removes an older export, and what one that was killed has left."""
    for path in folder.iterdir():
        if path == unfinished:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
