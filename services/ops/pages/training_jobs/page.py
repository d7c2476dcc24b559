"""Training job pages: schedule, progress of a running job, outcome, curves and data report."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.admin.training_jobs import TrainingJobRecords
from services.ops.context import Context, OpsContext
from services.ops.http.problems import Problem
from services.ops.pages.rendering.templates import render
from services.ops.pages.training_jobs.training_curves import trainings

router = APIRouter()
COUNTED: Final = {
    "records": "Records read",
    "refused": "Records refused",
    "feedback": "Feedback",
    "bots": "Bots",
    "slates": "Slates",
    "pairs": "Pairs",
    "excluded": "Excluded pairs",
    "images": "Images",
    "images_rejected": "Images that could not be loaded",
}
"""Counts of a data report, with their names on the page."""


def _records(ops: OpsContext) -> TrainingJobRecords:
    if ops.training_jobs is None:
        detail = (
            "This process has no access to the folders of the training jobs; open a dashboard"
            " with access to them."
        )
        raise Problem(404, "no-training-jobs", detail)
    return ops.training_jobs


@router.get("/training-jobs")
async def training_jobs(http: Request, ops: Context) -> Response:
    return render(http, "training_jobs/list.html", schedule=await _records(ops).jobs())


@router.get("/training-job")
async def training_job(
    http: Request, ops: Context, name: Annotated[str, Query(max_length=100)]
) -> Response:
    records = _records(ops)
    job = next((item for item in (await records.jobs()).jobs if item.name == name), None)
    if job is None:
        raise Problem(404, "no-such-training-job", f"There is no training job {name!r}.")
    report = await records.data_report(name) or {}
    return render(
        http, "training_jobs/job.html",
        job=job, report=report, counts=_counts(report),
        trainings=trainings(await records.curves(name)),
    )  # fmt: skip


def _counts(report: dict[str, Any]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return the counts of a report that have a title here and are not empty."""
    return [
        (title, [(str(name).replace("_", " "), int(n)) for name, n in report[key].items()])
        for key, title in COUNTED.items()
        if isinstance(report.get(key), dict) and report[key]
    ]
