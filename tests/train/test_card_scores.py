from pathlib import Path

from huggingface_hub import ModelCardData

from wasit.models.prediction import Answer, Prediction
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.card_scores import evaluation_scores, training_scores
from wasit.train.evaluation import Settings, build_metrics, candidate

TAXONOMY = Taxonomy.from_dict(
    {
        "tasks": [
            {
                "name": name,
                "scope": "article",
                "problem": "single_label",
                "ar": "مهمة",
                "en": f"The | {name}",
                "labels": [
                    {"name": label, "ar": "وسم", "en": f"Label {label}", "definition": "d"} for label in "abc"
                ],
            }
            for name in ("first", "second", "third")
        ]
    }
)
GOLD = "aaabbbbbab"
ARTICLES = [
    AnnotatedArticle(f"data/dev.jsonl: line {number}", "نص", {"first": (label,), "second": (label,)}, {}, {})
    for number, label in enumerate(GOLD)
]


def metrics(data: list[str], others: tuple[str, ...] = ()) -> dict[str, object]:
    predictions = [
        Prediction(
            {name: Answer(("a",), {"a": 0.8, "b": 0.1, "c": 0.1}) for name in ("first", "second")}, (), 1, 1
        )
        for _ in ARTICLES
    ]
    tasks = [TAXONOMY.task(name) for name in ("first", "second")]
    model, *compared = (candidate(name, tasks, ARTICLES, predictions) for name in ("/secret/model", *others))
    built = build_metrics(model, compared, ARTICLES, TAXONOMY, Settings(resamples=50))
    return {"model": model.name, "data": data, **built}


def test_each_label_that_occurs_has_its_f1_with_its_interval_under_its_task() -> None:
    results = evaluation_scores(TAXONOMY, metrics(["dev.jsonl"])).results
    index = ModelCardData(eval_results=list(results), model_name="m").to_dict()["model-index"]
    assert [one["dataset"]["config"] for one in index[0]["results"]] == ["first", "second"]
    for one in index[0]["results"]:
        assert one["dataset"] | {"config": ""} == {"name": "dev.jsonl", "type": "dev", "config": ""}
        by_label = {scored["args"].get("label"): scored for scored in one["metrics"][1:]}
        assert set(by_label) == {None, "a", "b"}
        low, high = by_label["a"]["args"]["interval"]
        assert low <= by_label["a"]["value"] == round(2 * 4 / (10 + 4), 4) <= high
        assert f"F1 of Label a, 95% interval {low:.3f} to {high:.3f}" in by_label["a"]["name"]
        assert by_label["b"]["args"]["support"] == 6


def test_what_was_not_scored_and_where_the_data_lie_are_told_rightly(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    scores = evaluation_scores(TAXONOMY, metrics(["dev.jsonl"], others=(str(other),)))
    assert "Not scored, since the data do not label them: third." in scores.explanation
    cells = {cell for table in scores.tables for row in table.rows for cell in row}
    assert {"this model", "other"} <= cells
    assert not any("secret" in text or str(tmp_path) in text for text in (*cells, scores.explanation))


def test_any_name_of_a_file_gives_an_identifier_that_the_hub_takes() -> None:
    for data, identifier in (
        (["Dev Set (2).jsonl", "b.csv"], "dev-set-2-b"),
        (["أخبار.jsonl"], "unknown"),
        (["a: [x]\n---\n.csv"], "a-x"),
    ):
        (first, *_) = evaluation_scores(TAXONOMY, metrics(data)).results
        assert first.dataset_type == identifier
        assert "\n" not in first.dataset_name


def test_the_scores_that_training_ends_with_stand_without_intervals() -> None:
    ended = {"eval_first_accuracy": 0.25, "eval_first_macro_f1": 0.5, "eval_first_f1_b": 0.75, "eval_runtime": 3.0}
    scores = training_scores(TAXONOMY, ended, ["dev_1.jsonl"])
    assert scores.tables[0].rows == (
        ("The | first", "accuracy", "0.250"),
        ("The | first", "macro-F1", "0.500"),
        ("The | first", "F1 of Label b", "0.750"),
    )
    assert [(one.metric_type, one.metric_value) for one in scores.results] == [
        ("accuracy", 0.25),
        ("f1", 0.5),
        ("f1", 0.75),
    ]
    assert "dev_1.jsonl" in scores.explanation
    assert "without intervals" in scores.explanation
