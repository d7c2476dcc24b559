"""A job runner on fakes, with a training that a test controls."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.retrain.jobs.dependencies import JobDependencies, JobPlan, Lake
from services.retrain.jobs.finalization import JobFinalization
from services.retrain.jobs.gate_process import GateVerdict
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.runner import JobRunner
from services.retrain.jobs.settings import JobSettings
from services.retrain.lake.collect import CollectProblem, CollectResult
from shared.jobs.training_job import JobStep, ModelFolder, TrainingJobRequest, TrainingJobResult
from shared.vlm.settings import ModelSettings
from tests.unit.services.retrain.registry.registry_setup import RELEASE, RegistrySetup

BETTER = GateVerdict(True, "better", "nano-4 takes over.", {"held_out_difference": 0.03})
NO_SIGNAL = GateVerdict(False, "no_signal", "The champion keeps serving. It may be chance.")
TONIGHT = JobPlan(name="nightly-2026-01-31")


@dataclass
class ManualClock:
    now: datetime = datetime(2026, 1, 31, 2, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class FakeTraining:
    """Returns a given result, and records the folders that it was called with."""

    registry: RegistrySetup
    action: Callable[[], None] = lambda: None
    result: TrainingJobResult | None = None
    folders: list[Path] = field(default_factory=list)

    def __call__(
        self,
        folder: Path,
        *,
        minutes: float,
        on_step: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> TrainingJobResult:
        self.folders.append(folder)
        self.request = TrainingJobRequest.model_validate_json((folder / "request.json").read_text())
        on_step(JobStep(stage="sft", text="a step", seconds_spent=1.5))
        self.action()
        if self.result is not None:
            return self.result
        trained = self.registry.folders.find("nano-2").folder
        return TrainingJobResult(
            code="trained",
            reason="nano-4 was trained.",
            challenger=ModelFolder(folder=trained, version="nano-4", kind="adapter"),
            base_version=RELEASE.version,
            evidence=folder / "evidence.json",
        )


class JobSetup:
    """The fakes of a job runner, which a test can change and check."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.registry = RegistrySetup(tmp_path)
        self.clock = ManualClock()
        self.training = FakeTraining(self.registry)
        self.verdict = BETTER
        self.problems: tuple[CollectProblem, ...] = ()
        self.metrics = CollectorRegistry()
        self._metrics = JobMetrics(self.metrics)
        self.model = ModelSettings()

    def runner(self) -> JobRunner:
        """A new runner, as in a new process: it knows only what is on disk."""

        def gate(evidence: Path, *, out: Path) -> GateVerdict:
            return self.verdict

        models = self.tmp_path / "models"
        dependencies = JobDependencies(
            collect=lambda: CollectResult({}, {}, self.problems),
            train=self.training,
            finalize=JobFinalization(
                gate,
                self.registry.folders,
                self.registry.promoter,
                jobs_dir=self.tmp_path,
                history_dir=models,
            ),
            folders=self.registry.folders,
            promoter=self.registry.promoter,
            models_dir=models,
            lake=Lake(str(self.tmp_path / "lake")),
            metrics=self._metrics,
            clock=self.clock,
            model=self.model,
        )
        return JobRunner(dependencies, self.settings)

    @property
    def settings(self) -> JobSettings:
        return JobSettings(data_dir=self.tmp_path, training_jobs_kept=2)

    @property
    def promoted_versions(self) -> list[str]:
        return [event.model_version for event in self.registry.topic.events]

    def set_result(self, **changes: object) -> None:
        """Set the result of the next trainings."""
        result = TrainingJobResult.model_validate(
            {"code": "too_little_data", "reason": "few.", **changes}
        )
        self.training = replace(self.training, result=result)


def value(setup: JobSetup, name: str, **labels: str) -> float:
    return setup.metrics.get_sample_value(name, labels) or 0.0


def lines(setup: JobSetup) -> list[dict[str, str]]:
    history = (setup.tmp_path / "models" / "training_jobs.jsonl").read_text().splitlines()
    return [json.loads(line) for line in history]
