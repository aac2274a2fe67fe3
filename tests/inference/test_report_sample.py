from collections import Counter
from pathlib import Path

from predictions import mediator, row, write_parts

from wasit.inference.report_articles import cut_around
from wasit.inference.report_cube import build_cubes
from wasit.inference.report_rows import open_rows
from wasit.inference.report_sample import Sample, draw_sample, sampled_rows


def draw(predictions: str, most: int) -> tuple[Sample, list[dict[str, object]]]:
    with open_rows(predictions) as rows:
        build_cubes(rows)
        sample = draw_sample(rows, most)
        return sample, list(sampled_rows(rows, sample))


def test_few_articles_are_all_there_in_order(tmp_path: Path) -> None:
    rows = [row(title=str(number)) for number in range(7)]
    sample, found = draw(write_parts(tmp_path / "out", rows[:3], [], rows[3:]), 7)
    assert sample == Sample(tuple(range(7)), None)
    assert [one["title"] for one in found] == [str(number) for number in range(7)]


def test_every_cell_has_some_of_many_articles_and_rare_ones_are_not_lost(tmp_path: Path) -> None:
    common = [
        row("water", date=f"2024-0{number % 4 + 1}-01", mediators=[mediator("kenya")]) for number in range(400)
    ]
    rare = [
        row("games", date="2024-03-01", title="rare"),
        row("water", date="2024-01-01", mediators=[mediator("sweden", "presser")], title="rare"),
        row("water", source="نادر", mediators=[mediator("kenya")], title="rare"),
    ]
    predictions = write_parts(tmp_path / "out", common[:200], rare, common[200:])
    sample, found = draw(predictions, 60)
    assert len(found) == 60
    assert sum(one["title"] == "rare" for one in found) == 3
    assert sample.per_cell is not None
    assert sample.per_cell > 5
    months = Counter(str(one["date"])[:7] for one in found if one["title"] != "rare")
    assert min(months.values()) >= sample.per_cell - 2


def test_the_sample_is_the_same_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [row(mediators=[mediator("kenya" if number % 3 else "sweden")]) for number in range(300)]
    _, one = draw(write_parts(tmp_path / "one", rows), 40)
    _, other = draw(write_parts(tmp_path / "other", rows[150:], rows[:150]), 40)
    titles = [{found["title"] for found in sample} for sample in (one, other)]
    # Who is in the last, incomplete turn depends on the row's number.
    assert len(titles[0] & titles[1]) > 30


def test_a_long_sentence_is_cut_around_its_mention() -> None:
    text = "ا" * 5_000 + "قطر" + "ب" * 5_000
    cut, start, end = cut_around(text, 5_000, 5_003, 600)
    assert cut[start:end] == "قطر"
    assert cut.startswith("…ا")
    assert cut.endswith("ب…")
    assert len(cut) == 602
    assert cut_around("قصير", 1, 2, 600) == ("قصير", 1, 2)
    assert cut_around("x" * 700, 0, 3, 600) == ("x" * 600 + "…", 0, 3)
    assert cut_around("x" * 700, 697, 700, 600) == ("…" + "x" * 600, 598, 601)
    assert cut_around("x" * 700, 10, 690, 600) == ("…" + "x" * 600 + "…", 1, 601)
    assert cut_around("x" * 5, 90, 80, 600) == ("x" * 5, 5, 5)
