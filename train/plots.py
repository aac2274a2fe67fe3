"""Pictures of an evaluation: confusion matrix and reliability diagram, with Arabic and English names.

matplotlib shapes and orders Arabic by itself since 3.11, and DejaVu Sans, which comes with it, has the letters.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from wasit.models.taxonomy import Task
from wasit.train.certainty import CALIBRATION_BINS, Bin

DOTS_PER_INCH = 150

_CELL = 0.62
_MARGIN = 3.2
_LARGEST = 60.0
_MOST_NAMED = 60
_DARK = 0.55
_COLOUR, _ACCENT, _FAINT = "#2f6690", "#c8553d", "#b8c4ce"


def confusion_figure(task: Task, matrix: dict[str, Any], title: str) -> Figure:
    """Draws a confusion matrix: a row a gold label, coloured by its share of the row, with counts in the cells.

    Args:
        task: Gives the names of the labels.
        matrix: From :func:`wasit.train.scores.confusion_matrix`. Labels that neither gold nor an answer has are
            left out.
        title: Stands above it.
    """
    counts = np.asarray(matrix["counts"])
    rows, columns = _shown(counts)
    counts = counts[np.ix_(rows, columns)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = _figure(_MARGIN + _CELL * len(columns), _MARGIN + _CELL * len(rows))
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    names = [_name(task, label) for label in task.label_names]
    predicted = [names[index] if index < len(names) else "غير موجود\nnot found" for index in columns]
    axes.set_xticks(range(len(columns)), predicted, rotation=90, parse_math=False)
    axes.set_yticks(range(len(rows)), [names[index] for index in rows], parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    axes.set_title(f"{title}\n{task.en} · {task.ar}", parse_math=False)
    axes.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color=_FAINT, linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    for row, column in np.argwhere(counts > 0) if max(counts.shape) <= _MOST_NAMED else ():
        colour = "white" if shares[row, column] > _DARK else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    figure.colorbar(image, ax=axes, label="share of the gold label", fraction=0.04, pad=0.02)
    return figure


def _shown(counts: np.ndarray[Any, Any]) -> tuple[list[int], list[int]]:
    labels = len(counts)
    kept = [index for index in range(labels) if counts[index].any() or counts[:, index].any()]
    return kept, [*kept, *range(labels, counts.shape[1])]


def _name(task: Task, label: str) -> str:
    found = task.labels[task.index(label)]
    return f"{found.ar}\n{found.en}"


def calibration_figure(task: Task, bins: Sequence[Bin | None], error: float, title: str) -> Figure:
    """Draws a reliability diagram (Niculescu-Mizil and Caruana 2005) above the histogram of the scores.

    Args:
        task: Gives the names.
        bins: From :func:`wasit.train.certainty.calibration_bins`.
        error: The expected calibration error.
        title: Stands above it.
    """
    figure = _figure(6.0, 6.6)
    diagram, histogram = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    filled = [one for one in bins if one is not None]
    diagram.plot([0, 1], [0, 1], linestyle="--", color=_FAINT, label="calibrated")
    certainties, accuracies = [one.certainty for one in filled], [one.accuracy for one in filled]
    diagram.vlines(certainties, certainties, accuracies, color=_ACCENT, alpha=0.5, label="gap")
    sizes = [20 + 180 * one.answers / max(other.answers for other in filled) for one in filled]
    diagram.scatter(certainties, accuracies, s=sizes, color=_COLOUR, zorder=3, label="answers of a bin")
    diagram.set(xlim=(0, 1), ylim=(-0.03, 1.03), ylabel="share that is right")
    diagram.set_title(f"{title}\n{task.en} · {task.ar}", parse_math=False)
    diagram.text(0.97, 0.05, f"ECE {error:.3f}", ha="right", transform=diagram.transAxes, fontsize="large")
    diagram.legend(loc="upper left", frameon=False)
    diagram.grid(alpha=0.3)
    centres = (np.arange(CALIBRATION_BINS) + 0.5) / CALIBRATION_BINS
    heights = [0 if one is None else one.answers for one in bins]
    histogram.bar(centres, heights, width=0.9 / CALIBRATION_BINS, color=_COLOUR)
    histogram.set(xlabel="score of the answer", ylabel="answers")
    return figure


def png(figure: Figure) -> bytes:
    """The figure as a PNG file; no window and no global state of matplotlib is needed for it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", pad_inches=0.15)
    return buffer.getvalue()


def _figure(width: float, height: float) -> Figure:
    size = (min(width, _LARGEST), min(height, _LARGEST))
    return Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
