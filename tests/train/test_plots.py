"""What the pictures say; how they look was looked at."""

import io
import warnings

import matplotlib.image
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.text import Text

from wasit.models.taxonomy import Taxonomy
from wasit.train.certainty import Bin
from wasit.train.plots import calibration_figure, confusion_figure, png

TAXONOMY = Taxonomy.default()
TASK = TAXONOMY.task("stance")
MATRIX = {
    "gold": list(TASK.label_names),
    "predicted": [*TASK.label_names, None],
    "counts": [[0, 0, 0, 0], [0, 31, 2, 1], [0, 1, 7, 0]],
}
BINS = (*[None] * 12, Bin(4, 0.82, 0.75), None, Bin(9, 0.97, 1.0))


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_the_confusion_matrix_has_counts_and_both_names() -> None:
    shown = texts(confusion_figure(TASK, MATRIX, "a $model"))
    first, *others = TASK.labels
    for label in others:
        # As the taxonomy writes it: matplotlib shapes and orders the letters when it draws.
        assert f"{label.ar}\n{label.en}" in shown
    assert {"31", "7", "1"} <= set(shown.splitlines())
    assert "not found" in shown
    assert "a $model" in shown
    assert first.ar not in shown, "a label that nobody used takes no room"


def test_the_calibration_plot_has_its_error_and_the_task() -> None:
    shown = texts(calibration_figure(TASK, BINS, 0.0421, "a model"))
    assert "ECE 0.042" in shown
    assert TASK.ar in shown
    assert TASK.en in shown


def test_the_font_has_the_letters_of_all_names() -> None:
    letters = {letter for task in TAXONOMY.tasks for one in (task, *task.labels) for letter in one.ar + one.en}
    assert {ord(letter) for letter in letters} <= set(get_font(findfont("DejaVu Sans")).get_charmap())


def test_figures_become_pictures_without_a_warning() -> None:
    for figure in (
        confusion_figure(TASK, MATRIX, "نموذج a $model"),
        calibration_figure(TASK, BINS, 0.04, "a model"),
    ):
        with warnings.catch_warnings():
            # A letter that the font lacks, or a layout that does not fit, is a warning.
            warnings.simplefilter("error")
            picture = matplotlib.image.imread(io.BytesIO(png(figure)))
        assert min(picture.shape[:2]) > 300
