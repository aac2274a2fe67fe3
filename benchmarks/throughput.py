"""Measures wasit and its peers side by side: the same pages, the same weights, from texts to probabilities.

Example: python benchmarks/throughput.py --shape mini --out runs/throughput

What is measured, and how to read it: docs/performance.md.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

import typer

from wasit.models.errors import WasitError

P = ParamSpec("P")
R = TypeVar("R")

CPU_PEERS = (
    "pipeline-1:float32 pipeline-8:float32 pipeline-32:float32 pipeline-1:bfloat16 sorted-32:float32 "
    "sentence-transformers-32:float32 fineweb-edu-256:float32 onnxruntime:float32 onnxruntime:int8 "
    "openvino:float32 openvino:bfloat16"
)
CPU_OWN = "core:float32 engine:float32 core:bfloat16 engine:bfloat16 openvino-core:bfloat16"
GPU_PEERS = (
    "pipeline-1 pipeline-8 pipeline-32 sorted-256 sentence-transformers-32 sentence-transformers-256 "
    "fineweb-edu-256"
)
GPU_OWN = "core engine classify"
CPU_PAGES = {"base": 12, "mini": 32, "small": 64, "tiny": 64}
GPU_PAGES = 50_000
GPU_SECONDS = 15.0
CPU_COMPARED, GPU_COMPARED = 16, 2_000
CPU_WARM_UP, GPU_WARM_UP = 4, 1_024


def main(
    shape: Annotated[
        Literal["base", "mini", "small", "tiny"], typer.Option(help="mini is the shipped model, tiny for a trial.")
    ] = "mini",
    reading: Annotated[
        Literal["capped", "passages", "truncated"],
        typer.Option(help="With capped, all read the same; for the others see docs/performance.md."),
    ] = "capped",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    dtype: Annotated[
        str, typer.Option(help="Precision of contestants that name none: auto, float32, bfloat16 or float16.")
    ] = "auto",
    contestants: Annotated[
        str | None,
        typer.Option(
            help="Who takes part, separated by commas: NAME[-BATCH][@TOKENS][+compile][:DTYPE].",
            show_default="all that suit the device",
        ),
    ] = None,
    budgets: Annotated[
        str | None, typer.Option(help="Adds the core with rows of so many tokens, such as 8192,16384,32768.")
    ] = None,
    compile: Annotated[bool, typer.Option("--compile", help="Adds each core compiled as well.")] = False,
    pages: Annotated[
        int | None, typer.Option(help="How many pages.", show_default="what suits the device")
    ] = None,
    rounds: Annotated[int, typer.Option(help="How often each takes its turn.", min=1)] = 3,
    seconds: Annotated[
        float | None,
        typer.Option(
            help="A slower contestant does only so many of the first pages that a turn takes about so long.",
            show_default="15 on a GPU, no limit on a CPU",
        ),
    ] = None,
    compared: Annotated[
        int | None,
        typer.Option(
            help="Articles whose outputs are compared, 0 for none.", show_default="what suits the device"
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="To compute with on a CPU.", show_default="one for each core")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another one gives other pages.")] = 0,
    out: Annotated[
        Path, typer.Option(help="Folder for throughput.json, throughput.md and throughput.png.")
    ] = Path("runs/throughput"),
) -> None:
    """Measure wasit and its peers side by side."""
    threads = threads or len(os.sched_getaffinity(0))
    # Before any library that computes is loaded, here and in the processes to come.
    os.environ |= {"OMP_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    from wasit.models.devices import pick_device, pick_dtype

    chosen = pick_device(device)
    on_gpu = chosen.type == "cuda"
    names = str(pick_dtype(dtype, chosen)).removeprefix("torch.")
    setting = {
        "shape": shape,
        "reading": reading,
        "device": f"cuda:{chosen.index or 0}" if on_gpu else "cpu",
        "pages": pages or (GPU_PAGES if on_gpu else CPU_PAGES[shape]),
        "rounds": rounds,
        "seconds": seconds or (GPU_SECONDS if on_gpu else None),
        "compared": compared if compared is not None else (GPU_COMPARED if on_gpu else CPU_COMPARED),
        "warm_up": GPU_WARM_UP if on_gpu else CPU_WARM_UP,
        "threads": threads,
        "seed": seed,
    }
    given = contestants.replace(",", " ") if contestants else None
    specs = (given or (f"{GPU_PEERS} {GPU_OWN}" if on_gpu else f"{CPU_PEERS} {CPU_OWN}")).split()
    specs += [f"core@{budget}" for budget in (budgets or "").split(",") if budget]
    if compile:
        specs += [f"{name}+compile{':' * bool(kind)}{kind}" for name, _, kind in _cores(specs)]
    result = measure(setting, specs, names)
    report(result, out)


def _cores(specs: Sequence[str]) -> list[tuple[str, str, str]]:
    return [spec.partition(":") for spec in specs if spec.startswith("core")]


def measure(setting: dict[str, Any], specs: Sequence[str], dtype: str) -> dict[str, Any]:
    """Runs everything.

    Args:
        setting: What was asked for.
        specs: Who takes part.
        dtype: Precision of those that name none.

    Returns:
        What becomes ``throughput.json``.
    """
    from contestants import Entry, Task, enter
    from machine import describe
    from matmul_peak import matmul_peak
    from outputs import compare
    from reading import read
    from rounds import Plan, play, ratios, spread, summary
    from shapes import prepare

    entries = list(dict.fromkeys(Entry.parse(spec, dtype) for spec in specs))
    device, threads = setting["device"], setting["threads"]
    # In a process of its own: what is loaded to prepare and to compare is none of the contestants' memory.
    helper = ProcessPoolExecutor(1, get_context("spawn"), enter, (threads,))
    with TemporaryDirectory() as folder, helper:
        models = _ask(helper, prepare, setting["shape"], Path(folder))
        found = _ask(helper, read, models, setting["reading"], setting["pages"], setting["seed"])
        outputs = None
        if setting["compared"]:
            short = _ask(helper, read, models, "capped", setting["compared"], setting["seed"])
            dtypes = sorted({entry.dtype for entry in entries if entry.is_own} - {"float32"})
            outputs = _ask(helper, compare, models, short.texts, device, dtypes)
        task = Task(models, found.pages, found.texts, found.passages, device, threads)
        plan = Plan(setting["rounds"], setting["warm_up"], setting["seconds"])
        outcome = play(entries, task, found, plan, lambda name: _ask(helper, matmul_peak, device, name, threads))
    return {
        "machine": describe(device, threads),
        "setting": setting,
        "contestants": [summary(record, outcome) for record in outcome.records],
        "ratios": ratios(outcome),
        "matmul_peak": {name: spread(values) for name, values in outcome.peaks.items()},
        "outputs": outputs,
        "left_out": outcome.left_out,
    }


def _ask(helper: ProcessPoolExecutor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return helper.submit(function, *args, **kwargs).result()


def report(result: dict[str, Any], out: Path) -> None:
    """Prints the tables, and writes them with numbers and picture.

    Args:
        result: From :func:`measure`.
        out: The folder.
    """
    from bars import draw
    from tables import markdown

    out.mkdir(parents=True, exist_ok=True)
    text = markdown(result) + "\n"
    (out / "throughput.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (out / "throughput.md").write_text(text, encoding="utf-8")
    draw(result, out / "throughput.png")
    sys.stdout.write(text)


if __name__ == "__main__":
    try:
        typer.run(main)
    except WasitError as error:
        sys.exit(f"error: {error}")
