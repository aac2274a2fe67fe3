import gzip
import json
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from predictions import mediator, row, write_lines, write_parts

import wasit.inference.report_cube as report_cube
import wasit.inference.report_data as report_data
from wasit.inference.report_data import build_report_data


class Report:
    """A container, read back in the plainest way."""

    def __init__(self, container: bytes) -> None:
        data = gzip.decompress(container)
        (length,) = struct.unpack_from("<I", data)
        self.header = json.loads(data[4 : 4 + length])
        self._columns = data[4 + length :]

    @property
    def facts(self) -> Any:
        return self.header["facts"]

    @property
    def articles(self) -> list[Any]:
        return self.header["samples"]["rows"]

    def cells(self, cube: str) -> Iterator[dict[str, Any]]:
        """Cells with names in the place of codes."""
        described = self.header["cubes"][cube]
        columns = {}
        for name, column in described["columns"].items():
            kind = np.dtype(column["dtype"].replace("u", "<u"))
            columns[name] = np.frombuffer(self._columns, kind, described["rows"], column["offset"]).tolist()
        tasks = {task["name"]: task for task in self.header["article_tasks"] + self.header["mediator_tasks"]}
        for number in range(described["rows"]):
            cell = {name: values[number] for name, values in columns.items()}
            for name, code in cell.items():
                if name in ("period", "source"):
                    cell[name] = self.header[f"{name}s"][code]
                elif name == "mediator":
                    cell[name] = self.header["mediators"][code]["id"]
                elif name in tasks or name == "label":
                    task = tasks[name if name in tasks else cube]
                    cell[name] = None if code == 255 else task["labels"][code]["name"]
            yield cell

    def counts(self, cube: str, *names: str) -> dict[Any, int]:
        """Sums of counts by columns."""
        counted: Counter[Any] = Counter()
        for cell in self.cells(cube):
            key = tuple(cell[name] for name in names)
            counted[key if len(names) > 1 else key[0]] += cell["count"]
        return dict(counted)


def report(predictions: str) -> Report:
    return Report(build_report_data(predictions))


def test_repeated_articles_count_once_and_the_first_one_is_shown(tmp_path: Path) -> None:
    first = row("water", title="first", content_hash="a" * 16)
    again = row("votes", title="again", content_hash="a" * 16)
    found = report(write_parts(tmp_path / "out", [first], [again, row("games")]))
    assert (found.facts["articles"], found.facts["distinct_articles"]) == (3, 2)
    assert found.counts("articles", "subject") == {"water": 1, "games": 1}
    assert [article[0] for article in found.articles][:1] == ["first"]
    assert len(found.articles) == 2


def test_everything_is_counted_by_everything_that_filters(tmp_path: Path) -> None:
    rows = [
        row("water", 0.95, "2024-05-03", "النهر", [mediator("kenya", "carrier", 0.42)]),
        row("water", 0.7, "2024-05-05", None, [mediator("kenya", "presser", 0.8), mediator("sweden", None, 0.3)]),
        row(None, 0.2, None, "النهر"),
    ]
    found = report(write_parts(tmp_path / "out", rows))
    assert {tuple(cell.values()) for cell in found.cells("articles")} == {
        ("2024-05-03", "النهر", "water", 4, 1),
        ("2024-05-05", "", "water", 2, 1),
        ("", "النهر", None, 0, 1),
    }
    assert {tuple(cell.values()) for cell in found.cells("part")} == {
        ("2024-05-03", "النهر", "kenya", "water", "carrier", 0, 1),
        ("2024-05-05", "", "kenya", "water", "presser", 3, 1),
        ("2024-05-05", "", "sweden", "water", None, 0, 1),
    }
    assert list(next(found.cells("part"))) == [
        "period",
        "source",
        "mediator",
        "subject",
        "label",
        "score",
        "count",
    ]
    assert found.header["periods"] == ["2024-05-03", "2024-05-04", "2024-05-05", ""]
    assert found.header["sources"] == ["النهر", ""]
    assert [one["id"] for one in found.header["mediators"]] == ["kenya", "sweden"]


def test_a_task_with_several_answers_counts_each_label_with_its_own_score(tmp_path: Path) -> None:
    rows = [
        row(concerns={"cost": 0.95, "safety": 0.6}, mediators=[mediator(means={"visits": 0.75})]),
        row(concerns={}, mediators=[mediator(means={})]),
    ]
    found = report(write_parts(tmp_path / "out", rows))
    # That none holds is as sure as the likeliest label, with a score of 0.1, is unlikely.
    assert found.counts("concerns", "label", "score") == {("cost", 4): 1, ("safety", 1): 1, (None, 4): 1}
    assert found.counts("means", "label", "score") == {("visits", 2): 1, (None, 4): 1}
    assert found.articles[0][7]["concerns"] == [[0, 1], 0.95]
    assert found.articles[1][7]["concerns"] == [[], 0.9]
    # What articles are filtered by has one answer.
    assert [task["name"] for task in found.header["article_tasks"]] == ["subject", "concerns"]


def test_an_article_is_shown_with_evidence_and_the_place_of_the_mention(tmp_path: Path) -> None:
    evidence = "قال 🕊 مسؤول إن كينيا نقلت الرد."
    one = row("votes", 0.12345, mediators=[mediator("kenya", "presser", 0.81, evidence=evidence)], title="عنوان")
    found = report(write_parts(tmp_path / "out", [one]))
    (article,) = found.articles
    assert article[:7] == ["عنوان", "النهر", "2024-05-03", one["doc_id"], 0, 0, 0]
    assert article[7]["subject"] == [1, 0.123]
    ((code, answers, text, start, end),) = article[8]
    assert (code, answers["part"], text) == (0, [1, 0.81], evidence)
    assert text[start:end] == "كينيا"
    assert article[9] is None


def test_texts_are_there_if_they_were_kept_and_cut_where_they_are_long(tmp_path: Path) -> None:
    rows = [row(text="قصير"), row(text="ط" * 5_000, title="ع" * 1_000_000)]
    found = report(write_parts(tmp_path / "out", rows, keep_text=True))
    short, long = found.articles
    assert short[9] == "قصير"
    assert long[9] == "ط" * 4_000 + " […]"
    assert long[0] == "ع" * 300 + "…"
    assert found.facts["bounds"]["text_characters"] == 4_000


def test_texts_are_shortened_until_the_page_is_small_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = np.random.default_rng(0).integers(0x621, 0x64A, (40, 4_000), dtype=np.uint32)
    rows = [row(text=text.tobytes().decode("utf-32-le")) for text in texts]
    predictions = write_parts(tmp_path / "out", rows, keep_text=True)
    monkeypatch.setattr(report_data, "MOST_BYTES", 30_000)
    container = build_report_data(predictions)
    kept = Report(container).facts["bounds"]["text_characters"]
    assert len(container) <= 30_000
    assert kept < 4_000
    assert {len(article[9]) for article in Report(container).articles} == {kept + len(" […]")}


@pytest.mark.parametrize("form", ["parts", "file", "lines"])
def test_all_forms_of_predictions_give_the_same_report(tmp_path: Path, form: str) -> None:
    hostile = "<script>alert(1)</script>\u202e\0 نهاية"
    rows = [
        row(title=hostile, source=hostile, mediators=[mediator(means={"money": 0.8})], text=hostile),
        row(text=""),
    ]
    parts = write_parts(tmp_path / "out", rows[:1], rows[1:], keep_text=True)
    expected = report(parts)
    (tmp_path / "one").mkdir()
    if form == "lines":
        found = report(write_lines(tmp_path / "out.jsonl", rows))
    elif form == "file":
        write_parts(tmp_path / "single", rows, keep_text=True)
        found = report(str((tmp_path / "single" / "part-00000.parquet").rename(tmp_path / "single.parquet")))
    else:
        found = report(parts)
    assert found.articles[0][0] == found.articles[0][9] == hostile
    for one in (found, expected):
        del one.header["facts"]["created"]
    assert found.header == expected.header


def test_the_unit_of_periods_follows_from_the_time_that_is_covered(tmp_path: Path) -> None:
    for unit, dates in {
        "day": [f"2024-01-{day:02}" for day in range(1, 31)],
        "week": [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)],
        "month": [
            f"{2016 + number // 12}-{number % 12 + 1:02}-{day:02}" for number in range(99) for day in (3, 17)
        ],
        "year": [f"{year}-{month:02}-01" for year in range(1960, 2000) for month in range(1, 13)],
    }.items():
        found = report(write_parts(tmp_path / unit, [row(date=date) for date in dates]))
        assert found.header["period_unit"] == unit
        assert len(found.header["periods"]) <= 120
        assert sum(found.counts("articles", "period").values()) == len(dates)
        assert found.header["periods"] == sorted(found.header["periods"])
    assert found.header["periods"][0] == "1960"


def test_what_is_no_date_is_undated(tmp_path: Path) -> None:
    rows = [row(date=date) for date in (None, "", "yesterday", "2024-02-30", "0001-01-01", "2024-02-29")]
    found = report(write_parts(tmp_path / "out", rows))
    assert found.counts("articles", "period") == {"": 5, "2024-02-29": 1}
    assert (found.facts["undated"], found.facts["first_date"], found.facts["last_date"]) == (
        5,
        "2024-02-29",
        "2024-02-29",
    )
    assert [article[2] for article in found.articles] == [None] * 5 + ["2024-02-29"]


def test_sources_beyond_the_most_frequent_are_counted_together(tmp_path: Path) -> None:
    rows = [row(source=f"مصدر {number}") for number in range(25) for _ in range(25 - number)]
    found = report(write_parts(tmp_path / "out", [*rows, row(source="  ")]))
    assert found.header["sources"] == [*(f"مصدر {number}" for number in range(20)), "", None]
    assert found.counts("articles", "source")[None] == 5 + 4 + 3 + 2 + 1
    assert found.facts["sources"] == 25
    assert {article[6] for article in found.articles if article[1] == "مصدر 24"} == {21}


@pytest.mark.parametrize(
    ("strays", "names"),
    [
        (["1970-01-01"], ["<2020-02"]),
        (["2099-12-31"], [">2025-09"]),
        (["1970-01-01", "2040-05-06"], ["<2020-02", ">2025-09"]),
    ],
)
def test_a_stray_date_leaves_the_periods_of_all_others_as_they_are(
    tmp_path: Path, strays: list[str], names: list[str]
) -> None:
    dates = [f"{year}-{month:02}-11" for year in range(2020, 2026) for month in (2, 5, 6, 9)]
    whole = report(write_parts(tmp_path / "whole", [row(date=date) for date in dates]))
    found = report(write_parts(tmp_path / "found", [row(date=date) for date in [*dates, *strays, ""]]))
    expected = whole.counts("articles", "period") | dict.fromkeys([*names, ""], 1)
    assert found.header["period_unit"] == whole.header["period_unit"] == "month"
    assert found.counts("articles", "period") == expected
    before = [name for name in names if name.startswith("<")]
    after = [name for name in names if name.startswith(">")]
    assert found.header["periods"] == [*before, *whole.header["periods"], *after, ""]


def test_many_old_articles_are_no_strays(tmp_path: Path) -> None:
    dates = ["1970-01-01"] * 3 + [f"2020-{month:02}-11" for month in range(1, 13)] * 8
    found = report(write_parts(tmp_path / "out", [row(date=date) for date in dates]))
    assert found.counts("articles", "period") == {"1970": 3, "2020": 96}


def test_too_many_cells_count_rare_mediators_together_before_periods_become_coarser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        row(date=f"2024-{month:02}-05", mediators=[mediator(f"m{number}")] * (20 - number))
        for month in range(1, 13)
        for number in range(1, 17)
    ]
    predictions = write_parts(tmp_path / "out", rows)
    whole = report(predictions)
    cells = sum(cube["rows"] for cube in whole.header["cubes"].values())
    monkeypatch.setattr(report_cube, "MOST_CELLS", cells - 1)
    found = report(predictions)
    assert found.header["period_unit"] == whole.header["period_unit"]
    assert [one["id"] for one in found.header["mediators"]] == [*(f"m{number}" for number in range(1, 13)), None]


def test_too_many_cells_make_coarser_periods_and_then_fewer_mediators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        row(date=f"2024-{month:02}-0{day}", mediators=[mediator(f"m{day}")] * (10 - day))
        for month in range(1, 13)
        for day in range(1, 9)
    ]
    predictions = write_parts(tmp_path / "out", rows)
    whole = report(predictions)
    assert whole.header["period_unit"] == "week"
    monkeypatch.setattr(report_cube, "MOST_CELLS", 100)
    found = report(predictions)
    assert found.header["period_unit"] == "quarter"
    assert found.counts("part", "mediator") == whole.counts("part", "mediator")
    monkeypatch.setattr(report_cube, "MOST_CELLS", 8)
    found = report(predictions)
    assert found.header["period_unit"] == "year"
    assert [one["id"] for one in found.header["mediators"]] == ["m1", "m2", None]
    assert sum(found.counts("part", "mediator").values()) == sum(whole.counts("part", "mediator").values())
    assert {one[0] for article in found.articles for one in article[8]} == {0, 1, 2}


def test_names_come_from_the_model_if_it_is_here_and_else_are_the_ids(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    task = {
        "name": "subject",
        "ar": "الموضوع",
        "en": "Subject",
        "labels": [{"name": "water", "ar": "مياه", "en": "Water"}],
    }
    kenya = {"id": "kenya", "ar": "كينيا", "en": "Kenya"}
    (model / "config.json").write_text(json.dumps({"taxonomy": {"tasks": [task], "mediators": [kenya]}}))
    one = row(model=str(model), mediators=[mediator("kenya"), mediator("qatar"), mediator("tuvalu")])
    header = report(write_parts(tmp_path / "out", [one])).header
    assert header["article_tasks"][0]["ar"] == "الموضوع"
    assert header["article_tasks"][0]["labels"][:2] == [
        {"name": "water", "ar": "مياه", "en": "Water"},
        {"name": "votes", "ar": "votes", "en": "votes"},
    ]
    names = {one["id"]: one["ar"] for one in header["mediators"]}
    assert names == {"kenya": "كينيا", "qatar": "قطر", "tuvalu": "tuvalu"}
    assert {"votes", "tuvalu"} <= set(header["facts"]["unnamed"])
    assert not {"subject", "water", "kenya", "qatar"} & set(header["facts"]["unnamed"])


@pytest.mark.parametrize("model", ["\0", "a" * 10_000, "../../x", "organisation/name@main", "[]"])
def test_a_model_that_is_not_here_does_no_harm(tmp_path: Path, model: str) -> None:
    header = report(write_parts(tmp_path / "out", [row(model=model)])).header
    assert header["article_tasks"][0]["en"] == "subject"


def test_facts_are_those_of_the_run_where_it_tells_them(tmp_path: Path) -> None:
    predictions = write_parts(tmp_path / "out", [row(), row(article=1), row()])
    assert (report(predictions).facts["pages"], report(predictions).facts["rejects"]) == (2, None)
    (tmp_path / "out" / "rejects.jsonl").write_text('{"id": "x"}\n{"id": "y"}\n')
    assert (report(predictions).facts["pages"], report(predictions).facts["rejects"]) == (4, 2)
    counts = {"documents": 9, "rejects": 7}
    (tmp_path / "out" / "run.json").write_text(json.dumps({"counts": counts, "parts": 1}))
    assert (report(predictions).facts["pages"], report(predictions).facts["rejects"]) == (9, 7)


def test_the_report_needs_neither_torch_nor_transformers(tmp_path: Path) -> None:
    predictions = write_parts(tmp_path / "out", [row()])
    code = (
        "import sys; from wasit.inference.report_data import build_report_data; "
        f"build_report_data({predictions!r}); print({{'torch', 'transformers'}} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
