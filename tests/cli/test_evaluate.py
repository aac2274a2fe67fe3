import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hub_stub import Hub, Repository
from huggingface_hub import ModelCard
from typer.testing import CliRunner

from wasit.cli.main import app
from wasit.models.errors import InputError

PEACE = "قالت قطر إنها تستضيف مفاوضات الهدنة بين الوفدين في جولة رقم {}."
SPORT = "فاز المنتخب في مباراة رقم {} وسجل اللاعب هدفين في الملعب."


def rows(first: int, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(first, first + count):
        actors = {
            "qatar": {"role": ("facilitator", "party")[number % 2], "stance": ("neutral", "critical")[number % 2]}
        }
        found += [
            {"text": PEACE.format(number), "topic": "any", "actors": actors, "corpus": "a", "split": "dev"},
            {"text": SPORT.format(number), "topic": "sport", "corpus": "b", "split": "dev"},
        ]
    return found


BROKEN = {"text": "نص لا يُقرأ.", "topic": "no_such_label", "split": "train"}
COLUMNS = ("--mediators-field", "actors", "--label-set", "topic.any=peace_process,armed_conflict")


def write(path: Path, content: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in content), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    missed = {"text": "مباراة أخرى.", "topic": "sport", "actors": {"norway": {"role": "party"}}, "split": "dev"}
    return write(tmp_path / "data.jsonl", [*rows(0, 3), missed, BROKEN])


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)], catch_exceptions=False)


def test_scores_are_shown_and_everything_is_written(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "quality"
    settings = ("--where", "split=dev", "--resamples", 50, "-o", output)
    result = run(tiny_model, data, *COLUMNS, *settings, "--compare", tiny_model)
    assert result.exit_code == 0
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert {name: scores["answers"] for name, scores in metrics["tasks"].items()} == {
        "topic": 7,
        "role": 4,
        "stance": 3,
    }
    assert (metrics["articles"], metrics["mediators"], metrics["data"]) == (7, 4, ["data.jsonl"])
    assert metrics["missed_mediators"] == [{"where": f"{data}: line 7", "mediator": "norway"}]
    assert set(metrics["tasks"]["topic"]["by_column"]["corpus"]) == {"a", "b", "(none)"}
    assert metrics["others"][str(tiny_model)]["differences"]["topic"]["accuracy"]["interval"] == [0, 0]
    assert f"{metrics['tasks']['role']['accuracy']:.3f}" in result.stdout
    assert "norway" in result.stdout
    assert {path.name for path in output.iterdir()} == {
        "metrics.json",
        "report.md",
        "errors.html",
        *(f"{kind}-{task}.png" for kind in ("confusion", "calibration") for task in ("topic", "role", "stance")),
    }


def test_one_command_one_result_and_without_a_folder_nothing_is_written(
    tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    first, second = (
        run(tiny_model, data, *COLUMNS, "--where", "split=dev", "--resamples", 20, "--seed", 3) for _ in range(2)
    )
    assert first.stdout == second.stdout
    assert set(tmp_path.iterdir()) == before


def test_the_baseline_stands_beside_the_model_and_learns_nothing_of_the_data(
    tiny_model: Path, tmp_path: Path
) -> None:
    evaluated = rows(0, 4)
    data = write(tmp_path / "data.jsonl", evaluated)
    # In these lies the topics are swapped: a baseline that learnt them would be wrong.
    lies = [row | {"topic": "sport" if row["topic"] == "any" else "health"} for row in evaluated] * 5
    truth = [row | {"topic": "peace_process" if row["topic"] == "any" else "sport"} for row in rows(50, 8)]
    training = write(tmp_path / "training.jsonl", [*truth, *lies])
    settings = ("--baseline", "tfidf", "--training-data", training, "--resamples", 20, "-o", tmp_path / "quality")
    result = run(tiny_model, data, *COLUMNS, *settings)
    metrics = json.loads((tmp_path / "quality" / "metrics.json").read_text(encoding="utf-8"))
    baseline = metrics["others"]["TF-IDF with logistic regression"]
    assert baseline["tasks"]["topic"]["accuracy"] == 1
    assert set(baseline["differences"]) == {"topic", "role", "stance"}
    assert "It never learnt from an article that it answered: 40 are in both sets of data." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--where", "split"), "--where: found 'split'; allowed: COLUMN=VALUE"),
        (("--where", "split=train"), "line 8: .*'no_such_label'.*; allowed: peace_process"),
        (("--where", "split=dev", "--text-field", "body"), "there is no column 'body'|field 'body'"),
        (("--where", "split=dev", "--mediators-field", "who"), "there is no column 'who'"),
        (("--where", "split=dev", "--group-by", "year"), "--group-by: found 'year'; allowed: .*corpus"),
        (("--baseline", "bayes"), "--baseline: found 'bayes'; allowed: tfidf"),
        (("--baseline", "tfidf"), "--baseline and --training-data: found one of them; allowed: both or none"),
        (("--set", "seed=1"), "--set: found 'seed=1' without --folds"),
        (("--resamples", "0"), "--resamples: found 0; allowed: at least 1"),
        (("--folds", "1"), "--folds: found 1; allowed: at least 2"),
        (("--folds", "3"), "--folds: found no -o DIR"),
        (("--compare", "recipe.yaml"), "MODEL: found the recipe 'recipe.yaml'; allowed: a model, or"),
    ],
)
def test_mistakes_name_flag_or_line(
    tiny_model: Path, data: Path, arguments: tuple[str, ...], message: str
) -> None:
    columns = () if "--mediators-field" in arguments else COLUMNS[:2]
    with pytest.raises(InputError, match=message):
        run(tiny_model, data, *columns, *COLUMNS[2:], *arguments)


def test_data_that_label_no_task_of_the_model_are_told(tiny_model: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "data.jsonl", [{"text": "نص.", "subject": "sport"}])
    with pytest.raises(InputError, match=r"data.jsonl: line 1 and all that follows: found no label of any task"):
        run(tiny_model, data)
    assert run(tiny_model, data, "--label-field", "topic=subject", "--resamples", 5).exit_code == 0


def test_mediators_in_a_column_that_was_not_named_are_told(tiny_model: Path, data: Path) -> None:
    with pytest.raises(
        InputError, match=r"found no labels of role, stance, but .*: line 1 has mediators in the column"
    ):
        run(tiny_model, data, "--where", "split=dev", *COLUMNS[2:])


def test_a_folder_that_cannot_be_written_is_told(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings = ("--where", "split=dev", "--resamples", 5, "-o", tmp_path / "file" / "below")
    with pytest.raises(InputError, match=r"-o: found .*; allowed: a folder that can be written"):
        run(tiny_model, data, *COLUMNS, *settings)


def test_scores_go_into_the_card_of_the_model(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    model = tmp_path / "mine"
    shutil.copytree(tiny_model, model)
    settings = (*COLUMNS, "--where", "split=dev", "--no-stability", "--card", "--resamples", 50)
    result = run(model, data, *settings, "-o", tmp_path / "quality", "--compare", tiny_model)
    assert f"The scores are in the card of {model}" in result.stderr
    metrics = json.loads((tmp_path / "quality" / "metrics.json").read_text(encoding="utf-8"))
    card = ModelCard.load(model / "README.md")
    results = {
        (result.dataset_config, (result.metric_args or {}).get("label"), result.metric_type): result
        for result in card.data.eval_results or ()
    }
    for task, scores in metrics["tasks"].items():
        assert results[task, None, "accuracy"].metric_value == pytest.approx(scores["accuracy"], abs=1e-4)
        occurring = {name: found for name, found in scores["by_label"].items() if found["support"]}
        assert {label for name, label, _ in results if name == task} == {None, *occurring}
        for name, found in occurring.items():
            known = results[task, name, "f1"]
            assert known.metric_value == pytest.approx(found["f1"], abs=1e-4)
            assert (known.metric_args or {})["interval"] == pytest.approx(found["f1_interval"], abs=1e-4)
    assert "4 mediators, 1 of them not found." in card.text
    assert str(tmp_path) not in str(card)
    assert str(tiny_model) not in str(card)


@pytest.mark.parametrize("model", ["wasit-mini", "organisation/name"])
def test_only_a_folder_has_a_card_to_fill(data: Path, model: str) -> None:
    with pytest.raises(InputError, match=rf"--card: found the model '{model}'; allowed: the folder of a model"):
        run(model, data, "--card")


def test_a_card_without_a_place_for_scores_is_told_before_the_evaluation(data: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"README.md: has no place for scores"):
        run(tmp_path, data, "--card")


def test_a_recipe_is_cross_validated_and_goes_on_where_it_was(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "all.jsonl", [{**row, "topic": row["topic"].replace("any", "health")} for row in rows(0, 6)])
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"base: {tiny_base}\noutput: elsewhere\nbatch_size: 4\nwindow_overlap: 16\nstages:\n- epochs: 9\n"
        "  learning_rate: 0.01\n  head_learning_rate: 0.01\n"
        "  train:\n  - {path: all.jsonl, mediators_field: actors}\n",
        encoding="utf-8",
    )
    output = tmp_path / "folds"
    arguments = (recipe, tmp_path / "all.jsonl", *COLUMNS[:2], "--folds", 2, "-o", output, "--resamples", 20)
    changes = ("--set", f"data_folder={tmp_path}", "--set", "stages.0.epochs=1")
    assert run(*arguments, *changes).exit_code == 0
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["tasks"]["topic"]["answers"] == 12
    by_fold = metrics["folds"]["topic"]["accuracy"]["by_fold"]
    assert len(by_fold) == 2
    assert metrics["folds"]["topic"]["accuracy"]["mean"] == pytest.approx(sum(by_fold) / 2)
    assert (output / "fold-2" / "model.safetensors").is_file()
    assert not Path("elsewhere").exists()

    def no_training(*arguments: object, **options: object) -> None:
        raise AssertionError("a fold that is done was trained again")

    monkeypatch.setattr("wasit.train.folds.train", no_training)
    assert run(*arguments, *changes).exit_code == 0
    assert json.loads((output / "metrics.json").read_text(encoding="utf-8")) == metrics
    with pytest.raises(InputError, match="belongs to a cross-validation that differs in recipe"):
        run(*arguments, *changes, "--set", "seed=4")


def test_a_data_set_on_the_hub_is_scored(hub: Hub, tiny_model: Path, tmp_path: Path) -> None:
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows(0, 2)).encode()
    hub.repositories["datasets/lab/gold"] = Repository()
    hub.repositories["datasets/lab/gold"].commit({"README.md": b"", "data/dev.jsonl": content}, "v1")
    name = "hf://datasets/lab/gold@v1/data/*.jsonl"
    result = run(tiny_model, name, *COLUMNS, "--resamples", 5, "--no-stability", "-o", tmp_path / "quality")
    assert result.exit_code == 0
    metrics = json.loads((tmp_path / "quality" / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["data"], metrics["articles"]) == ([name], 4)
    with pytest.raises(InputError, match="there is no data set 'lab/none'"):
        run(tiny_model, "hf://datasets/lab/none")
