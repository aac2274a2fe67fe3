"""The options that say what the columns of annotated data hold; every command that reads such data has them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wasit.train.recipe import DataSource

TextField = Annotated[str, typer.Option(help="Column of the text.")]
MediatorsField = Annotated[str, typer.Option(help="Column of {mediator: {task: label}}.")]
MediatorField = Annotated[
    str | None,
    typer.Option(
        help="For one row a mediator: the column of the mediator's id or name; columns named as the tasks of "
        "mediators hold its labels, and rows with the same text are one article."
    ),
]
LabelFields = Annotated[
    list[str] | None,
    typer.Option(
        "--label-field",
        metavar="TASK=COLUMN",
        help="The column of a task's labels, if it is not named as the task. May be repeated.",
    ),
]
LabelSeparator = Annotated[str, typer.Option(help="Stands between the labels of a cell that holds several.")]
LabelSets = Annotated[
    list[str] | None,
    typer.Option(
        "--label-set",
        metavar="TASK.NAME=LABEL,LABEL,…",
        help="A name in the data that stands for a set of labels: the true one is among them. May be repeated.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN=VALUE", help="Only rows with this value. May be repeated: all must fit."),
]


def data_source(
    path: str,
    *,
    text_field: str,
    mediators_field: str,
    mediator_field: str | None,
    label_field: Sequence[str] | None,
    label_separator: str,
    label_set: Sequence[str] | None,
    where: Sequence[str] | None,
) -> "DataSource":
    """Puts the options of one file together; the arguments are named as the flags.

    Args:
        path: The file, or the URL of one or more.
        text_field: Column of the text.
        mediators_field: Column of the mediators' labels.
        mediator_field: Column of the mediator, for one row a mediator.
        label_field: ``TASK=COLUMN`` each.
        label_separator: What stands between labels in a cell.
        label_set: ``TASK.NAME=LABEL,LABEL,…`` each.
        where: ``COLUMN=VALUE`` each.

    Raises:
        InputError: If a value has another form, or one name is given twice.
    """
    from wasit.models.urls import is_url
    from wasit.train.recipe import DataSource

    return DataSource(
        path=path if is_url(path) else str(Path(path)),
        text_field=text_field,
        mediators_field=mediators_field,
        mediator_field=mediator_field,
        label_fields=_pairs("--label-field", "TASK=COLUMN", label_field),
        label_separator=label_separator,
        label_sets=_label_sets(label_set),
        where=_pairs("--where", "COLUMN=VALUE", where),
    )


def _pairs(flag: str, form: str, texts: Sequence[str] | None) -> dict[str, str]:
    from wasit.models.errors import InputError

    pairs: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"{flag}: found {text!r}; allowed: {form}")
        if name in pairs:
            raise InputError(f"{flag}: found {name!r} twice, {pairs[name]!r} and {value!r}; allowed: once")
        pairs[name] = value
    return pairs


def _label_sets(texts: Sequence[str] | None) -> dict[str, dict[str, tuple[str, ...]]]:
    from wasit.models.errors import InputError

    sets: dict[str, dict[str, tuple[str, ...]]] = {}
    form = "TASK.NAME=LABEL,LABEL,…"
    for key, labels in _pairs("--label-set", form, texts).items():
        task, dot, name = key.partition(".")
        if not dot or not name or not labels:
            raise InputError(f"--label-set: found {key!r}; allowed: {form}")
        sets.setdefault(task, {})[name] = tuple(labels.split(","))
    return sets
