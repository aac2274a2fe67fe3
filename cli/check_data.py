"""``wasit check-data``: what is wrong with annotated articles, before a model is trained on them."""

from pathlib import Path
from typing import Annotated

import typer

from wasit.cli.columns import (
    LabelFields,
    LabelSeparator,
    LabelSets,
    MediatorField,
    MediatorsField,
    TextField,
    Where,
    data_source,
)

_OF_DATA = (
    "data",
    "taxonomy",
    "text_field",
    "mediators_field",
    "mediator_field",
    "label_field",
    "label_separator",
    "label_set",
    "where",
)


def check_data(
    context: typer.Context,
    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATA",
            help="Annotated articles, .csv, .jsonl or .parquet, also behind URLs such as "
            "hf://datasets/organisation/name, a data set on the Hub. Each is a split, the first is for training.",
        ),
    ] = None,
    taxonomy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The taxonomy of the labels.", show_default="the one of wasit-mini"),
    ] = None,
    text_field: TextField = "text",
    mediators_field: MediatorsField = "mediators",
    mediator_field: MediatorField = None,
    label_field: LabelFields = None,
    label_separator: LabelSeparator = "|",
    label_set: LabelSets = None,
    where: Where = None,
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="RECIPE", help="Checks all that a recipe reads, by its own settings, and no DATA."),
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Changes a key of the recipe.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Writes all findings and counts as JSON, too.")
    ] = None,
) -> None:
    """Check annotated articles before a model is trained on them; the exit status is 1 if there are errors.

    Told are rows that cannot be read, unknown labels and mediators, empty texts, texts that are repeated, in other
    words too, mediators that the text does not name, and how often each label is given, with files and lines.

    Example: wasit check-data train.csv dev.csv --taxonomy taxonomy.yaml --mediator-field mediator

    Example: wasit check-data --recipe recipe.yaml --set data_folder=data
    """
    from rich.console import Console
    from tqdm import tqdm

    from wasit.cli.libraries import quiet_libraries
    from wasit.models.taxonomy import Taxonomy
    from wasit.train.check_data import check_data as check
    from wasit.train.check_data import splits_of_files, splits_of_recipe
    from wasit.train.data_report import show, write_json
    from wasit.train.recipe import load_recipe

    quiet_libraries()
    _check_flags(context)
    folder, seed = ".", 0
    if recipe is None:
        sources = [
            data_source(
                path,
                text_field=text_field,
                mediators_field=mediators_field,
                mediator_field=mediator_field,
                label_field=label_field,
                label_separator=label_separator,
                label_set=label_set,
                where=where,
            )
            for path in data or ()
        ]
        splits = splits_of_files(sources)
    else:
        loaded = load_recipe(recipe, overrides or ())
        splits = splits_of_recipe(loaded)
        folder, seed = loaded.data_folder, loaded.seed
        taxonomy = Path(loaded.taxonomy) if loaded.taxonomy else None
    labels = Taxonomy.from_yaml(taxonomy) if taxonomy else Taxonomy.default()
    with (
        tqdm(desc="read", unit="article", delay=2, disable=None) as reading,
        tqdm(desc="compared", unit="article", delay=2, disable=None) as comparing,
    ):
        report = check(splits, folder, labels, seed, reading.update, comparing.update)
    show(report, Console(highlight=False))
    if json_file is not None:
        write_json(report, json_file)
    if report.of("error"):
        raise typer.Exit(1)


def _check_flags(context: typer.Context) -> None:
    """Makes sure that the command has either files with their columns or a recipe, which names both."""
    from wasit.models.errors import InputError

    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
    flags = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    if "recipe" not in given:
        if "data" not in given:
            raise InputError("there is nothing to check; allowed: files of annotated articles, or --recipe RECIPE")
        if "overrides" in given:
            raise InputError(
                "--set: found without --recipe; allowed: with it, since it changes a key of the recipe"
            )
    for name in _OF_DATA:
        if "recipe" in given and name in given:
            flag = "DATA" if name == "data" else flags[name]
            raise InputError(
                f"{flag}: found together with --recipe; allowed: one of them, a recipe names its data"
            )
