import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from predictions import mediator, row, write_parts

from wasit.inference.report_tables import write_tables

ROWS = [
    row("water", 0.95, "2024-05-03", "النهر", [mediator("kenya", "carrier", 0.42), mediator("sweden", "presser")]),
    row("water", 0.4, "2024-05-03", "=النهر", [mediator("kenya", "carrier")]),
    row("votes", 0.7, None, None, [mediator("kenya", None, 0.3, means={"visits": 0.8, "money": 0.9})]),
    row("votes", 0.7, None, None, content_hash="b" * 16),
    row("games", 0.7, None, None, content_hash="b" * 16),
]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    write_tables(write_parts(tmp_path / "out", ROWS), tmp_path / "new" / "tables")
    return tmp_path / "new" / "tables"


def read(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_there_is_a_table_of_everything_in_both_forms(tables: Path) -> None:
    names = {
        *("subject_by_period", "subject_by_source", "concerns_by_period", "concerns_by_source"),
        *(
            "mediator_part",
            "part_by_period",
            "part_by_source",
            "mediator_means",
            "means_by_period",
            "means_by_source",
        ),
        "sources",
    }
    assert {path.name for path in tables.iterdir()} == {
        f"{name}.{form}" for name in names for form in ("csv", "parquet")
    }
    for name in names:
        with (tables / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
        rows = read(tables / f"{name}.parquet")
        assert [[line["articles"], line.get("label")] for line in lines] == [
            [str(one["articles"]), one.get("label")] for one in rows
        ]


def test_topics_have_counts_shares_and_the_share_of_low_scores(tables: Path) -> None:
    counts = {"articles": 2, "share": 1.0}
    assert read(tables / "subject_by_period.parquet") == [
        {"period": "2024-05-03", "label": "water", **counts, "low_scores": 1, "low_score_share": 0.5},
        {"period": "", "label": "votes", **counts, "low_scores": 0, "low_score_share": 0.0},
    ]


def test_mediators_have_the_counts_of_their_answers(tables: Path) -> None:
    found = [
        (one["mediator"], one["label"], one["articles"], round(one["share"], 2), one["low_scores"])
        for one in read(tables / "mediator_part.parquet")
    ]
    assert found == [("kenya", "carrier", 2, 0.67, 1), ("kenya", "", 1, 0.33, 1), ("sweden", "presser", 1, 1.0, 0)]
    found = [(one["mediator"], one["label"], one["articles"]) for one in read(tables / "mediator_means.parquet")]
    assert found == [("kenya", "visits", 1), ("kenya", "money", 1), ("kenya", "", 2), ("sweden", "", 1)]
    by_period = read(tables / "part_by_period.parquet")
    assert [(one["period"], one["mediator"], one["articles"]) for one in by_period] == [
        ("2024-05-03", "kenya", 2),
        ("2024-05-03", "sweden", 1),
        ("", "kenya", 1),
    ]
    by_source = read(tables / "part_by_source.parquet")
    assert {one["source"]: one["articles"] for one in by_source if one["mediator"] == "kenya"} == {
        "النهر": 1,
        "=النهر": 1,
        "": 1,
    }


def test_sources_are_all_there(tables: Path) -> None:
    found = {
        one["source"]: (one["articles"], one["share"], one["low_scores"])
        for one in read(tables / "sources.parquet")
    }
    assert found == {"": (2, 0.5, 0), "النهر": (1, 0.25, 0), "=النهر": (1, 0.25, 1)}
