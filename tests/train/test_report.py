import io

from rich.console import Console

from wasit.models.evidence import Evidence
from wasit.models.prediction import Answer, MediatorPrediction, Prediction
from wasit.models.taxonomy import Taxonomy
from wasit.train.annotation import AnnotatedArticle
from wasit.train.evaluation import Settings, build_metrics, candidate
from wasit.train.report import markdown, show

TAXONOMY = Taxonomy.default()
STANCE = TAXONOMY.task("stance")
FAVOURABLE, NEUTRAL, CRITICAL = STANCE.label_names
ARTICLES = [
    AnnotatedArticle(
        f"data/dev.jsonl: line {number}", "نص", {}, {"qatar": {"stance": (NEUTRAL,)}}, {"corpus": "a|<b>"}
    )
    for number in range(30)
]


def predictions(found: int) -> list[Prediction]:
    answer = Answer((NEUTRAL,), {FAVOURABLE: 0.1, NEUTRAL: 0.8, CRITICAL: 0.1})
    mediator = MediatorPrediction("qatar", 1, {"stance": answer}, Evidence(0, 2, 0, 2))
    return [Prediction({}, (mediator,) if number < found else (), 1, 1) for number in range(30)]


MODEL, OTHER = (candidate(name, (STANCE,), ARTICLES, predictions(found)) for name, found in (("m", 6), ("o", 15)))
METRICS = build_metrics(MODEL, [OTHER], ARTICLES, TAXONOMY, Settings(resamples=50)) | {"data": ["dev.jsonl"]}


def screen(width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(METRICS, TAXONOMY, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_report_has_scores_differences_labels_groups_and_pictures() -> None:
    report = markdown(METRICS, TAXONOMY, {"confusion-stance.png": "Stance: confusion"}, ["A further note."])
    for title in ("Scores", "m less the other", "Stance: labels", "By length", "By corpus", "Pictures"):
        assert f"## {title}\n" in report
    assert "| Stance | m | 30 | 0.200 [" in report
    assert "| Stance | o | accuracy | -0.300 [" in report
    assert f"| {STANCE.labels[1].en} | {STANCE.labels[1].ar} | 1.000 | 0.200 | 0.333 [" in report
    assert "| qatar | dev.jsonl: line 29 |" in report
    assert "![Stance: confusion](confusion-stance.png)" in report
    assert "A further note." in report


def test_what_was_not_scored_is_told() -> None:
    unlearnt = {
        **METRICS["others"]["o"],
        "tasks": {},
        "differences": {},
        "not_scored": ["topic", "role", "stance"],
    }
    report = markdown(METRICS | {"others": {"o": unlearnt}}, TAXONOMY, {})
    assert "Not scored, since the data do not label them: topic, role." in report
    assert "o did not learn and is not scored on: stance." in report


def test_what_stands_in_the_data_breaks_no_table() -> None:
    report = markdown(METRICS, TAXONOMY, {})
    assert "| Stance | a\\|&lt;b&gt; | 30 |" in report


def test_the_screen_shows_numbers_whole_and_places_in_part() -> None:
    shown = screen()
    assert "0.200 [" in shown
    assert "Mediators that were not found: 24" in shown
    assert "and 4 more" in shown
    assert STANCE.labels[1].ar not in shown


def test_numbers_are_not_broken_in_a_narrow_terminal() -> None:
    interval = METRICS["tasks"]["stance"]["accuracy_interval"]
    assert f"0.200 [{interval[0]:.3f}, {interval[1]:.3f}]" in screen(width=80)
