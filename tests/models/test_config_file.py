from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, model_validator

from wasit.models.config_file import Problem, Problems, Strict, describe_problems, load_yaml, read_yaml, validate
from wasit.models.errors import ConfigError


class Leg(Strict):
    length: float
    side: Literal["left", "right"]


class Table(Strict):
    name: str
    legs: Annotated[tuple[Leg, ...], Field(min_length=1)]
    weights: dict[str, Leg] = Field(default={})

    @model_validator(mode="after")
    def _check_name(self) -> "Table":
        if self.name == "chair":
            raise Problems([Problem(("name",), "is no table", self.name, "a table"), Problem((), "is odd", 3)])
        return self


@pytest.fixture
def problems_of(tmp_path: Path):
    def read(content: str | bytes) -> list[str]:
        path = tmp_path / "table.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(ConfigError) as raised:
            load_yaml(path, Table)
        assert all(problem.startswith(f"{path}: ") for problem in raised.value.problems)
        return [problem.removeprefix(f"{path}: ") for problem in raised.value.problems]

    return read


def test_a_right_file_becomes_its_model(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text("name: ' desk '\nlegs:\n- {length: 1e-1, side: left}\n", encoding="utf-8-sig")
    table = load_yaml(path, Table)
    assert table == Table(name="desk", legs=(Leg(length=0.1, side="left"),))
    with pytest.raises(ValidationError):
        table.name = "other"


def test_all_problems_are_told_at_once(problems_of) -> None:
    assert problems_of("nmae: desk\nlegs:\n- {length: long, side: middle}\n- {length: .nan}\n") == [
        "name: is missing",
        "legs[0].length: should be a valid number, unable to parse string as a number, found 'long'",
        "legs[0].side: is not one of the values allowed here, found 'middle'; allowed: left, right",
        "legs[1].length: should be a finite number, found nan",
        "legs[1].side: is missing",
        "nmae: is an unknown key, found 'desk'; allowed: name, legs, weights (did you mean name?)",
    ]


def test_unknown_keys_list_the_keys_of_their_own_place(problems_of) -> None:
    assert problems_of("name: a\nlegs: [{length: 1, side: left, lenght: 2}]\nweights: {x: {x: 1}}\n") == [
        "legs[0].lenght: is an unknown key, found 2; allowed: length, side (did you mean length?)",
        "weights.x.length: is missing",
        "weights.x.side: is missing",
        "weights.x.x: is an unknown key, found 1; allowed: length, side",
    ]


def test_repeated_keys_are_told_with_the_other_problems(problems_of) -> None:
    assert problems_of("name: a\nname: b\nlegs:\n- side: left\n  side: right\n  length: x\n") == [
        "name: is given twice, on lines 1 and 2; allowed: each key once",
        "legs[0].side: is given twice, on lines 4 and 5; allowed: each key once",
        "legs[0].length: should be a valid number, unable to parse string as a number, found 'x'",
    ]


def test_problems_of_a_validator_keep_their_places() -> None:
    with pytest.raises(ConfigError) as raised:
        validate({"name": "chair", "legs": [{"length": 1, "side": "left"}]}, Table, "--set")
    assert raised.value.problems == (
        "--set: name: is no table, found 'chair'; allowed: a table",
        "--set: is odd, found 3",
    )


def test_problems_can_be_described_for_any_place() -> None:
    with pytest.raises(ValidationError) as raised:
        Table.model_validate({"name": "desk", "legs": []})
    lines = describe_problems(raised.value, Table, "recipe")
    assert lines == ["recipe: legs: has too few items, found []; allowed: at least 1"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is not a mapping of keys to values, found nothing; allowed: the keys name, legs, weights"),
        ("- a\n", "is not a mapping of keys to values, found ['a']; allowed: the keys name, legs, weights"),
        ("name: [\n", "is not YAML: line 2, column 1: "),
        ("name: !!python/object:os.system {}\n", "is not YAML: line 1, column 7: "),
        ("name: a\n---\nname: b\n", "is not YAML: line 2, column 1: "),
        ("name: 2024-13-45\n", "holds a value that YAML cannot read: "),
        ("name: é\n".encode("latin-1"), "is not UTF-8, found byte 0xe9 at offset 6; allowed: UTF-8 text"),
        ("name: &a x\nlegs: [*a]\n", "line 2: is an alias, found *a; allowed: values written out"),
        ("name: " + 5000 * "[" + "\n", "line 1: is nested too deeply; allowed: up to 50 levels"),
        (b"#" * 5_000_000, "is too long, found 5000000 bytes; allowed: up to 4000000"),
    ],
)
def test_what_is_no_configuration_is_told(problems_of, content: str | bytes, told: str) -> None:
    (problem,) = problems_of(content)
    assert problem.startswith(told)


def test_long_values_are_shown_short(problems_of) -> None:
    (problem,) = problems_of("name: [" + 1000 * "x, " + "]\nlegs: [{length: 1, side: left}]\n")
    assert len(problem) < 200


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "none.yaml", "there is no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigError, match=told):
            load_yaml(path, Table)
        with pytest.raises(ConfigError, match=told):
            read_yaml(path)


@given(st.binary(max_size=60) | st.text(alphabet="a:-[]{}&*!'\"\n ?|>%@1", max_size=60).map(str.encode))
def test_no_content_ends_in_another_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load_yaml(path, Table)
