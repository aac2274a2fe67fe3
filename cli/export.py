"""``wasit export``: a model in the forms that other tools read."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="wasit-mini, the folder of a model, or organisation/name[@revision] on the Hugging Face Hub."
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="FORM",
            help="sequence-classification: a task of articles as a model of transformers, which needs no wasit; "
            'or onnx: the network with all tasks, after pip install "wasit[onnx]".',
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the export, new or empty.")
    ],
    task: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The task of articles for sequence-classification.",
            show_default="the first one of the model",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replaces an export that is in DIR.")] = False,
) -> None:
    """Write a model for tools that do not know wasit, with a card that says how it is used.

    Example: wasit export wasit-mini --to sequence-classification -o topics

    Example: wasit export runs/mine --to onnx -o mine-onnx
    """
    from wasit.cli.libraries import quiet_libraries
    from wasit.models.export import export as write

    quiet_libraries()
    typer.echo(write(model, to, output, task, overwrite), err=True)
