"""``wasit push``: a model goes to the Hugging Face Hub."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wasit.models.publishing import Publication

_MEGABYTE = 1_000_000


def push(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a model.")],
    repository: Annotated[
        str, typer.Argument(metavar="ORG/NAME", help="Where it goes: a user or organisation, and a name.")
    ],
    private: Annotated[
        bool,
        typer.Option("--private", help="Makes the repository, if it is new, for those alone who have access."),
    ] = False,
    revision: Annotated[
        str | None,
        typer.Option(metavar="BRANCH", help="The branch to upload to, made if it is new.", show_default="main"),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="A name for this version, such as v1; it never moves.")
    ] = None,
    message: Annotated[str | None, typer.Option(metavar="TEXT", help="Says what is new.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Shows files and card, and uploads nothing; needs no login.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Writes also into a repository that is not a wasit model.")
    ] = False,
) -> None:
    """Upload a model to the Hugging Face Hub: weights, settings, tokenizer, card and metrics, and nothing else.

    Example: wasit push runs/mine your-name/your-model --private

    Example: wasit push runs/mine your-name/your-model --tag v2 --message "Trained on more articles"

    It uses HF_TOKEN or the login of `hf auth login`. Others then load it with --model your-name/your-model, or
    this very version with --model your-name/your-model@v2.
    """
    from wasit.cli.libraries import quiet_libraries
    from wasit.models.publishing import Publication, publish

    quiet_libraries()
    publication = Publication.prepare(folder, repository)
    if dry_run:
        _show(publication)
        return
    if publication.card is None:
        typer.echo(f"{folder} has no README.md: the model goes without a card", err=True)
    name = publish(publication, private, revision, tag, message, force)
    shown = "@".join(part for part in (repository, tag or revision) if part)
    typer.echo(f"{name} is uploaded: wasit classify --samples --model {shown}")


def _show(publication: "Publication") -> None:
    typer.echo(f"To {publication.repository} would go:")
    for file, size in publication.sizes().items():
        typer.echo(f"  {file}  {size / _MEGABYTE:,.2f} MB")
    if publication.left:
        typer.echo(f"Not uploaded: {', '.join(publication.left)}")
    typer.echo(f"\n{publication.card or 'There is no card: the folder has no README.md.'}")
