"""What a night works with, and how it ends early; tests bring smaller parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from shared.jobs.result_codes import TrainingCode
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from training.dataset.images import ImageSource
from training.dataset.settings import DatasetSettings
from training.job.evidence.collection import Opened
from training.job.train.trainer_processes import Trainer

TRIED_PAIRS: Final = 420
"""Clicked pairs that GRPO tries: 60 steps take 240."""
DATASET: Final = DatasetSettings(max_replay_cases=180)
"""With `TRIED_PAIRS`, three tenths of what GRPO tries are simulated."""


class Ends(Exception):
    """The night ends here without a challenger."""

    def __init__(self, code: TrainingCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Parts:
    """What a night works with."""

    images: Callable[[TrainingJobRequest], ImageSource]
    open_models: Callable[[TrainingJobRequest, ModelFolder], Opened]
    open_champion: Callable[[TrainingJobRequest], Any]
    train: Trainer
    dataset: DatasetSettings = DATASET
