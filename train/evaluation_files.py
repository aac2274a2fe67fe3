"""The files that an evaluation leaves: scores, report, pictures, errors."""

import json
from collections.abc import Iterator
from pathlib import Path

from wasit.models.errors import InputError
from wasit.train.answers import AnswerTable
from wasit.train.certainty import calibration_bins, expected_calibration_error
from wasit.train.error_page import error_page
from wasit.train.evaluation_job import Evaluation
from wasit.train.plots import calibration_figure, confusion_figure, png
from wasit.train.report import markdown
from wasit.train.scores import confusion_matrix

METRICS_FILE = "metrics.json"
REPORT_FILE = "report.md"
ERRORS_FILE = "errors.html"


def make_folder(folder: Path) -> None:
    """Makes the folder, so that a mistake shows before an evaluation and not after it.

    Raises:
        InputError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"-o: found {str(folder)!r}: {error.strerror}; allowed: a folder that can be written")


def write_evaluation(evaluation: Evaluation, folder: Path, errors: int) -> None:
    """Writes ``metrics.json``, ``report.md``, ``errors.html`` and the pictures of each task.

    A task with several answers has no confusion matrix, and one without certain gold labels no calibration.

    Args:
        evaluation: What to write.
        folder: Made if it is not there; files of these names are replaced.
        errors: Wrong answers of a task that are shown.

    Raises:
        InputError: If the folder cannot be written.
    """
    pictures: dict[str, str] = {}
    content: dict[str, bytes] = {}
    for table in evaluation.model.tables.values():
        for kind, picture in _pictures(evaluation.model.name, table):
            file = f"{kind}-{table.task.name}.png"
            content[file] = picture
            pictures[file] = f"{table.task.en}: {kind}"
    page = error_page(
        evaluation.model.name, evaluation.model.tables, evaluation.articles, evaluation.taxonomy, errors
    )
    report = markdown(evaluation.metrics, evaluation.taxonomy, pictures, evaluation.notes)
    metrics = json.dumps(evaluation.metrics, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    content[METRICS_FILE] = metrics.encode("utf-8", "backslashreplace")
    content[REPORT_FILE] = report.encode("utf-8", "backslashreplace")
    content[ERRORS_FILE] = page.encode("utf-8", "xmlcharrefreplace")
    make_folder(folder)
    try:
        for name, value in content.items():
            (folder / name).write_bytes(value)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _pictures(name: str, table: AnswerTable) -> Iterator[tuple[str, bytes]]:
    matrix = confusion_matrix(table)
    if matrix is not None:
        yield "confusion", png(confusion_figure(table.task, matrix, name))
    bins = calibration_bins(table)
    error = expected_calibration_error(bins)
    if error is not None:
        yield "calibration", png(calibration_figure(table.task, bins, error, name))
