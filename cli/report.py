"""``wasit report``: the page that shows what was classified."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    predictions: Annotated[
        str,
        typer.Argument(
            metavar="PREDICTIONS", help="What `wasit classify` wrote: a folder of parts, a .parquet or a .jsonl."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="The page, ending in .html. A report that is there is replaced.",
        ),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A folder, new or empty, for the aggregates as CSV and Parquet. Without -o there are only these.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replaces also a FILE that is no report, and tables that are in DIR."),
    ] = False,
) -> None:
    """Make one page of what was classified: charts with filters, and the articles behind every number.

    Example: wasit report results -o report.html

    Example: wasit report results -o report.html --tables tables

    The page needs no network. It needs pip install "wasit[report]" to be made.
    """
    from wasit.inference.report import write_report

    typer.echo(write_report(predictions, output, tables, overwrite), err=True)
