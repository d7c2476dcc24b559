"""Train one night of a chain on the dataset of a recorded job, with the chain's own candidate."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shared.domain.element_weights import ElementWeights
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from shared.jobs.training_methods import Method
from training.job.context import Dependencies, Job, JobAborted
from training.job.dataset_stage import build_job_dataset
from training.job.examples.stage import machine_timings, write_job_examples
from training.job.scoring.feedback_cases import UnreadableCases
from training.job.stages import Budget, Stages
from training.job.train.stages import describe_methods, run_methods
from training.job.train.trainer_processes import TrainingFailed

Say = Callable[[str], None]


@dataclass(frozen=True)
class Night:
    """What one night of a chain starts from."""

    folder: Path
    recorded: TrainingJobRequest
    """The request of the recorded job: the same lake, window, seed and minutes."""
    methods: tuple[Method, ...]
    predecessor: ModelFolder
    """The chain's model after the night before; at first the release. It is the candidate: SFT
    starts from the release and keeps its names, GRPO and DPO continue it (decision 0162)."""
    weights: ElementWeights
    """Element weights that every model of the chain has, so that only the adapter differs."""


def train_night(night: Night, dependencies: Dependencies, *, say: Say) -> dict[str, Any]:
    """The chain's adapter after the night, or why it keeps the one before; resumes after a kill.

    The time is divided as in the recorded job, which also judges; the rest is not used.
    """
    before = night.predecessor
    request = night.recorded.model_copy(
        update={
            # What the loop promoted or kept as its candidate is another chain's model.
            "champion": night.recorded.release,
            "candidate": before if before.kind == "adapter" else None,
            "methods": night.methods,
            "dry_run": False,
            "earlier_evidence": None,
            "nights_before": 0,
        }
    )
    night.folder.mkdir(parents=True, exist_ok=True)
    budget = Budget(night.folder, seconds=request.minutes * 60)
    stages = Stages(night.folder, budget, lambda step: say(f"{step.stage}: {step.text}"))
    job = Job(night.folder, request, dependencies, stages)
    try:
        build_job_dataset(job)
        examples = write_job_examples(job)
        timings = replace(machine_timings(examples), orders=request.prediction_orders)
        methods = run_methods(job, timings, night.weights)
    except (JobAborted, TrainingFailed, UnreadableCases) as error:
        return _kept(night, str(error))
    trained = [result for _, result in methods if result["steps"]]
    if not trained:
        return _kept(night, describe_methods(methods))
    return {
        "adapter": trained[-1]["adapter"],
        "version": trained[-1]["version"],
        "result": describe_methods(methods),
    }


def _kept(night: Night, reason: str) -> dict[str, Any]:
    is_adapter = night.predecessor.kind == "adapter"
    return {
        "adapter": str(night.predecessor.folder) if is_adapter else None,
        "version": night.predecessor.version,
        "result": f"kept: {reason}",
    }
