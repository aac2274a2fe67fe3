"""``wasit evaluate``: score a model on annotated articles."""

import json
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    model: Annotated[
        str, typer.Argument(help="wasit-mini, the folder of a model, or organisation/name on the Hub.")
    ],
    data: Annotated[Path, typer.Argument(help="Annotated articles, .jsonl or .parquet.")],
    text_field: Annotated[str, typer.Option(help="Column of the text.")] = "text",
    mediators_field: Annotated[str, typer.Option(help="Column of {mediator: {task: label}}.")] = "mediators",
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only rows with this value; may be repeated.")
    ] = None,
    label_set: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK.NAME=LABEL,LABEL,…",
            help="A name in the data that stands for a set of labels; any of them is right. May be repeated.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Writes the scores as JSON too.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Score a model: accuracy, macro-F1 and F1 of each label; gold mediators that it does not find are wrong.

    Example: wasit evaluate wasit-mini gold/dev.jsonl --mediators-field actors
    """
    from tqdm import tqdm

    from wasit.cli.libraries import quiet_libraries
    from wasit.models.checkpoint import Checkpoint
    from wasit.models.devices import pick_device
    from wasit.models.predictor import Predictor
    from wasit.train.dataset import read_source
    from wasit.train.evaluation import evaluate as score
    from wasit.train.recipe import DataSource

    quiet_libraries()
    source = DataSource(
        path=data.name,
        text_field=text_field,
        mediators_field=mediators_field,
        where=dict(_pair("--where", text) for text in where or ()),
        label_sets=_label_sets(label_set or ()),
    )
    checkpoint = Checkpoint.load(model)
    articles = read_source(source, data.parent, checkpoint.taxonomy, seed=0)
    predictor = Predictor(checkpoint, pick_device(device))
    with tqdm(total=len(articles), unit="article", delay=2, disable=None) as bar:
        result = score(predictor, articles, bar.update)
    for task, scores in result.scores.items():
        for name, value in scores.items():
            typer.echo(f"{task:12} {name:28} {value:7.3f}")
    for place, mediator in result.missed:
        typer.echo(f"not found, counted as wrong: {mediator} in {place}", err=True)
    if output is not None:
        content = {"model": model, "data": data.name, "scores": result.scores, "support": result.support}
        output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _pair(flag: str, text: str) -> tuple[str, str]:
    from wasit.models.errors import InputError

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(f"{flag}: found {text!r}; allowed: NAME=VALUE")
    return name, value


def _label_sets(texts: list[str] | tuple[()]) -> dict[str, dict[str, tuple[str, ...]]]:
    sets: dict[str, dict[str, tuple[str, ...]]] = {}
    for text in texts:
        key, labels = _pair("--label-set", text)
        task, name = _split_key(key)
        sets.setdefault(task, {})[name] = tuple(labels.split(","))
    return sets


def _split_key(key: str) -> tuple[str, str]:
    from wasit.models.errors import InputError

    task, dot, name = key.partition(".")
    if not dot or not name:
        raise InputError(f"--label-set: found {key!r}; allowed: TASK.NAME=LABEL,LABEL,…")
    return task, name
