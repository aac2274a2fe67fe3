"""How often a sequence-classification export, loaded by transformers without wasit, answers as wasit does.

The export is read by another Python, which needs nothing but torch and transformers.

Example: python benchmarks/export_agreement.py articles.jsonl --python plain/bin/python
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from wasit.inference import Classifier
from wasit.models.export_classifier import export_classifier
from wasit.models.text_side import SHIPPED_MODEL

_CONSUMER = """
import importlib.util, json, sys
from transformers import pipeline
assert importlib.util.find_spec("wasit") is None, "this Python has wasit"
classify = pipeline("text-classification", model=sys.argv[1])
answers = classify(json.load(sys.stdin), truncation=True)
json.dump([(answer["label"], answer["score"]) for answer in answers], sys.stdout)
"""


def main(
    texts: Annotated[Path, typer.Argument(help="Articles: JSON lines with the field text.")],
    python: Annotated[Path, typer.Option(help="A Python with torch and transformers, and without wasit.")],
    model: Annotated[str, typer.Option(help="The model.")] = SHIPPED_MODEL,
) -> None:
    """Compare the answers for all articles that the model reads in one passage."""
    with texts.open(encoding="utf-8") as lines:
        read = [json.loads(line)["text"] for line in lines]
    rows = Classifier.from_pretrained(model, dtype="float32")(read, split=False)
    ours = [row for row in rows if row["windows"] == 1]
    with TemporaryDirectory() as folder:
        task = export_classifier(model, Path(folder)).name
        done = subprocess.run(
            [python, "-I", "-c", _CONSUMER, folder],
            input=json.dumps([read[int(row["doc_id"])] for row in ours]),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    theirs = json.loads(done.stdout)
    shifts = [
        abs(row[f"{task}_score"] - score)
        for row, (label, score) in zip(ours, theirs, strict=True)
        if row[task] == label
    ]
    sys.stdout.write(
        f"{len(ours)} of {len(read)} articles are read in one passage; the {task} is the same for {len(shifts)} "
        f"({len(shifts) / len(ours):.1%}), whose scores differ by {mean(shifts):.3f} on average\n"
    )


if __name__ == "__main__":
    typer.run(main)
