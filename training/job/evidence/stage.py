"""Stage 5: collect the evidence on the challenger."""

from typing import Any

from shared.jobs.training_job import ModelFolder
from training.job.context import Job, JobAborted
from training.job.evidence.collection import collect_evidence
from training.job.evidence.frozen_benchmark import FrozenBenchmark


def collect_job_evidence(
    job: Job, challenger: ModelFolder, *, held_out_pairs: int
) -> dict[str, Any]:
    """Write `evidence.json`; raises `JobAborted` where the time was too short for a verdict."""
    result = job.stages.once("5-evidence", lambda: _collect(job, challenger))
    least = job.request.least_pairs
    if result["held_out"] < least:
        raise JobAborted(
            "no_time",
            f"{challenger.version} was trained, but a budget of {job.request.minutes:g} minutes was"
            f" enough for {result['held_out']} of {held_out_pairs} pairs of held-out users only;"
            f" {least} are needed for a verdict. Set a higher --minutes",
        )
    return result


def _collect(job: Job, challenger: ModelFolder) -> dict[str, Any]:
    job.stages.report("evidence", "loading champion and challenger")
    return collect_evidence(
        job.folder,
        job.dependencies.open_models(job.request, challenger),
        FrozenBenchmark.next_to(job.folder.parent),
        job.dependencies.benchmark_size,
        least_pairs=job.request.least_pairs,
        seconds=job.stages.budget.left,
        now=lambda: job.spent,
        report=job.stages.report,
    )
