import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from contestants import Entry

from wasit.models.errors import InputError

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "throughput.py"
CONTESTANTS = (
    "pipeline-2:float32,sorted-4:float32,fineweb-edu:float32,engine:float32,core@256:float32,pipeline:int8"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script writes when it is run on a tiny model."""
    out = tmp_path_factory.mktemp("throughput")
    options = ["--shape", "tiny", "--device", "cpu", "--threads", "1", "--pages", "6", "--rounds", "2"]
    command = [sys.executable, SCRIPT, *options, "--compared", "0", "--contestants", CONTESTANTS, "--out", out]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert (out / "throughput.md").read_text(encoding="utf-8") == result.stdout
    return out


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "throughput.json").read_text(encoding="utf-8"))
    return content


def test_all_take_part_that_can_and_the_others_are_named(found: dict[str, Any]) -> None:
    taken = [one["contestant"] for one in found["contestants"]]
    assert [*taken, "pipeline:int8"] == CONTESTANTS.split(",")
    assert found["left_out"] == {"pipeline:int8": "has no int8"}


def test_every_contestant_has_its_speed_with_spread_and_its_memory(found: dict[str, Any]) -> None:
    for one in found["contestants"]:
        assert len(one["seconds"]) == 2
        for name in ("articles_per_second", "tokens_per_second", "share_of_matmul_peak"):
            assert 0 < one[name]["min"] <= one[name]["median"] <= one[name]["max"], (one["contestant"], name)
        assert one["peak_memory_bytes"] > 10_000_000


def test_ratios_are_of_the_same_rounds(found: dict[str, Any]) -> None:
    speeds = {one["contestant"]: one["seconds"] for one in found["contestants"]}
    rounds = [
        slow / fast for slow, fast in zip(speeds["pipeline-2:float32"], speeds["engine:float32"], strict=True)
    ]
    ratio = found["ratios"]["pipeline-2:float32"]["engine:float32"]
    assert ratio["min"] == pytest.approx(min(rounds))
    assert ratio["max"] == pytest.approx(max(rounds))


def test_there_is_a_picture(folder: Path) -> None:
    assert (folder / "throughput.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("pipeline-8:float32", Entry("pipeline", "float32", batch=8)),
        ("sentence-transformers", Entry("sentence-transformers", "bfloat16")),
        ("core@16384+compile:float16", Entry("core", "float16", row_tokens=16384, compiled=True)),
    ],
)
def test_contestants_are_read_as_they_are_written(text: str, entry: Entry) -> None:
    assert Entry.parse(text, "bfloat16") == entry
    assert Entry.parse(str(entry), "float32") == entry


@pytest.mark.parametrize("text", ["pipelines", "core:float31", "", "pipeline-x"])
def test_an_unknown_contestant_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="allowed"):
        Entry.parse(text, "float32")
