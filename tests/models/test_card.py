from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import EvalResult, ModelCard
from markdown_it import MarkdownIt

from wasit.models.card import (
    REPOSITORY,
    TO_FILL_IN,
    CardContent,
    CardScores,
    TrainingFacts,
    card_of_repository,
    check_card,
    fill_in_scores,
    write_card,
)
from wasit.models.card_notes import CardNotes
from wasit.models.card_text import CardTable
from wasit.models.errors import InputError
from wasit.models.taxonomy import Taxonomy

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = "`*]| '\"}\n---\nlicense: mit\n---\n# x\n<!-- scores: start --><script>{{ 7 * 7 }} %} \u202e"
# A taxonomy allows no line breaks of its own.
HOSTILE_LINE = HOSTILE.replace("\n", " ")


def taxonomy(word: str) -> Taxonomy:
    labels = [{"name": name, "ar": f"{word} ع", "en": f"{word} e", "definition": f"{word} d"} for name in "ab"]
    task = {"name": "first_task", "scope": "article", "problem": "multi_label", "ar": word, "en": word}
    mediator = {"id": "kenya", "ar": word, "en": word, "forms": ["كينيا"]}
    return Taxonomy.from_dict({"tasks": [{**task, "labels": labels}], "mediators": [mediator]})


def facts(word: str) -> TrainingFacts:
    return TrainingFacts(
        base=word,
        base_model="organisation/base",
        seed=3,
        hardware=word,
        time="0:12:00",
        software=word,
        year=2031,
        data=CardTable("Data", ("part", "files", "articles"), (("stage 1", word, "1,200"),), names=2),
        paths={"train.jsonl": word, "dev.jsonl": word},
        recipe=f"base: {word!r}\n```\n",
    )


def scores(word: str, value: float = 0.5) -> CardScores:
    result = EvalResult(
        task_type="text-classification",
        dataset_type="dev",
        dataset_name="dev.jsonl",
        dataset_config="first_task",
        metric_type="f1",
        metric_value=value,
        metric_args={"interval": [0.1, 0.9]},
    )
    return CardScores(
        f"On {word}.", (CardTable(word, ("label", "F1"), ((word, f"{value}"),), names=1),), (result,)
    )


def notes(word: str) -> CardNotes:
    line = " ".join(word.split())
    content: dict[str, Any] = {
        "name": line,
        "license": "other",
        "license_name": line,
        "license_link": line,
        "authors": line,
        "data": [{"path": "train.jsonl", "origin": line, "license": line}],
        "limits": [line],
    }
    return CardNotes.model_validate(content)


def structure(card: ModelCard) -> list[tuple[str, str, int]]:
    """What Markdown makes of a card, without its words."""
    tokens = MARKDOWN.parse(card.text)
    return [(token.type, token.tag, len(token.children or ())) for token in tokens]


def test_the_card_says_what_the_model_tells_apart_and_how_it_was_made(tmp_path: Path) -> None:
    shipped = Taxonomy.default()
    write_card(tmp_path, CardContent("mine", shipped, training=facts("word"), scores=scores("word")))
    card = ModelCard.load(tmp_path / "README.md")
    assert (card.data.language, card.data.base_model, card.data.license) == ("ar", "organisation/base", None)
    assert card.data.model_name == "mine"
    assert [result.metric_value for result in card.data.eval_results or ()] == [0.5]
    for task in shipped.tasks:
        for label in task.labels:
            assert f"| `{label.name}` | {label.ar} | {label.en} | {label.definition} |" in card.text
    for mediator in shipped.mediators:
        assert f"{mediator.en} ({mediator.ar})" in card.text
    for part in ("Intended use", "contested", "Sources take sides", "automated decisions about people", "ملخّص"):
        assert part in card.text
    assert "| stage 1 | word | 1,200 |" in card.text
    assert "year = {2031}" in card.text


def test_what_a_person_must_write_is_marked_until_it_is_written(tmp_path: Path) -> None:
    write_card(tmp_path, CardContent("mine", taxonomy("word"), training=facts("word")))
    # The origins and licences of two files, scores, licence of the weights, limits, authors.
    assert ModelCard.load(tmp_path / "README.md").text.count(TO_FILL_IN) == 8
    content = CardContent("mine", taxonomy("word"), notes("said"), facts("word"), scores("word"))
    write_card(tmp_path, content)
    card = ModelCard.load(tmp_path / "README.md")
    assert card.text.count(TO_FILL_IN) == 2
    assert "| word | said | said |" in card.text
    assert (card.data.license, card.data.license_name) == ("other", "said")


def test_hostile_words_change_neither_the_header_nor_the_structure(tmp_path: Path) -> None:
    cards = []
    for line, text in (("word", "word"), (HOSTILE_LINE, HOSTILE)):
        content = CardContent(text, taxonomy(line), notes(line), facts(text), scores(text))
        write_card(tmp_path, content)
        fill_in_scores(tmp_path, content.taxonomy, scores(text, 0.25))
        cards.append(ModelCard.load(tmp_path / "README.md"))
    harmless, hostile = cards
    assert list(hostile.data.to_dict()) == list(harmless.data.to_dict())
    assert hostile.data.license == "other"
    assert [result.metric_value for result in hostile.data.eval_results or ()] == [0.25]
    assert structure(hostile) == structure(harmless)
    assert "<script>" not in MARKDOWN.render(hostile.text).replace("&lt;script&gt;", "")
    assert "49" not in hostile.text
    assert "\u202e" not in str(hostile)


def test_new_scores_take_the_place_of_old_ones_and_leave_the_rest(tmp_path: Path) -> None:
    write_card(tmp_path, CardContent("mine", taxonomy("word")))
    path = tmp_path / "README.md"
    written = path.read_text(encoding="utf-8").replace("language: ar", "language: [ar, arz]\nlicense: mit")
    path.write_text(written + "\nبخط اليد.\n", encoding="utf-8")
    fill_in_scores(tmp_path, taxonomy("word"), scores("old", 0.1))
    first = path.read_text(encoding="utf-8")
    fill_in_scores(tmp_path, taxonomy("word"), scores("new", 0.9))
    card = ModelCard.load(path)
    assert [result.metric_value for result in card.data.eval_results or ()] == [0.9]
    assert (card.data.license, card.data.language) == ("mit", ["ar", "arz"])
    assert ("On new." in card.text, "On old." in card.text) == (True, False)
    assert card.text.endswith("\nبخط اليد.\n")
    fill_in_scores(tmp_path, taxonomy("word"), scores("old", 0.1))
    assert path.read_text(encoding="utf-8") == first


def test_a_model_without_a_card_gets_one_with_its_scores(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    check_card(folder)
    fill_in_scores(folder, taxonomy("word"), scores("word"))
    card = ModelCard.load(folder / "README.md")
    assert card.data.model_name == "mine"
    assert "The folder does not tell how this model came about." in card.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# A card of my own\n", r"README.md: has no place for scores; put the lines <!-- scores: start --> and"),
        ("---\nlicense: [\n---\n", r"README.md: is no card that can be read: .*; mend its header"),
        ("---\n- a\n---\n", r"README.md: is no card that can be read: .*should be a dict"),
        ("---\n1: a\n---\n", r"README.md: is no card that can be read"),
        ("---\nmodel-index: 3\n---\n", r"README.md: is no card that can be read"),
    ],
)
def test_a_card_that_cannot_take_scores_is_told_and_kept(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "README.md").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        check_card(tmp_path)
    with pytest.raises(InputError, match=message):
        fill_in_scores(tmp_path, taxonomy("word"), scores("word"))
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == content


def test_a_pushed_card_loads_the_repository(tmp_path: Path) -> None:
    write_card(tmp_path, CardContent("mine", taxonomy("word")))
    pushed = card_of_repository((tmp_path / "README.md").read_text(encoding="utf-8"), "organisation/model")
    assert 'Classifier.from_pretrained("organisation/model")' in pushed
    assert REPOSITORY not in pushed
