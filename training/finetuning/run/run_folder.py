"""The folder of a run: its configuration, its checkpoints and its progress."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from training.finetuning.run.config import AnyConfig, BadConfig

RECIPE: Final = "recipe.json"
PROGRESS: Final = "progress.json"
STATE: Final = "trainer_state.json"
"""The trainer writes this file last, so a checkpoint that has it is complete."""
MAY_CHANGE: Final = ("minutes", "save_every", "log_every", "threads", "mlflow", "spare_gigabytes")
"""Settings that do not change the result of a run."""


@dataclass(frozen=True)
class Progress:
    """Progress of a run, for other processes."""

    stage: str
    step: int
    steps: int
    seconds_spent: float
    seconds_left: float


@dataclass(frozen=True)
class RunFolder:
    """Paths inside the folder of a run."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def curves(self) -> Path:
        return self.path / "curves.jsonl"

    @property
    def mlflow(self) -> str:
        return f"sqlite:///{(self.path / 'mlflow.db').absolute()}"

    @property
    def adapters(self) -> Path:
        return self.path / "adapter"

    @property
    def reward_model(self) -> Path:
        return self.path / "reward_model"

    def open(self, config: AnyConfig) -> None:
        """Claim the folder for this configuration; raises `BadConfig` if it holds another one."""
        recipe = json.dumps(_recipe(config), indent=1, sort_keys=True)
        file = self.path / RECIPE
        if file.exists() and file.read_text(encoding="utf-8") != recipe:
            raise BadConfig(
                f"{self.path} holds a run with another configuration ({RECIPE}): give another"
                " run.folder, or remove this one to start again"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        atomic_write(file, recipe)

    def last_checkpoint(self) -> Path | None:
        """The newest complete checkpoint; incomplete ones, left by a kill, are removed."""
        newest_first = sorted(self.checkpoints.glob("checkpoint-*"), key=step_of, reverse=True)
        for folder in newest_first:
            if _is_complete(folder):
                return folder
            shutil.rmtree(folder)
        return None

    def progress(self) -> Progress | None:
        """Progress of the run; None before its first step."""
        try:
            payload = json.loads((self.path / PROGRESS).read_text(encoding="utf-8"))
            return Progress(**payload)
        except (OSError, ValueError, TypeError):
            return None

    def write_progress(self, progress: Progress) -> None:
        atomic_write(self.path / PROGRESS, json.dumps(asdict(progress)))


def _recipe(config: AnyConfig) -> dict[str, Any]:
    recipe = config.model_dump(mode="json")
    recipe["kind"] = type(config).__name__
    for name in MAY_CHANGE:
        del recipe["run"][name]
    return recipe


def _is_complete(folder: Path) -> bool:
    try:
        json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def step_of(folder: Path) -> int:
    """The step of a checkpoint folder, from its name `checkpoint-STEP`."""
    return int(folder.name.rpartition("-")[2])
