"""``wasit classify``: topic, mediators, roles and stances of news pages."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wasit.inference.account import Account
    from wasit.inference.classifier import Classified, Classifier


def classify(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="Files, folders (read with all below them), globs, or - for a text on standard input. "
            "Read are .txt (a file, a page), .jsonl, .jsonl.gz, .jsonl.zst, .csv and .parquet, "
            'and after pip install "wasit[web]" .html and .warc(.gz), also behind URLs such as s3://bucket/folder '
            "or hf://datasets/organisation/name, a data set on the Hub.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A folder of Parquet parts, a .parquet, a .jsonl, or - for JSON lines on standard output. "
            "Without it, up to 20 documents are shown as text.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Makes a page of OUT, ending in .html, as `wasit report` does; "
            'after pip install "wasit[report]".',
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replaces what is in OUT already, and a FILE that is no report.")
    ] = False,
    samples: Annotated[bool, typer.Option("--samples", help="Reads the pages that come with wasit.")] = False,
    text_field: Annotated[str, typer.Option(help="Field of the text, in rows.")] = "text",
    id_field: Annotated[
        str | None,
        typer.Option(help="Field of the id, in rows.", show_default="id if it is there, else FILE:ROW"),
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="Reads the first N documents only.")] = None,
    model: Annotated[
        str,
        typer.Option(
            help="wasit-mini, the folder of a model, or organisation/name[@revision] on the Hugging Face Hub."
        ),
    ] = "wasit-mini",
    mediators: Annotated[
        str | None, typer.Option(metavar="FILE", help="YAML file of further mediators to look for.")
    ] = None,
    no_split: Annotated[
        bool, typer.Option("--no-split", help="Takes each document as one article, with nothing dropped.")
    ] = False,
    min_score: Annotated[
        float | None, typer.Option(metavar="X", help="Labels with a lower score become null; scores stay.")
    ] = None,
    keep_text: Annotated[
        bool, typer.Option("--keep-text", help="Adds the text of each article as the last column.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")] = "auto",
    backend: Annotated[
        str, typer.Option(help='torch, or openvino: faster on CPUs, after pip install "wasit[openvino]".')
    ] = "torch",
    engine: Annotated[
        str,
        typer.Option(
            help='processes, or ray, after pip install "wasit[ray]": on the cluster that RAY_ADDRESS names, else '
            "on a Ray started here. INPUT is read on this machine. On several machines OUT is a URL or a folder "
            "that all share, and the model is there under the same name.",
        ),
    ] = "processes",
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Processes that read pages and write rows beside those of the devices, 0 for a single process; "
            "with --engine ray and no GPU, processes that do everything, one thread each.",
            show_default="what suits input and machine",
        ),
    ] = None,
    chunk_size: Annotated[
        int, typer.Option(metavar="N", help="Documents of one part of the output, at most.")
    ] = 2_000,
) -> None:
    """Say of every article what it is about, and which role and stance its mediators have.

    Example: wasit classify --samples

    Example: wasit classify pages/ -o results

    Example: wasit classify pages/ -o results --report report.html

    Example: wasit classify news.jsonl.gz --text-field body -o results.parquet --min-score 0.5

    With the rows come rejects.jsonl, the documents that gave none and why, and run.json, the account of the run.
    If it is interrupted or killed, the same command goes on where it was.
    """
    from wasit.cli.libraries import quiet_libraries
    from wasit.inference.job import Job, read_handful, write_results
    from wasit.inference.output import Output
    from wasit.inference.report import check_page_of_run, write_report

    quiet_libraries()
    job = Job(
        inputs=tuple(inputs or ()),
        samples=samples,
        text_field=text_field,
        id_field=id_field,
        limit=limit,
        model=model,
        mediators=mediators,
        split=not no_split,
        min_score=min_score,
        keep_text=keep_text,
        device=device,
        dtype=dtype,
        backend=backend,
        engine=engine,
        workers=workers,
        chunk_size=chunk_size,
    )
    place = None if output is None else Output.parse(output)
    if report is not None:
        check_page_of_run(report, place, job.inputs, overwrite)
    if place is None:
        _show(*read_handful(job))
        return
    account = write_results(job, place, overwrite)
    typer.echo(account.summary(), err=True)
    if report is not None:
        typer.echo(write_report(str(place), report, overwrite=overwrite, flag="--report"), err=True)


def _show(result: "Classified", classifier: "Classifier", account: "Account") -> None:
    from rich.console import Console

    from wasit.inference.readable import show

    show(result.records, result.rejections, classifier.taxonomy, Console(highlight=False))
    typer.echo(account.summary(), err=True)
