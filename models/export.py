"""A model in the forms that other tools read: ``wasit export``."""

from pathlib import Path

from wasit.models.errors import InputError
from wasit.models.export_classifier import export_classifier
from wasit.models.export_onnx import export_onnx

FORMS = ("sequence-classification", "onnx")


def export(name: str, to: str, folder: Path, task: str | None = None, overwrite: bool = False) -> str:
    """Writes a model in another form, with a card that says how it is used.

    Args:
        name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub.
        to: One of ``FORMS``.
        folder: Where it is written, new or empty.
        task: For ``sequence-classification``, the task of articles; the first by default.
        overwrite: Whether an export that is there already is replaced.

    Returns:
        What was written, in a sentence.

    Raises:
        InputError: If there is no such model, form or task, the folder is taken, or a library is missing.
    """
    if to not in FORMS:
        raise InputError(f"--to: found {to!r}; allowed: {', '.join(FORMS)}")
    if to == "sequence-classification":
        exported = export_classifier(name, folder, task, overwrite)
        return f"{folder} is a BertForSequenceClassification of {exported.name}"
    if task is not None:
        raise InputError(f"--task: found {task!r} together with --to onnx, which has all tasks; leave it out")
    differences = export_onnx(name, folder, overwrite)
    told = ", ".join(f"{output} {difference:.1e}" for output, difference in differences.items())
    return f"{folder} has the network in ONNX; largest differences from torch: {told}"
