"""The results as Markdown, for docs/performance.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_GIGA = 1e9


def markdown(result: Mapping[str, Any]) -> str:
    """All tables of a run.

    Args:
        result: What ``throughput.py`` writes as JSON.
    """
    return "\n\n".join(
        "\n".join(part) for part in (_facts(result), _speeds(result), _ratios(result), _rest(result)) if part
    )


def _facts(result: Mapping[str, Any]) -> list[str]:
    machine, setting = result["machine"], result["setting"]
    packages = ", ".join(f"{name} {found}" for name, found in machine["packages"].items())
    peaks = ", ".join(f"{dtype} {found['median'] / _GIGA:,.0f}" for dtype, found in result["matmul_peak"].items())
    lines = [
        f"- machine: {machine['gpu'] or machine['processor']}, {machine['cores']} cores, "
        f"{machine['threads']} threads ({' '.join(machine['instructions'])})",
        f"- {packages}",
        f"- matrix products, measured in the same rounds, GFLOP/s: {peaks}",
        f"- shape {setting['shape']}, {setting['pages']} pages, reading {setting['reading']!r}, "
        f"{setting['rounds']} rounds; median (smallest–largest)",
    ]
    waits = [
        f"- waits of {one['contestant']}, seconds: {_listed(one['waits_seconds'])}"
        for one in result["contestants"]
        if one["waits_seconds"]
    ]
    return [*lines, *waits]


def _speeds(result: Mapping[str, Any]) -> list[str]:
    rows = [
        [
            one["contestant"],
            str(one["pages"]),
            _spread(one["articles_per_second"]),
            _spread(one["tokens_per_second"]),
            _spread(one["share_of_matmul_peak"], 100) + " %" if one["share_of_matmul_peak"] else "–",
            f"{one['peak_memory_bytes'] / _GIGA:.2f}",
            f"{one['peak_device_memory_bytes'] / _GIGA:.2f}" if one["peak_device_memory_bytes"] else "–",
        ]
        for one in result["contestants"]
    ]
    heads = ["contestant", "pages", "articles/s", "tokens/s", "of matmul peak", "memory, GB", "GPU memory, GB"]
    return list(_table(heads, rows))


def _ratios(result: Mapping[str, Any]) -> list[str]:
    found = result["ratios"]
    own = list(next(iter(found.values()), {}))
    if not own:
        return []
    rows = [[peer, *(_spread(found[peer][one]) for one in own)] for peer in found]
    return list(_table(["times as fast as", *own], rows))


def _rest(result: Mapping[str, Any]) -> list[str]:
    lines = [f"- left out: {name} ({reason})" for name, reason in result["left_out"].items()]
    outputs = result["outputs"]
    if outputs:
        lines.append(
            f"- outputs on {outputs['articles']} articles: float32 logits differ from the padded network by up to "
            f"{outputs['float32_difference_to_padded']:.1e}, without markers from transformers' own model by "
            f"{outputs['float32_difference_to_plain']:.1e}"
        )
        lines += [
            f"- same labels in {dtype} as padded in float32: {_shares(shares)}"
            for dtype, shares in outputs["same_labels"].items()
        ]
    return lines


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * (len(heads) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _spread(values: Mapping[str, float], factor: float = 1.0) -> str:
    median, least, most = (_number(values[key] * factor) for key in ("median", "min", "max"))
    return f"{median} ({least}–{most})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items())


def _shares(values: Mapping[str, float]) -> str:
    return ", ".join(f"{task} {100 * share:.2f} %" for task, share in values.items())
