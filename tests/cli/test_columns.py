from typing import Any

import pytest

from wasit.cli.columns import data_source
from wasit.models.errors import InputError
from wasit.train.recipe import DataSource

PLAIN: dict[str, Any] = {
    "text_field": "text",
    "mediators_field": "mediators",
    "mediator_field": None,
    "label_field": None,
    "label_separator": "|",
    "label_set": None,
    "where": None,
}


def test_options_become_a_source() -> None:
    changes = {
        "mediator_field": "who",
        "label_field": ["topic=subject"],
        "label_set": ["topic.politics=peace_process,armed_conflict", "topic.games=sport"],
        "where": ["split=dev", "note=a=b"],
    }
    assert data_source("a.csv", **PLAIN | changes) == DataSource(
        path="a.csv",
        mediator_field="who",
        label_fields={"topic": "subject"},
        label_sets={"topic": {"politics": ("peace_process", "armed_conflict"), "games": ("sport",)}},
        where={"split": "dev", "note": "a=b"},
    )


def test_without_options_a_source_is_as_a_recipe_has_it() -> None:
    assert data_source("a.csv", **PLAIN) == data_source("./a.csv", **PLAIN) == DataSource(path="a.csv")
    assert data_source("hf://datasets/a/b", **PLAIN) == DataSource(path="hf://datasets/a/b")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("where", ["split"], "--where: found 'split'; allowed: COLUMN=VALUE"),
        ("where", ["a=1", "a=2"], "--where: found 'a' twice, '1' and '2'; allowed: once"),
        ("label_field", ["=x"], "--label-field: found '=x'; allowed: TASK=COLUMN"),
        ("label_set", ["any=sport"], "--label-set: found 'any'; allowed: TASK.NAME=LABEL"),
        ("label_set", ["topic.any="], "--label-set: found 'topic.any'; allowed: TASK.NAME=LABEL"),
    ],
)
def test_mistakes_name_the_flag(option: str, value: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        data_source("a.csv", **PLAIN | {option: value})
