"""How far an interrupted run came, and whether it may go on."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasit.models.errors import ConfigError, InputError
from wasit.models.network import WasitModel
from wasit.models.taxonomy import Taxonomy
from wasit.train.recipe import Recipe, load_recipe

CHECKPOINTS = "checkpoints"
FINISHED = "finished"
_STATE_FILE = "trainer_state.json"


@dataclass(frozen=True)
class Progress:
    """Where a run goes on.

    Attributes:
        next_stage: Number of the stage that is to run, from 0; the number of stages if all have run.
        finished_stage: Folder of the weights that the stage before it left.
        checkpoint: Folder of the checkpoint within the stage; none if the stage starts.
    """

    next_stage: int = 0
    finished_stage: Path | None = None
    checkpoint: Path | None = None


def stage_folder(output: Path, number: int) -> Path:
    """The folder of a stage's checkpoints."""
    return output / CHECKPOINTS / f"stage-{number}"


def find_progress(output: Path, stages: int, resume: str | None) -> Progress:
    """Finds out where to go on.

    Args:
        output: The folder of the run.
        stages: How many stages the recipe has.
        resume: ``auto`` for the newest state there is, the folder of a checkpoint of this run, or nothing for a
            fresh start.

    Raises:
        InputError: If the folder is no checkpoint of this run.
    """
    if resume is None:
        return Progress()
    if resume != "auto":
        return _progress_at(output, stages, Path(resume))
    for number in reversed(range(stages)):
        folder = stage_folder(output, number)
        if (folder / FINISHED).is_dir():
            return Progress(number + 1, folder / FINISHED)
        found = [checkpoint for checkpoint in folder.glob("checkpoint-*") if _is_whole(checkpoint)]
        if found:
            return _progress_at(output, stages, max(found, key=lambda checkpoint: int(checkpoint.name[11:])))
    return Progress()


def _is_whole(checkpoint: Path) -> bool:
    """Whether Trainer has come to its last file, which is missing or cut short where the run was ended before."""
    try:
        json.loads((checkpoint / _STATE_FILE).read_bytes())
    except (OSError, ValueError):
        return False
    return True


def save_finished_stage(network: WasitModel, output: Path, number: int) -> None:
    """Keeps the weights that a stage has left; a folder that was not written whole does not get the name."""
    folder = stage_folder(output, number) / FINISHED
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    network.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _progress_at(output: Path, stages: int, checkpoint: Path) -> Progress:
    for number in range(stages):
        folder = stage_folder(output, number)
        if checkpoint.resolve().parent == folder.resolve() and (checkpoint / _STATE_FILE).is_file():
            before = stage_folder(output, number - 1) / FINISHED if number else None
            return Progress(number, before, checkpoint)
    allowed = f"auto, or a folder {stage_folder(output, 0)}/checkpoint-N of this run"
    raise InputError(f"--resume: found {str(checkpoint)!r}; allowed: {allowed}")


def check_same_recipe(known: Path, recipe: Recipe, progress: Progress) -> None:
    """Makes sure that a run goes on as it began.

    Args:
        known: The recipe that the run wrote when it began.
        recipe: The recipe that it is to go on with.
        progress: Where it goes on.

    Raises:
        InputError: If the two differ; with the keys that do.
    """
    if progress == Progress() or not known.is_file():
        return
    try:
        before = load_recipe(known)
    except ConfigError as error:
        raise InputError(f"--resume: the recipe that the run was started with cannot be read: {error}") from error
    # What the card says may be mended at any time.
    contents = [one.model_dump(mode="json", exclude={"card"}) for one in (before, recipe)]
    differing = list(_differing(contents[0], contents[1]))
    if differing:
        raise InputError(
            f"--resume: the run was started with another recipe, which stands in {known}; "
            f"different are {', '.join(differing)}"
        )


def _differing(before: Any, now: Any, key: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*before, *now)):
            yield from _differing(before.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _differing(old, new, f"{key}.{index}")
    elif before != now:
        yield f"{key} (was {before!r}, is {now!r})"


def check_same_tasks(progress: Progress, taxonomy: Taxonomy) -> None:
    """Makes sure that the weights that a run goes on with answer the tasks of the taxonomy.

    Raises:
        InputError: If they were trained for other tasks or labels.
    """
    for folder in (progress.finished_stage, progress.checkpoint):
        if folder is None:
            continue
        config = json.loads((folder / "config.json").read_bytes())
        trained = Taxonomy.from_dict(config["taxonomy"], f"{folder}/config.json: taxonomy")
        differing = list(_differing(_labels(trained), _labels(taxonomy)))
        if differing:
            raise InputError(f"--resume: {folder} does not fit the taxonomy; different are {', '.join(differing)}")


def _labels(taxonomy: Taxonomy) -> dict[str, list[str]]:
    return {task.name: list(task.label_names) for task in taxonomy.tasks}
