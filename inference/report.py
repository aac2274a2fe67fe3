"""A report on what was classified: the page that is looked at, and its tables."""

import gzip
import importlib
import io
import json
import struct
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from wasit.inference.report_errors import input_error

if TYPE_CHECKING:
    from wasit.inference.output import Output

_LIBRARIES = ("duckdb", "vl_convert")
_ENDING = ".html"
# The mark of a report stands in its first lines.
_MARK_WITHIN = 4_096
_MEGABYTE = 1_000_000


def write_report(
    predictions: str,
    output: Path | None,
    tables: Path | None = None,
    overwrite: bool = False,
    flag: str = "--output",
) -> str:
    """Makes the page, the tables, or both.

    Args:
        predictions: What ``wasit classify`` wrote: a folder of parts, a ``.parquet`` or a ``.jsonl``.
        output: The page, ending in ``.html``; None for the tables alone. A report that is there is replaced.
        tables: A folder for the aggregates as CSV and Parquet.
        overwrite: Whether another file with the name of the page, and what is in ``tables``, may be replaced.
        flag: What the user named the page with.

    Returns:
        What was done, in a line or two.

    Raises:
        InputError: If the predictions cannot be read or are none, or something cannot be written.
    """
    if output is None and tables is None:
        raise input_error("there is nothing to write: give `-o report.html` for the page, or --tables DIR")
    if output is not None:
        check_page(output, overwrite, flag)
    _check_libraries()
    if tables is not None:
        _make_folder(tables, overwrite)
    told = [] if tables is None else [f"The tables are in {tables}"]
    if output is not None:
        return "\n".join([_write_page(predictions, output, tables, flag), *told])
    if tables is not None:
        # With it comes DuckDB, an extra.
        from wasit.inference.report_tables import write_tables

        write_tables(predictions, tables)
    return "\n".join(told)


def check_page(path: Path, overwrite: bool = False, flag: str = "--output") -> None:
    """Makes sure that a page can be written and that nothing of others is lost by it.

    Args:
        path: Of the page.
        overwrite: Whether it may take the place of what is no report.
        flag: What the user named it with.

    Raises:
        InputError: If it cannot or may not.
    """
    if path.suffix.lower() != _ENDING:
        raise input_error(f"{flag}: found {str(path)!r}; allowed: a file ending in {_ENDING}")
    with _disk_errors_told(flag, path):
        if path.is_dir():
            raise input_error(f"{flag}: {path} is a folder; allowed: a file ending in {_ENDING}")
        if not overwrite and path.exists() and not _is_report(path):
            raise input_error(
                f"{flag}: {path} is there already and is no report of wasit; name another, or add --overwrite"
            )
        # Otherwise it would be told only when all rows are read.
        TemporaryFile(dir=next(folder for folder in path.absolute().parents if folder.exists())).close()


def check_page_of_run(path: Path, output: "Output | None", inputs: Sequence[str], overwrite: bool = False) -> None:
    """Makes sure, before pages are classified, that a report on them can be made afterwards.

    Args:
        path: Of the report.
        output: Where the results go; none if they are only shown.
        inputs: What is classified; in it the report would be one more page.
        overwrite: Whether the report may take the place of what is no report.

    Raises:
        InputError: If it cannot.
    """
    # The command classifies, so torch is there anyway.
    from wasit.inference.output import Kind

    flag = "--report"
    if output is None or output.kind is Kind.STANDARD_OUTPUT or output.url is not None:
        found = "no --output" if output is None else f"--output {output}"
        raise input_error(
            f"{flag}: found with {found}; allowed: with an --output that is a folder, a .parquet or a .jsonl on "
            "this machine"
        )
    check_page(path, overwrite, flag)
    for text in inputs:
        if _would_be_read(path, text) and not output.owns(path):
            raise input_error(f"{flag}: {path} would be read as part of the input {text}; allowed: another place")
    _check_libraries()


def _would_be_read(path: Path, text: str) -> bool:
    """Whether an input is a file, has it below it as a folder, or finds it as a glob."""
    place, pattern = path.resolve(), Path(text).resolve()
    return any(fnmatch(str(place), str(wanted)) for wanted in (pattern, pattern / "*"))


def _check_libraries() -> None:
    for library in _LIBRARIES:
        try:
            importlib.import_module(library)
        except ModuleNotFoundError as error:
            raise input_error(
                f'a report needs a package that is not installed, {library}: pip install "wasit[report]"'
            ) from error


def _is_report(path: Path) -> bool:
    from wasit.inference.report_html import REPORT_MARK

    with path.open("rb") as stream:
        return REPORT_MARK.encode() in stream.read(_MARK_WITHIN)


def _make_folder(tables: Path, overwrite: bool) -> None:
    with _disk_errors_told("--tables", tables):
        tables.mkdir(parents=True, exist_ok=True)
        if not overwrite and any(tables.iterdir()):
            raise input_error(f"--tables: {tables} is not empty; name another folder, or add --overwrite")


def _write_page(predictions: str, output: Path, tables: Path | None, flag: str) -> str:
    """Writes the page, and the tables with it: the rows are read once."""
    # With them come DuckDB and the plotting library, which are extras.
    from wasit.inference.report_data import build_report_data
    from wasit.inference.report_html import report_html

    container = build_report_data(predictions, tables)
    page = report_html(container).encode()
    with _disk_errors_told(flag, output):
        _put(output, page)
    return f"{output}: {_counted(_facts(container))}, {len(page) / _MEGABYTE:.1f} MB"


def _facts(container: bytes) -> dict[str, Any]:
    with gzip.open(io.BytesIO(container)) as stream:
        (length,) = struct.unpack("<I", stream.read(4))
        facts: dict[str, Any] = json.loads(stream.read(length))["facts"]
        return facts


def _counted(facts: dict[str, Any]) -> str:
    counted = f"{facts['distinct_articles']:,} distinct of {facts['articles']:,} articles"
    if facts["sampled"]:
        counted += f", {facts['articles_in_sample']:,} of them listed"
    return counted


def _put(path: Path, data: bytes) -> None:
    """Writes a file that gets its name when it is whole: a report that is there stays until then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _disk_errors_told(flag: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise input_error(f"{flag}: {path} cannot be written: {error.strerror or error}") from error
