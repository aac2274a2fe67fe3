"""Makes the README's picture: the report on the sample pages, as a browser shows it.

After ``pip install -e ".[dev]"``, with Chromium on the machine:

    python docs/report/make_picture.py
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from playwright.sync_api import sync_playwright

from wasit.inference.job import Job, write_results
from wasit.inference.output import Output
from wasit.inference.report import write_report

_PICTURE = Path(__file__).with_name("sample.png")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def main(
    out: Annotated[Path, typer.Option(help="The picture.")] = _PICTURE,
    predictions: Annotated[
        str | None, typer.Option(help="Shows these instead of the sample pages; see wasit report.")
    ] = None,
    language: Annotated[str, typer.Option(help="ar or en.")] = "en",
    scheme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    width: Annotated[int, typer.Option(help="Of the window, in pixels.")] = 1280,
    height: Annotated[int, typer.Option(help="Of the window, in pixels; 0 for the whole page.")] = 1850,
) -> None:
    """Classifies, makes the report, opens it and takes its picture."""
    with TemporaryDirectory() as folder:
        if predictions is None:
            predictions = str(Path(folder) / "results")
            write_results(Job(samples=True, keep_text=True, device="cpu"), Output.parse(predictions))
        page = Path(folder) / "report.html"
        typer.echo(write_report(predictions, page))
        take(page, out, language, scheme, width, height)
    typer.echo(f"The picture is {out}")


def take(page: Path, out: Path, language: str, scheme: str, width: int, height: int) -> None:
    """Takes the picture of a report; see the options of the script."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_ARGUMENTS)
        view = browser.new_page(
            viewport={"width": width, "height": height or 900},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=language,
        )
        view.goto(page.as_uri())
        # Charts are drawn when there is one to be seen.
        view.wait_for_selector("canvas, svg.marks")
        view.screenshot(path=out, full_page=not height)
        browser.close()


if __name__ == "__main__":
    typer.run(main)
