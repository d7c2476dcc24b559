"""Stage 5: collect the evidence on the challenger."""

from typing import Any

from shared.jobs.training_job import ModelFolder
from training.job.context import Job, JobAborted
from training.job.evidence.collection import PredictionPart, collect_evidence
from training.job.evidence.earlier_nights import EarlierNights, UnreadableEvidence, earlier_nights
from training.job.evidence.frozen_benchmark import FrozenBenchmark
from training.job.evidence.off_policy.collection import off_policy_part


def collect_job_evidence(
    job: Job, challenger: ModelFolder, *, held_out_pairs: int
) -> dict[str, Any]:
    """Write `evidence.json`; raises `JobAborted` where the time was too short for a verdict."""
    result = job.stages.once("5-evidence", lambda: _collect(job, challenger))
    # At least one: a verdict on the nights before alone would say nothing about this challenger.
    least = max(1, job.request.least_pairs - result.get("earlier", 0))
    wanted = result.get("held_out_wanted", held_out_pairs)
    if result["held_out"] < least:
        raise JobAborted(
            "no_time",
            f"{challenger.version} was trained, but a budget of {job.request.minutes:g} minutes was"
            f" enough for {result['held_out']} of {wanted} later pairs of held-out"
            f" users only; {least} are needed for a verdict. Set a higher --minutes",
        )
    return result


def _collect(job: Job, challenger: ModelFolder) -> dict[str, Any]:
    job.stages.report("evidence", "loading champion and challenger")
    models = job.dependencies.open_models(job.request, challenger)
    return collect_evidence(
        job.folder,
        models,
        FrozenBenchmark.next_to(job.folder.parent),
        job.dependencies.benchmark_size,
        least_pairs=job.request.least_pairs,
        seconds=job.stages.budget.left,
        now=lambda: job.spent,
        report=job.stages.report,
        prediction=_prediction(job),
        off_policy=off_policy_part(job, models, job.dependencies.image_encoder),
    )


def read_earlier_nights(job: Job) -> EarlierNights:
    """Nights of the candidate before this one; raises `JobAborted` for unreadable evidence."""
    file = job.request.earlier_evidence
    if file is None:
        return EarlierNights()
    try:
        return earlier_nights(file, champion=job.request.champion.version)
    except UnreadableEvidence as error:
        raise JobAborted(
            "data",
            f"the earlier nights of the candidate cannot be counted: {error}. The next job starts"
            " from the champion again",
        ) from error


def _prediction(job: Job) -> PredictionPart:
    earlier = read_earlier_nights(job)
    return PredictionPart(
        job.request.prediction_orders, earlier.nights, earlier.until,
        int(job.request.requested_at.timestamp() * 1_000_000),
    )  # fmt: skip
