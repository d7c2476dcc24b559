"""The nights: when the next one is due, how far a running one is, what each found in its data."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.admin.training_jobs import NightRecords
from services.ops.context import Ops, OpsOf
from services.ops.http.problems import Problem
from services.ops.pages.rendering.templates import render
from services.ops.pages.training_jobs.training_curves import trainings

router = APIRouter()
COUNTED: Final = {
    "records": "Records read",
    "refused": "Records refused",
    "feedback": "Feedback",
    "machines": "Clicks of machines",
    "slates": "Slates",
    "pairs": "Pairs",
    "left_out": "Pairs left out",
    "images": "Images",
    "images_refused": "Images refused",
}
"""Counts of a data report, as pages name them."""


def _records(ops: Ops) -> NightRecords:
    if ops.nights is None:
        told = "No nights are at hand where this runs; they are where the training is."
        raise Problem(404, "no-nights", told)
    return ops.nights


@router.get("/nights")
async def nights(http: Request, ops: OpsOf) -> Response:
    return render(http, "nights.html", found=await _records(ops).nights())


@router.get("/night")
async def night(http: Request, ops: OpsOf, name: Annotated[str, Query(max_length=100)]) -> Response:
    records = _records(ops)
    found = next((one for one in (await records.nights()).nights if one.name == name), None)
    if found is None:
        raise Problem(404, "no-such-night", f"There is no night {name!r}.")
    report = await records.data_report(name) or {}
    return render(
        http, "night.html",
        night=found, report=report, counts=_counts(report),
        trainings=trainings(await records.curves(name)),
    )  # fmt: skip


def _counts(report: dict[str, Any]) -> list[tuple[str, list[tuple[str, int]]]]:
    """The counts of a report that are known here and not empty."""
    return [
        (title, [(str(name).replace("_", " "), int(n)) for name, n in report[key].items()])
        for key, title in COUNTED.items()
        if isinstance(report.get(key), dict) and report[key]
    ]
