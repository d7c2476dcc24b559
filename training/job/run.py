"""Run a training job stage by stage: dataset, examples, training methods, evidence.

Each stage writes a marker last and is not repeated: a killed job resumes at its unfinished stage.
An expected end without a challenger (too little data, no time, no disk space) becomes a result with
its reason.
"""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from shared.files.write_errors import describe
from shared.jobs.result_codes import TrainingCode
from shared.jobs.training_job import TrainingJobRequest, TrainingJobResult
from training.dataset.lake import UnreadableLake
from training.finetuning.run.adapter import BadAdapter
from training.job.context import Dependencies, Job, JobAborted
from training.job.dataset_stage import build_job_dataset, describe_counts
from training.job.evidence.stage import collect_job_evidence
from training.job.examples.stage import learned_weights, machine_timings, write_job_examples
from training.job.plan import disk_shortage
from training.job.scoring.feedback_cases import UnreadableCases
from training.job.stages import Budget, Say, Stages
from training.job.train.stages import challenger_folder, describe_methods, run_methods
from training.job.train.trainer_processes import TrainingFailed

NEEDED_DISK: Final = 2 * 10**9
"""Bytes for the images of 30 days of clicks and for two runs with their checkpoints."""


def run_job(
    folder: Path, request: TrainingJobRequest, dependencies: Dependencies, *, say: Say
) -> TrainingJobResult:
    """The result of the job, also when it ends early; raises only for a bug."""
    budget = Budget(folder, seconds=request.minutes * 60)
    job = Job(folder, request, dependencies, Stages(folder, budget, say))
    counts: dict[str, int] = {}
    try:
        return _run_stages(job, counts)
    except JobAborted as error:
        code, reason = error.code, str(error)
    except UnreadableLake as error:
        code, reason = "lake", str(error)
    except (UnreadableCases, BadAdapter) as error:
        code, reason = "data", str(error)
    except TrainingFailed as error:
        code, reason = "machine", str(error)
    except MemoryError:
        code, reason = "machine", "the machine has too little memory; close other programs"
    except OSError as error:
        code, reason = "machine", describe(error, where=folder)
    return _result(job, code, reason, counts)


def _run_stages(job: Job, counts: dict[str, int]) -> TrainingJobResult:
    """The flow; fills `counts` as soon as the dataset is there."""
    shortage = disk_shortage(free=shutil.disk_usage(job.folder).free, needed=NEEDED_DISK)
    if shortage:
        raise JobAborted("machine", shortage)

    counts |= build_job_dataset(job)
    examples = write_job_examples(job)
    timings = replace(machine_timings(examples), orders=job.request.prediction_orders)
    weights = learned_weights(examples)
    methods = run_methods(job, timings, weights)
    last = [trained for _, trained in methods if trained["steps"]][-1]
    challenger = challenger_folder(job, last)
    collect_job_evidence(job, challenger, held_out_pairs=counts["held_out"])

    result = _result(
        job,
        "trained",
        f"{challenger.version} was trained from {describe_counts(counts)};"
        f" {examples['summary']}; {describe_methods(methods)}",
        counts,
    )
    return result.model_copy(
        update={
            "challenger": challenger,
            "base_version": job.request.release.version if challenger.kind == "adapter" else None,
            "evidence": job.folder / "evidence.json",
        }
    )


def _result(job: Job, code: TrainingCode, reason: str, counts: dict[str, int]) -> TrainingJobResult:
    return TrainingJobResult(
        code=code, reason=reason, seconds=job.stages.seconds(), counts=counts,
        ended_at=datetime.now(UTC),
    )  # fmt: skip
