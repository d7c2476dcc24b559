"""Hold what all stages of a training job share: folder, request, dependencies, budget, markers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.embedding.images.protocol import ImageEncoder
from shared.jobs.result_codes import TrainingCode
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from training.dataset.images import ImageSource
from training.dataset.settings import DatasetSettings
from training.job.evidence.collection import FULL_SIZE, BenchmarkSize
from training.job.evidence.models import ComparedModels
from training.job.scoring.pair_scoring import Model
from training.job.stages import Stages
from training.job.train.trainer_processes import Trainer

DATASET: Final = DatasetSettings(max_replay_cases=180)
"""Enough for SFT's and GRPO's shares of simulated cases; drawing more takes time."""


class JobAborted(Exception):
    """The job ends here without a challenger; the code and the message go into its result."""

    def __init__(self, code: TrainingCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Dependencies:
    """Images, models and trainings of a job; tests pass smaller ones."""

    images: Callable[[TrainingJobRequest], ImageSource]
    open_models: Callable[[TrainingJobRequest, ModelFolder], ComparedModels]
    open_champion: Callable[[TrainingJobRequest], Any]
    open_candidate: Callable[[TrainingJobRequest], Model | None]
    """Opens the candidate of the nights before; None without one."""
    train: Trainer
    dataset: DatasetSettings = DATASET
    benchmark_size: BenchmarkSize = FULL_SIZE
    image_encoder: Callable[[], ImageEncoder] | None = None
    """For the baseline on image vectors; None leaves that baseline out."""


@dataclass(frozen=True)
class Job:
    """One training job in its folder."""

    folder: Path
    request: TrainingJobRequest
    dependencies: Dependencies
    stages: Stages

    @property
    def dataset(self) -> Path:
        """Folder of the dataset and of the files that the trainings read."""
        return self.folder / "dataset"

    @property
    def budget_seconds(self) -> float:
        return self.request.minutes * 60

    @property
    def spent(self) -> float:
        """Seconds of the budget that are spent, over all resumptions."""
        return self.stages.budget.spent
