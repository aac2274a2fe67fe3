"""How far an interrupted run came, and whether it may go on."""

from dataclasses import dataclass
from pathlib import Path

from transformers.trainer_utils import get_last_checkpoint

from wasit.models.errors import InputError
from wasit.train.recipe import Recipe, recipe_text

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
        found = get_last_checkpoint(str(folder)) if folder.is_dir() else None
        if found is not None:
            return _progress_at(output, stages, Path(found))
    return Progress()


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
        InputError: If the two differ.
    """
    is_fresh = progress == Progress()
    if not is_fresh and known.is_file() and known.read_text(encoding="utf-8") != recipe_text(recipe):
        raise InputError(f"--resume: the run was started with another recipe, which stands in {known}")
