"""The results as a picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch

_OWN, _PEER = "#c8553d", "#2f6690"
_ROW = 0.42
_MARGIN = 1.6
_DOTS_PER_INCH = 150


def draw(result: Mapping[str, Any], path: Path) -> None:
    """Draws tokens a second as horizontal bars, wasit apart from its peers by colour.

    Args:
        result: What ``throughput.py`` writes as JSON.
        path: Of the picture; its ending says of which kind.
    """
    ordered = sorted(result["contestants"], key=lambda one: one["tokens_per_second"]["median"])
    speeds = [one["tokens_per_second"] for one in ordered]
    medians = [speed["median"] for speed in speeds]
    below = [speed["median"] - speed["min"] for speed in speeds]
    above = [speed["max"] - speed["median"] for speed in speeds]
    figure = Figure(figsize=(8.5, _MARGIN + _ROW * len(ordered)), dpi=_DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    colours = [_OWN if one["own"] else _PEER for one in ordered]
    axes.barh([one["contestant"] for one in ordered], medians, color=colours, height=0.7)
    axes.errorbar(medians, range(len(ordered)), xerr=[below, above], fmt="none", ecolor="black", capsize=3, lw=1)
    most = max((speed["max"] for speed in speeds), default=1.0)
    for place, (one, speed) in enumerate(zip(ordered, speeds, strict=True)):
        rate = one["articles_per_second"]["median"]
        label = f"{speed['median']:,.0f}  ({rate:,.1f} articles/s)"
        axes.text(speed["max"] + 0.015 * most, place, label, va="center", fontsize="small")
    axes.set_xlim(0, 1.45 * most)
    axes.margins(y=0.02)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend(handles=[Patch(color=_OWN, label="wasit"), Patch(color=_PEER, label="peers")], loc="lower right")
    axes.set_xlabel("tokens of text read a second; black: smallest to largest of the rounds")
    machine, setting = result["machine"], result["setting"]
    axes.set_title(
        f"Text to probabilities, shape {setting['shape']}, reading {setting['reading']}\n"
        f"{machine['gpu'] or machine['processor']}, {machine['threads']} threads",
        fontsize="medium",
    )
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
