"""Two runs are the same run exactly if their rows are; otherwise it is told what differs."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.inference.identity import Identity, InputMark

MARKS = tuple(InputMark(f"{index}.txt", index, 17 * index) for index in range(200))
IDENTITY = Identity("1.0", "mini", "ab" * 32, {"--limit": None, "--no-split": False}, MARKS[:3])


def stored(identity: Identity) -> Any:
    return json.loads(json.dumps(identity.to_dict()))


@pytest.mark.parametrize("count", [0, 3, 200])
def test_the_same_run_does_not_differ(count: int) -> None:
    identity = replace(IDENTITY, inputs=MARKS[:count], settings={"--fields": ("a", "b")})
    assert identity.differences(stored(identity)) == []
    assert identity.differences(stored(identity), identity.manifest) == []


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"version": "1.1"}, "version of wasit (found 1.0 there, now 1.1)"),
        ({"model": "maxi", "weights": "cd" * 32}, "model (found 'mini' there, now 'maxi')"),
        ({"weights": "cd" * 32}, "weights of 'mini' (found abababababab there, now cdcdcdcdcdcd)"),
        ({"settings": {"--limit": 7, "--no-split": False}}, "--limit (found none there, now 7)"),
        ({"settings": {"--limit": None}}, "--no-split (found false there, now none)"),
        ({"inputs": (MARKS[0], *MARKS[2:5])}, "inputs (2 added: 3.txt, 4.txt, 1 removed: 1.txt)"),
        ({"inputs": (*MARKS[:2], InputMark("2.txt", 2, 35))}, "inputs (1 changed: 2.txt)"),
        ({"inputs": (*MARKS[:2], InputMark("2.txt", 3, 34))}, "inputs (1 changed: 2.txt)"),
        ({"inputs": MARKS[2::-1]}, "inputs (the same ones in another order)"),
        (
            {"inputs": MARKS[:11]},
            "inputs (8 added: 3.txt, 4.txt, 5.txt, 6.txt, 7.txt and 3 more)",
        ),
    ],
)
def test_what_differs_is_told(change: dict[str, Any], difference: str) -> None:
    now = replace(IDENTITY, **change)
    assert now.differences(stored(IDENTITY)) == [difference]
    assert now.differences(stored(IDENTITY), IDENTITY.manifest) == [difference]


def test_of_many_inputs_the_account_has_no_list_but_the_manifest_has() -> None:
    before, now = replace(IDENTITY, inputs=MARKS[:199]), replace(IDENTITY, inputs=MARKS)
    assert len(json.dumps(stored(before))) < 500
    assert now.differences(stored(before), before.manifest) == ["inputs (1 added: 199.txt)"]
    (told,) = now.differences(stored(before))
    assert (
        told == "inputs (found 199 files of 19,701 bytes there, now 200 files of 19,900 bytes, not the same ones)"
    )


names = st.text(max_size=5)
marks = st.lists(
    st.builds(InputMark, names, st.integers(0, 9), st.integers(0, 9)), unique_by=lambda mark: mark.name
).map(tuple)


@given(marks, marks)
def test_any_change_of_inputs_is_noticed(before: tuple[InputMark, ...], now: tuple[InputMark, ...]) -> None:
    there = replace(IDENTITY, inputs=before)
    told = replace(IDENTITY, inputs=now).differences(stored(there), there.manifest)
    assert bool(told) == (before != now)


def test_names_that_are_no_text_can_be_noted() -> None:
    identity = replace(IDENTITY, inputs=(InputMark("\udcff.txt", 1, 1),))
    now = replace(IDENTITY, inputs=(InputMark("b.txt", 1, 1),))
    assert identity.differences(stored(identity), identity.manifest) == []
    (told,) = now.differences(stored(identity), identity.manifest)
    assert told == "inputs (1 added: b.txt, 1 removed: \udcff.txt)"
