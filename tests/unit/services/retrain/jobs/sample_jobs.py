"""A night on parts in memory, with a training that does what a test tells it to."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.retrain.jobs.dependencies import Lake, NightParts, NightPlan
from services.retrain.jobs.finalization import EndOfNight
from services.retrain.jobs.gate_process import GateVerdict
from services.retrain.jobs.metrics import NightMetrics
from services.retrain.jobs.runner import Night
from services.retrain.jobs.settings import NightSettings
from services.retrain.lake.collect import Collected, Problem
from shared.jobs.training_job import ModelFolder, TrainingJobRequest, TrainingJobResult, JobStep
from tests.unit.services.retrain.registry.world import RELEASE, World

BETTER = GateVerdict(True, "better", "nano-4 takes over.", {"held_out_difference": 0.03})
NO_SIGNAL = GateVerdict(False, "no_signal", "The champion keeps serving. It may be chance.")
TONIGHT = NightPlan(name="night-2026-01-31")


@dataclass
class Clock:
    now: datetime = datetime(2026, 1, 31, 2, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Training:
    """Answers as told, and remembers which folders it was given."""

    world: World
    does: Callable[[], None] = lambda: None
    result: TrainingJobResult | None = None
    folders: list[Path] = field(default_factory=list)

    def __call__(
        self,
        folder: Path,
        *,
        minutes: float,
        say: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> TrainingJobResult:
        self.folders.append(folder)
        self.request = TrainingJobRequest.model_validate_json((folder / "request.json").read_text())
        say(JobStep(stage="sft", text="a step", seconds_spent=1.5))
        self.does()
        if self.result is not None:
            return self.result
        trained = self.world.folders.find("nano-2").folder
        return TrainingJobResult(
            code="trained",
            reason="nano-4 was trained.",
            challenger=ModelFolder(folder=trained, version="nano-4", kind="adapter"),
            base_version=RELEASE.version,
            evidence=folder / "evidence.json",
        )


class Nights:
    """What a test looks at."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.world = World(tmp_path)
        self.clock = Clock()
        self.training = Training(self.world)
        self.verdict = BETTER
        self.problems: tuple[Problem, ...] = ()
        self.metrics = CollectorRegistry()
        self._told = NightMetrics(self.metrics)

    def night(self) -> Night:
        """Another process's, as it were: nothing is remembered but what lies on disk."""

        def gate(evidence: Path, *, out: Path) -> GateVerdict:
            return self.verdict

        models = self.tmp_path / "models"
        parts = NightParts(
            collect=lambda: Collected({}, {}, self.problems),
            train=self.training,
            end=EndOfNight(
                gate, self.world.folders, self.world.promoter, work=self.tmp_path, log_in=models
            ),
            folders=self.world.folders,
            promoter=self.world.promoter,
            models_dir=models,
            lake=Lake(str(self.tmp_path / "lake")),
            metrics=self._told,
            clock=self.clock,
        )
        return Night(parts, self.settings)

    @property
    def settings(self) -> NightSettings:
        return NightSettings(data_dir=self.tmp_path, nights_kept=2)

    @property
    def announced(self) -> list[str]:
        return [event.model_version for event in self.world.topic.events]

    def answers(self, **changes: object) -> None:
        """The training's next results."""
        result = TrainingJobResult.model_validate(
            {"code": "too_little_data", "reason": "few.", **changes}
        )
        self.training = replace(self.training, result=result)


def value(nights: Nights, name: str, **labels: str) -> float:
    return nights.metrics.get_sample_value(name, labels) or 0.0


def lines(nights: Nights) -> list[dict[str, str]]:
    told = (nights.tmp_path / "models" / "nights.jsonl").read_text().splitlines()
    return [json.loads(line) for line in told]
