"""``wasit evaluate``: score a model on annotated articles."""

import sys
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

_WIDE = 140


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="wasit-mini, the folder of a model, or organisation/name[@revision] on the Hub; "
            "with --folds a recipe."
        ),
    ],
    data: Annotated[
        list[str],
        typer.Argument(
            help="Annotated articles: .jsonl, .csv or .parquet, also behind URLs such as "
            "hf://datasets/organisation/name[@revision], a data set on the Hub, or a file or pattern in it."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="A folder for metrics.json, report.md, errors.html, and for each task a confusion matrix and a "
            "calibration plot. Without it, the tables are only shown.",
        ),
    ] = None,
    card: Annotated[
        bool,
        typer.Option(
            "--card",
            help="Puts scores and intervals into the card of the model, README.md in its folder, in the place of "
            "those that stand there.",
        ),
    ] = False,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OTHER_MODEL",
            help="A model to compare with, on the same articles; with --folds a recipe. May be repeated.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="tfidf", help="Trains and scores TF-IDF with logistic regression beside the model."),
    ] = None,
    training_data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="What the baseline learns from, with the same columns. May be repeated."
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Cross-validates a recipe: each article is answered by a model that was not trained on it. The "
            "models stay in DIR; the same command again goes on where it was.",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Changes a key of the recipes.")
    ] = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Scores the articles of each value of a column by themselves. May be repeated.",
            show_default="corpus, if the data have it",
        ),
    ] = None,
    errors: Annotated[
        int, typer.Option(metavar="N", min=0, help="Wrong answers of a task that errors.html shows.")
    ] = 100,
    stability: Annotated[
        bool,
        typer.Option(
            help="Asks the model again of articles with other mediators in the place of those they name, without "
            "markers, and of long articles with the first window alone. Not with --folds.",
        ),
    ] = True,
    resamples: Annotated[int, typer.Option(metavar="N", help="Bootstrap resamples.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.", min=0)] = 0,
    text_field: TextField = "text",
    mediators_field: MediatorsField = "mediators",
    mediator_field: MediatorField = None,
    label_field: LabelFields = None,
    label_separator: LabelSeparator = "|",
    label_set: LabelSets = None,
    where: Where = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Score a model with intervals, labels, calibration and errors; gold mediators that it misses are wrong.

    Example: wasit evaluate wasit-mini dev.jsonl -o quality --baseline tfidf --training-data train.jsonl

    Example: wasit evaluate runs/mine dev.csv -o quality --compare wasit-mini

    Example: wasit evaluate runs/mine dev.csv --card

    Example: wasit evaluate wasit-mini hf://datasets/your-name/news/data/test-*.parquet -o quality

    Example: wasit evaluate recipe.yaml train.jsonl dev.jsonl --folds 5 -o folds --set data_folder=data
    """
    from rich.console import Console

    from wasit.cli.libraries import quiet_libraries
    from wasit.train.card_scores import check_card_of, write_scores
    from wasit.train.evaluation import Settings
    from wasit.train.evaluation_files import make_folder, write_evaluation
    from wasit.train.evaluation_job import EvaluationJob, run_evaluation
    from wasit.train.report import show

    quiet_libraries()
    sources, training_sources = (
        tuple(
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
            for path in paths
        )
        for paths in (data, training_data or ())
    )
    job = EvaluationJob(
        model=model,
        data=sources,
        compare=tuple(compare or ()),
        baseline=baseline,
        training_data=training_sources,
        folds=folds,
        overrides=tuple(overrides or ()),
        settings=Settings(tuple(group_by or ()), resamples, seed),
        folder=output,
        device=device,
        stability=stability,
    )
    if output is not None:
        make_folder(output)
    model_folder = check_card_of(model) if card else None
    evaluation = run_evaluation(job)
    # A file or a pipe has no width: the tables are as wide as they need.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    show(evaluation.metrics, evaluation.taxonomy, console)
    for note in evaluation.notes:
        typer.echo(note, err=True)
    if output is not None:
        write_evaluation(evaluation, output, errors)
        typer.echo(f"Scores, pictures and errors are in {output}", err=True)
    if model_folder is not None:
        write_scores(model_folder, evaluation.taxonomy, evaluation.metrics)
        typer.echo(f"The scores are in the card of {model_folder}", err=True)
