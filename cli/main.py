"""The command ``wasit``: its commands are one file each, and import what is heavy when they run."""

import io
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from wasit.cli.check_data import check_data
from wasit.cli.classify import classify
from wasit.cli.cut_vocabulary import cut_vocabulary
from wasit.cli.evaluate import evaluate
from wasit.cli.export import export
from wasit.cli.push import push
from wasit.cli.report import report
from wasit.cli.train import train

app = typer.Typer(name="wasit", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(classify)
app.command()(report)
app.command()(check_data)
app.command()(train)
app.command()(evaluate)
app.command()(cut_vocabulary)
app.command()(export)
app.command()(push)

_ERROR = 2
_INTERRUPTED = 130


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wasit {version('wasit')}")
        raise typer.Exit


@app.callback()
def wasit(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Shows the version.")
    ] = False,
) -> None:
    """Read Arabic news: what an article is about, which mediators appear in it, their role and how it shows them.

    Example: wasit classify --samples
    """


def main() -> None:
    """Runs the command line; an error that the user can mend is told in a line, and the exit status is 2.

    Stopped with Ctrl-C it is 130.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Arabic is written whatever the locale says.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except Exception as error:
        # With it come torch and transformers, for which `wasit --help` should not wait.
        from wasit.inference.interruption import Interrupted
        from wasit.models.errors import WasitError

        if not isinstance(error, WasitError):
            raise
        typer.echo(f"wasit: {error}", err=True)
        sys.exit(_INTERRUPTED if isinstance(error, Interrupted) else _ERROR)


if __name__ == "__main__":
    main()
