"""Stage 1: build the job's dataset, and abort where it is too small."""

from dataclasses import replace
from typing import Any

from shared.files.storage_options import delta_options
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.jobs.training_job import TrainingJobRequest
from shared.settings import from_environment
from training.dataset.build import build
from training.dataset.images import ImageSource
from training.job.context import Job, JobAborted
from training.job.evidence.later_pairs import people
from training.job.evidence.stage import read_earlier_nights
from training.job.examples.own_answers import learned_from_drawings
from training.job.plan import too_few_later_pairs, too_little_data
from training.job.scoring.feedback_cases import read_feedback_cases


def build_job_dataset(job: Job) -> dict[str, int]:
    """Pairs by split; raises `JobAborted` for too little data, and after a dry run."""
    request = job.request
    counts: dict[str, int] = job.stages.once("1-dataset", lambda: _build(job))["counts"]
    cases = list(read_feedback_cases(job.dataset / "held_out.jsonl"))
    earlier = read_earlier_nights(job)
    shortage = too_little_data(
        counts, held_out_users=len({case.user for case in cases}),
        least_users=request.least_users, least_pairs=request.least_pairs,
    ) or too_few_later_pairs(
        sum(len(person.pairs) for person in people(cases, since=earlier.until)),
        earlier_pairs=earlier.pairs, least_pairs=request.least_pairs,
    )  # fmt: skip
    if shortage:
        raise JobAborted("too_little_data", shortage)
    if request.dry_run:
        raise JobAborted(
            "dry_run", f"a dry run trains nothing; there is enough data: {describe_counts(counts)}"
        )
    return counts


def describe_counts(counts: dict[str, int]) -> str:
    """Pairs by split in words."""
    return (
        f"{counts.get('train', 0)} training pairs, {counts.get('held_out', 0)} of held-out"
        f" users, {counts.get('later', 0)} of later days"
    )


def load_images(request: TrainingJobRequest) -> ImageSource:
    """Read images as the services do, also below the folders that the running system allows."""
    settings = from_environment(ImageSettings)
    roots = (*settings.allowed_file_roots, *request.allowed_file_roots)
    return ImageLoader(settings.model_copy(update={"allowed_file_roots": roots}))


def _build(job: Job) -> dict[str, Any]:
    settings = job.dependencies.dataset
    if not learned_from_drawings(job.request.release.folder):
        settings = replace(settings, max_replay_cases=0)
    dataset = build(
        job.request.lake,
        job.dataset,
        job.dependencies.images(job.request),
        now=job.request.requested_at,
        settings=settings,
        storage_options=delta_options(job.request.s3_endpoint),
        say=lambda step: job.stages.report("dataset", step),
    )
    return {"counts": dict(dataset.counts), "verdict": dataset.report.verdict}
