from pathlib import Path

import pytest

from wasit.models.base_name import BaseName
from wasit.models.errors import InputError


def test_a_base_is_a_folder_or_a_name_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BaseName.parse("lab/base") == ("lab/base", None)
    assert BaseName.parse("lab/base@refs/pr/4") == ("lab/base", "refs/pr/4")
    assert BaseName.parse("bert-base") == ("bert-base", None)
    monkeypatch.chdir(tmp_path)
    Path("lab/base@2").mkdir(parents=True)
    assert BaseName.parse("lab/base@2") == ("lab/base@2", None)


def test_a_revision_that_can_be_none_is_named() -> None:
    with pytest.raises(InputError, match=r"found '\.\./x' behind the @"):
        BaseName.parse("lab/base@../x")
