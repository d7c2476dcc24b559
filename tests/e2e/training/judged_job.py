"""Run a job on a running system with a fake training, and the real gate and registry.

The adapter belongs to the shipped model and has small random weights; the evidence is simulated, so
that the verdict is known.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from services.retrain.jobs.dependencies import JobDependencies, Lake
from services.retrain.jobs.finalization import JobFinalization, JobOutcome
from services.retrain.jobs.gate_process import run_gate
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.runner import JobRunner
from services.retrain.jobs.settings import JobSettings
from services.retrain.lake.collect import CollectResult
from services.retrain.registry.folders import ModelFolders
from services.retrain.registry.promotion import Promoter
from services.retrain.registry.promotion_topic import KafkaPromotionTopic
from shared.domain.clock import system_clock
from shared.jobs.training_job import JobStep, ModelFolder, TrainingJobRequest, TrainingJobResult
from shared.messaging.client.settings import MessagingSettings
from shared.vlm.checkpoint.model_package import release
from tests.e2e.system import System
from tests.support.adapters import write_adapter
from training.gate.evidence import CONTROLS, Control, as_json
from training.gate.simulate.evidence import SimulatedJob, draw_evidence

STEPS = 40


def judged_job(system: System, *, version: str, gain: float) -> JobOutcome:
    """Run a job that trains `version`, better by `gain`; an accepted model gets a shadow share."""
    folders = ModelFolders(system.data_dir / "models", release(None))
    topic = KafkaPromotionTopic(MessagingSettings(kafka_bootstrap_servers=system.kafka))
    promoter = Promoter(folders, topic, None, clock=system_clock)
    settings = JobSettings(data_dir=system.data_dir, promotion_shadow_share=0.5)
    models = system.data_dir / "models"
    dependencies = JobDependencies(
        collect=lambda: CollectResult({}, {}, ()),
        train=_FakeTraining(version, gain),
        finalize=JobFinalization(
            run_gate, folders, promoter, jobs_dir=settings.jobs_dir, history_dir=models
        ),
        folders=folders,
        promoter=promoter,
        models_dir=models,
        lake=Lake(str(system.data_dir / "lake")),
        metrics=JobMetrics(CollectorRegistry()),
        clock=system_clock,
    )
    return JobRunner(dependencies, settings).run()


class _FakeTraining:
    """Writes the files of a training: an adapter, its curves, a data report, and evidence."""

    def __init__(self, version: str, gain: float) -> None:
        self._version = version
        self._gain = gain

    def __call__(
        self, folder: Path, *, minutes: float, on_step: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> TrainingJobResult:  # fmt: skip
        request = TrainingJobRequest.model_validate_json((folder / "request.json").read_text())
        adapter = write_adapter(folder / "sft" / "adapter" / self._version, seed=7)
        _write_curves(folder)
        _write(folder / "dataset" / "report.json", {"verdict": "Enough.", "pairs": {"train": 900}})
        for stage, seconds in (("1-dataset", 3.0), ("3-sft", 40.0)):
            _write(folder / f"{stage}.done.json", {"seconds": seconds})
        _write_evidence(
            folder / "evidence.json", request.champion.version, self._version, gain=self._gain
        )
        return TrainingJobResult(
            code="trained",
            reason=f"{self._version} was trained.",
            challenger=ModelFolder(folder=adapter, version=self._version, kind="adapter"),
            base_version=request.release.version,
            evidence=folder / "evidence.json",
        )


def _write_evidence(file: Path, champion: str, challenger: str, *, gain: float) -> None:
    drawn = draw_evidence(SimulatedJob(gain=gain), seed=1)
    pairs = drawn.held_out_users
    rng = np.random.default_rng(2)

    def confident(right: np.ndarray) -> np.ndarray:
        """Probabilities of the liked image by a model that is a little overconfident."""
        chosen = np.clip(rng.normal(0.78, 0.12, right.size), 0.51, 0.99)
        return np.where(right > 0, chosen, 1 - chosen)

    probabilities = {
        "champion_probability": confident(pairs.champion),
        "challenger_probability": confident(pairs.challenger),
    }
    chance = Control(np.arange(pairs.pairs), np.full(pairs.pairs, 0.5))
    held_out = replace(pairs, more=probabilities, controls=dict.fromkeys(CONTROLS, chance))
    evidence = replace(drawn, champion=champion, challenger=challenger, held_out_users=held_out)
    _write(file, as_json(evidence))


def _write_curves(folder: Path) -> None:
    rng = np.random.default_rng(3)
    (folder / "sft").mkdir(parents=True, exist_ok=True)
    (folder / "grpo").mkdir(parents=True)
    falling, rising = np.exp(-np.arange(STEPS) / 12), 1 - np.exp(-np.arange(STEPS) / 15)
    noise = 0.05 * rng.standard_normal((2, STEPS))
    sft = [
        {"step": n + 1, "loss": 0.4 + falling[n] + noise[0, n], "grad_norm": 1.0}
        for n in range(STEPS)
    ]
    grpo = [
        {"step": n + 1, "reward": rising[n] + noise[1, n], "rewards/format/mean": 1.0}
        for n in range(STEPS)
    ]
    for name, rows in (("sft", sft), ("grpo", grpo)):
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / name / "curves.jsonl").write_text(lines)


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
