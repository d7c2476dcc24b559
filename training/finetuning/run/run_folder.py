"""A run's folder: what it was configured as, its checkpoints, and how far it has come."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from training.finetuning.run.config import BadConfig, GrpoConfig, SftConfig

RECIPE: Final = "recipe.json"
PROGRESS: Final = "progress.json"
STATE: Final = "trainer_state.json"
"""The trainer writes it last of a checkpoint, so that one which has it is whole."""
MAY_CHANGE: Final = ("minutes", "save_every", "log_every", "threads", "mlflow", "spare_gigabytes")
"""Settings of a run that change nothing of what it becomes."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come, for whoever watches it from outside."""

    stage: str
    step: int
    steps: int
    seconds_spent: float
    seconds_left: float


@dataclass(frozen=True)
class RunFolder:
    """The one place that knows the names inside."""

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
    def judge(self) -> Path:
        return self.path / "judge"

    def open(self, config: SftConfig | GrpoConfig) -> None:
        """Claim the folder for this configuration; a run of another one is not overwritten."""
        recipe = json.dumps(_recipe(config), indent=1, sort_keys=True)
        file = self.path / RECIPE
        if file.exists() and file.read_text(encoding="utf-8") != recipe:
            raise BadConfig(
                f"{self.path} holds a run of another configuration ({RECIPE}): give another"
                " run.folder, or remove this one to begin anew"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        atomic_write(file, recipe)

    def last_checkpoint(self) -> Path | None:
        """The newest whole checkpoint; what a kill left half written is removed."""
        found = sorted(self.checkpoints.glob("checkpoint-*"), key=_step, reverse=True)
        for folder in found:
            if _is_whole(folder):
                return folder
            shutil.rmtree(folder)
        return None

    def progress(self) -> Progress | None:
        """Where the run stands; None before its first step."""
        try:
            told = json.loads((self.path / PROGRESS).read_text(encoding="utf-8"))
            return Progress(**told)
        except (OSError, ValueError, TypeError):
            return None

    def tell(self, progress: Progress) -> None:
        atomic_write(self.path / PROGRESS, json.dumps(asdict(progress)))


def _recipe(config: SftConfig | GrpoConfig) -> dict[str, Any]:
    told = config.model_dump(mode="json")
    told["kind"] = type(config).__name__
    for name in MAY_CHANGE:
        del told["run"][name]
    return told


def _is_whole(folder: Path) -> bool:
    try:
        json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _step(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])
