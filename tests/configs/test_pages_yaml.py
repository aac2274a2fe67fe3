from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from wasit.inference.page_rules import PageRules
from wasit.inference.pages import PageSplitter
from wasit.models.config_file import load_yaml
from wasit.models.errors import ConfigError

SHIPPED = files("wasit.configs") / "pages.yaml"


def _load(tmp_path: Path, change: object) -> PageRules:
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    change(content)  # type: ignore[operator]
    path = tmp_path / "pages.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return load_yaml(path, PageRules)


def test_shipped_rules_are_read() -> None:
    assert len(PageRules.default().dates.months) == 12


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    def spoil(content: dict[str, dict[str, object]]) -> None:
        content["language"]["arabic_at_least"] = 7
        content["tags"]["colour"] = "red"
        del content["dates"]["months"][3]  # type: ignore[attr-defined]
        content["fold"]["same"]["اا"] = "ب"  # type: ignore[index]

    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, spoil)
    message = str(caught.value)
    assert len(caught.value.problems) == 4
    for key in ("language.arabic_at_least", "tags.colour", "dates.months", "fold.same.اا"):
        assert f"pages.yaml: {key}" in message


def test_phrase_that_can_never_match_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\.labels\[4\]: has no letter"):
        _load(tmp_path, lambda content: content["source"]["labels"].append(":-"))


def test_rules_are_what_decides(tmp_path: Path) -> None:
    page = "عنوان الخبر الأول هنا\nقال الوسيط إن اللقاء انتهى دون اتفاق على الموعد التالي.\nحكمة اليوم"
    rules = _load(tmp_path, lambda content: content["sections"].append("حِكمة اليوم"))
    assert PageSplitter.default().split(page)[0].text == page
    assert PageSplitter(rules).split(page)[0].text == page.rpartition("\n")[0]


def test_signs_of_regular_expressions_mean_nothing(tmp_path: Path) -> None:
    rules = _load(tmp_path, lambda content: content["read_also"]["forms"].append("(اقرأ+)+$["))
    page = "عنوان الخبر الأول هنا\nقال الوسيط إن اللقاء انتهى دون اتفاق على الموعد التالي."
    assert PageSplitter(rules).split(page)[0].text == page


@pytest.mark.parametrize(
    "sample", sorted(entry.name for entry in (files("wasit.inference") / "samples").iterdir())
)
def test_samples_become_articles(sample: str) -> None:
    document = (files("wasit.inference") / "samples" / sample).read_text(encoding="utf-8")
    articles = PageSplitter.default().split(document)
    expected = {
        "doha_river_accord.txt": 2,
        "washington_dam_talks.txt": 2,
        "geneva_island_elections.txt": 3,
    }
    assert len(articles) == expected.get(sample, 1)
    text = "\n".join(article.text for article in articles)
    assert all(article.title for article in articles)
    for furniture in (
        "تاريخ النشر:",
        "\nالمصدر:",
        "دلالية",
        "ad_",
        "أيضاً",
        "مشابهة",
        "ذات صلة",
        "الأعلى\n",
        "وكالات)\n",
    ):
        assert furniture not in text
