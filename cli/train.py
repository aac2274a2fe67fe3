"""``wasit train``: fine-tune a model by a recipe."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[Path, typer.Argument(help="YAML file of the run, for example configs/train/mini.yaml.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Changes a key of the recipe; stages.0.epochs=1 leads deeper."
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="auto|PATH", help="Goes on from the newest checkpoint of the run, or from this one."),
    ] = None,
) -> None:
    """Fine-tune a model by a recipe; the folder that it names gets the model and its metrics.

    Several processes, for example one for each GPU: accelerate launch -m wasit.cli.main train RECIPE

    Example: wasit train configs/train/mini.yaml --set data_folder=data --set seed=1
    """
    from wasit.cli.libraries import quiet_libraries
    from wasit.train.machine import is_main_process
    from wasit.train.recipe import load_recipe
    from wasit.train.training import train as run

    quiet_libraries()
    loaded = load_recipe(recipe, overrides or ())
    metrics = run(loaded, resume)
    if not is_main_process():
        return
    for name, value in metrics.items():
        typer.echo(f"{name.removeprefix('eval_'):40} {value:8.4f}")
    typer.echo(f"The model is in {loaded.output}", err=True)
