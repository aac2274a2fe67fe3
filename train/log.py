"""What a run tells of its course: the loss as the steps go on, the scores after every epoch."""

import json
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.integrations.integration_utils import TensorBoardCallback

from wasit.train.recipe import Recipe
from wasit.train.trainer import WasitTrainer

LOGS = "logs"


def add_log(trainer: WasitTrainer, recipe: Recipe, stage: int) -> None:
    """Lets the main process write ``logs/stage-N.json`` and, if the recipe says so, events for TensorBoard."""
    if not trainer.is_world_process_zero():
        return
    folder = Path(recipe.output) / LOGS
    trainer.add_callback(_LogFile(folder / f"stage-{stage}.json"))
    if recipe.tensorboard:
        from torch.utils.tensorboard import SummaryWriter

        trainer.add_callback(TensorBoardCallback(SummaryWriter(folder / f"stage-{stage}")))


class _LogFile(TrainerCallback):
    def __init__(self, path: Path) -> None:
        self.path = path

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._write(state)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._write(state)

    def _write(self, state: TrainerState) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(state.log_history, indent=1) + "\n", encoding="utf-8")
