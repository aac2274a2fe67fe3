"""Predictions made up for reports, written as `wasit classify` writes them."""

import json
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wasit.inference.records import build_schema
from wasit.models.taxonomy import Taxonomy


def _task(name: str, scope: str, problem: str, labels: str) -> dict[str, Any]:
    made = [
        {"name": label, "ar": f"{label} ar", "en": f"{label} en", "definition": label} for label in labels.split()
    ]
    return {
        "name": name,
        "scope": scope,
        "problem": problem,
        "ar": f"{name} ar",
        "en": f"{name} en",
        "labels": made,
    }


TAXONOMY = Taxonomy.from_dict(
    {
        "tasks": [
            _task("concerns", "article", "multi_label", "cost safety"),
            _task("subject", "article", "single_label", "water votes games"),
            _task("part", "mediator", "single_label", "carrier presser"),
            _task("means", "mediator", "multi_label", "letters visits money"),
        ],
        "mediators": [
            {"id": "kenya", "ar": "كينيا", "en": "Kenya", "forms": ["كينيا"]},
            {"id": "sweden", "ar": "السويد", "en": "Sweden", "forms": ["السويد"]},
        ],
    }
)

_numbers = count()


def _scores(task: str, given: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"label": label, "score": given.get(label, 0.1)} for label in TAXONOMY.task(task).label_names]


def _single(task: str, label: str | None, score: float) -> dict[str, Any]:
    return {task: label, f"{task}_score": score, f"{task}_scores": _scores(task, {label or "": score})}


def _several(task: str, given: Mapping[str, float]) -> dict[str, Any]:
    return {task: list(given), f"{task}_scores": _scores(task, given)}


def mediator(
    name: str = "kenya",
    part: str | None = "carrier",
    score: float = 0.9,
    means: Mapping[str, float] | None = None,
    evidence: str = "قالت كينيا إنها نقلت الرد.",
    mention: str = "كينيا",
) -> dict[str, Any]:
    """A mediator of a row; its evidence begins at the 100th character of the document."""
    start = 100 + evidence.index(mention)
    places = {
        "start": 100,
        "end": 100 + len(evidence),
        "mention_start": start,
        "mention_end": start + len(mention),
    }
    return {
        "mediator": name,
        "mentions": 1,
        **_single("part", part, score),
        **_several("means", means or {}),
        "evidence": {"text": evidence, **places},
    }


def row(
    subject: str | None = "water",
    score: float = 0.95,
    date: str | None = "2024-05-03",
    source: str | None = "النهر",
    mediators: Sequence[Mapping[str, Any]] = (),
    concerns: Mapping[str, float] | None = None,
    **values: Any,
) -> dict[str, Any]:
    """A row; its words are like those of no other, unless ``content_hash`` is given."""
    number = next(_numbers)
    return {
        "doc_id": f"pages/{number}.txt",
        "article": 0,
        "start": 0,
        "end": 900,
        "spans": [{"start": 0, "end": 900}],
        "title": f"خبر {number}",
        "date": date,
        "source": source,
        "byline": None,
        "content_hash": f"{number:016x}",
        **_single("subject", subject, score),
        **_several("concerns", concerns or {}),
        "mediators": list(mediators),
        "tokens": 300,
        "windows": 1,
        "model": "tiny-model",
        **values,
    }


def write_parts(folder: Path, *parts: Sequence[Mapping[str, Any]], keep_text: bool = False) -> str:
    """Writes a folder of parts, as it is when no run has told of itself."""
    folder.mkdir()
    for number, rows in enumerate(parts):
        table = pa.Table.from_pylist(list(rows), build_schema(TAXONOMY, keep_text))
        pq.write_table(table, folder / f"part-{number:05}.parquet", compression="zstd")
    return str(folder)


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    """Writes JSON lines."""
    names = build_schema(TAXONOMY, keep_text="text" in rows[0]).names
    lines = (json.dumps({name: one[name] for name in names}, ensure_ascii=False) + "\n" for one in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)
