import json
from pathlib import Path

import pytest

from wasit.models.card_text import CARD_FILE
from wasit.models.errors import InputError
from wasit.models.export_folder import check_folder, export_folder


def write(folder: Path, *names: str, overwrite: bool = False) -> None:
    with export_folder(folder, overwrite) as unfinished:
        for name in (CARD_FILE, *names):
            (unfinished / name).write_text("new", encoding="utf-8")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write(folder, "model.onnx")
    assert names(folder) == {"README.md", "model.onnx"}
    assert len({path.stat().st_mode for path in folder.iterdir()}) == 1


def test_an_export_is_replaced_only_when_asked(tmp_path: Path) -> None:
    write(tmp_path, "model.onnx")
    with pytest.raises(InputError, match=r"-o: found .*not empty; name another folder, or add --overwrite"):
        check_folder(tmp_path, overwrite=False)
    write(tmp_path, "config.json", "model.safetensors", overwrite=True)
    assert names(tmp_path) == {"README.md", "config.json", "model.safetensors"}


def test_an_export_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    write(tmp_path, "model.onnx")
    (tmp_path / "model.onnx").write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), export_folder(tmp_path, True) as unfinished:
        (unfinished / "model.onnx").write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert names(tmp_path) == {"README.md", "model.onnx"}
    assert (tmp_path / "model.onnx").read_text(encoding="utf-8") == "old"


def test_what_a_killed_export_left_is_taken_away(tmp_path: Path) -> None:
    left = tmp_path / ".exporting-x1"
    left.mkdir()
    (left / "model.onnx").write_text("half", encoding="utf-8")
    write(tmp_path, overwrite=True)
    assert names(tmp_path) == {"README.md"}


def test_nothing_but_an_export_is_overwritten(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(InputError, match=r"found 'thesis.txt' in .*, which no export writes"):
        write(tmp_path, overwrite=True)
    assert names(tmp_path) == {"README.md", "thesis.txt"}


def test_a_model_is_not_overwritten_by_its_export(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "wasit"}), encoding="utf-8")
    with pytest.raises(
        InputError, match=r"is a model of wasit's; --overwrite replaces an export and nothing else"
    ):
        check_folder(tmp_path, overwrite=True)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"which is a file; allowed: a folder, new or empty"):
        check_folder(tmp_path / "file", overwrite=True)
    with pytest.raises(InputError, match=r"Not a directory; allowed: a folder that can be written"):
        write(tmp_path / "file" / "below")
