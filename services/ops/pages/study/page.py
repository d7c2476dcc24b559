"""The blind test: start it, mark pictures, choose in pairs, export the result, and erase it."""

import asyncio
import json
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.ops.auth.roles import Principal
from services.ops.context import Context, OpsContext
from services.ops.http.middleware.authentication import Reader, Writer
from services.ops.http.problems import Problem
from services.ops.pages.rendering.templates import render
from services.ops.sample_images import webp
from services.ops.study.commitment import Side
from services.ops.study.prediction import commit
from services.ops.study.result import export, shares
from services.ops.study.study import (
    MARKS,
    MAX_PICTURES,
    MAX_URI_CHARACTERS,
    MIN_OF_SIDE,
    MIN_PICTURES,
    Mark,
    Study,
    StudyError,
    add_all,
)
from shared.domain.errors import Unprocessable
from shared.events import DEFAULT_TENANT, UserErase
from shared.events.types.fields import Identifier
from shared.images.data_source import is_data_address

router = APIRouter()
MAX_SENT: Final = 20
"""Pictures of one request."""
Token = Annotated[str, Field(min_length=1, max_length=64)]


class NewStudy(BaseModel):
    """Start a test on the samples, or on the person's own pictures, which follow."""

    model_config = ConfigDict(frozen=True)

    own: bool = False
    tenant: Identifier | None = None


class OwnPicture(BaseModel):
    """A picture as a `data:` address, and its name, which is shown to the person only."""

    model_config = ConfigDict(frozen=True)

    uri: Annotated[str, Field(max_length=MAX_URI_CHARACTERS)]
    alt: Annotated[str, Field(max_length=256)] = "your picture"


class OwnPictures(BaseModel):
    """Pictures to add to a test."""

    model_config = ConfigDict(frozen=True)

    study: Token
    pictures: Annotated[tuple[OwnPicture, ...], Field(min_length=1, max_length=MAX_SENT)]


class MarkRequest(BaseModel):
    """A like or dislike of a picture; null takes it back."""

    model_config = ConfigDict(frozen=True)

    study: Token
    picture: Annotated[str, Field(max_length=64)]
    side: Mark | None = None


class ChoiceRequest(BaseModel):
    """The choice in the pair of a number, from 0."""

    model_config = ConfigDict(frozen=True)

    study: Token
    number: Annotated[int, Field(ge=0)]
    side: Side


class StudyRequest(BaseModel):
    """A step of a test that needs nothing else."""

    model_config = ConfigDict(frozen=True)

    study: Token


@router.get("/study")
async def study_page(
    http: Request,
    ops: Context,
    principal: Reader,
    study: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Start page of blind tests, or the current step of one."""
    if not study:
        return render(
            http, "study/start.html",
            min_pictures=MIN_PICTURES, max_pictures=MAX_PICTURES, marks=MARKS,
        )  # fmt: skip
    return render(http, "study/page.html", **_shown(_study(ops, principal, study)))


@router.post("/study/start")
async def start(ops: Context, principal: Writer, new: NewStudy) -> Response:
    """Start a test. Returns the token that names it."""
    tenant = new.tenant or principal.tenant or DEFAULT_TENANT
    study = Study(_allowed(principal, tenant), ops.clock(), is_own=new.own)
    if not new.own:
        samples = list((await ops.samples.all()).values())
        step = max(1.0, len(samples) / MAX_PICTURES)
        chosen = [samples[int(n * step)] for n in range(min(MAX_PICTURES, len(samples)))]
        add_all(study, [(sample.uri, sample.alt) for sample in chosen])
    for ended in ops.studies.add(study, now=ops.clock()):
        await _erase(ops, ended)
    return JSONResponse({"study": study.token}, 201)


@router.post("/study/pictures")
async def pictures(ops: Context, principal: Writer, own: OwnPictures) -> Response:
    """Add the person's pictures. One that cannot be decoded is left out, with its reason."""
    study = _study(ops, principal, own.study)
    readable = []
    for picture in own.pictures:
        if not is_data_address(picture.uri):
            raise Problem(422, "no-picture", "Send each picture as a data: address.")
        try:
            await ops.stores.image_loader.load(picture.uri)
        except Unprocessable as error:
            study.rejected.append(f"{picture.alt}: {error.detail}"[:300])
        else:
            readable.append((picture.uri, picture.alt))
    add_all(study, readable)
    del study.rejected[MAX_PICTURES:]
    return JSONResponse({"pictures": len(study.pictures), "rejected": study.rejected})


@router.get("/study/state")
async def state(
    ops: Context, principal: Reader, study: Annotated[str, Query(max_length=64)]
) -> Response:
    """Return the step of a test for a program: pictures, marks, and the names of the next pair."""
    current = _study(ops, principal, study)
    names = {picture.picture_id: picture.alt for picture in current.pictures.values()}
    pair = _shown(current)["pair"]
    return JSONResponse(
        {
            "step": current.step,
            "pictures": names,
            "marks": current.marks,
            "number": len(current.choices),
            "pair": {side: names[pair[side]] for side in pair} if pair else None,
        }
    )


@router.get("/study/picture")
async def picture(
    ops: Context,
    principal: Reader,
    study: Annotated[str, Query(max_length=64)],
    picture: Annotated[str, Query(max_length=64)],
) -> Response:
    """Return one picture of a test."""
    shown = _study(ops, principal, study).pictures.get(picture)
    if shown is None:
        raise Problem(404, "no-such-picture", "This picture is not part of the test.")
    # Encoded again: a browser gets pixels, and never the file that was sent.
    loaded = await ops.stores.image_loader.load(shown.uri)
    data = await asyncio.to_thread(webp, loaded.pixels)
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(data, media_type="image/webp", headers=headers)


@router.post("/study/mark")
async def mark(ops: Context, principal: Writer, marked: MarkRequest) -> Response:
    """Mark a picture. Returns the marks and what is missing."""
    study = _study(ops, principal, marked.study)
    try:
        study.mark(marked.picture, marked.side)
    except StudyError as error:
        raise _problem(error) from error
    return JSONResponse(
        {
            "liked": len(study.marked("liked")),
            "disliked": len(study.marked("disliked")),
            "missing": study.missing(),
        }
    )


@router.post("/study/predict")
async def predict(
    http: Request, ops: Context, principal: Writer, requested: StudyRequest
) -> Response:
    """Predict all pairs, fix the predictions, and show the first pair."""
    study = _study(ops, principal, requested.study)
    try:
        await commit(ops, study)
    except StudyError as error:
        raise _problem(error) from error
    return render(http, "study/_step.html", **_shown(study))


@router.post("/study/choose")
async def choose(http: Request, ops: Context, principal: Writer, choice: ChoiceRequest) -> Response:
    """Keep a choice and show the next pair, or the result."""
    study = _study(ops, principal, choice.study)
    try:
        study.choose(choice.number, choice.side)
    except StudyError as error:
        raise _problem(error) from error
    return render(http, "study/_step.html", **_shown(study))


@router.get("/study/export")
async def exported(
    ops: Context, principal: Reader, study: Annotated[str, Query(max_length=64)]
) -> Response:
    """Return a finished test as a JSON file, without pictures."""
    try:
        content = export(_study(ops, principal, study))
    except ValueError as error:
        raise Problem(409, "not-finished", f"There is no result yet: {error}.") from error
    headers = {"Content-Disposition": 'attachment; filename="blind-test.json"'}
    return Response(json.dumps(content, indent=1), media_type="application/json", headers=headers)


@router.post("/study/erase")
async def erase(ops: Context, principal: Writer, requested: StudyRequest) -> Response:
    """Forget a test with its pictures, and erase its user from every service."""
    study = _study(ops, principal, requested.study)
    await _erase(ops, study)
    ops.studies.remove(study.token)
    return Response(status_code=204)


async def _erase(ops: OpsContext, study: Study) -> None:
    if study.marks_are_sent:
        await ops.kafka.send(
            UserErase(
                event_id=uuid4(),
                occurred_at=ops.clock(),
                user_id=study.user_id,
                tenant=study.tenant,
                reason="the blind test of this user has ended",
            )
        )


def _study(ops: OpsContext, principal: Principal, token: str) -> Study:
    study = ops.studies.get(token)
    if study is None:
        detail = "This blind test has ended, or the dashboard was restarted; start a new one."
        raise Problem(404, "no-such-study", detail)
    _allowed(principal, study.tenant)
    return study


def _allowed(principal: Principal, tenant: str) -> str:
    if not principal.may_see(tenant):
        detail = f"The token {principal.name} is limited to the tenant {principal.tenant}."
        raise Problem(403, "other-tenant", detail)
    return tenant


def _shown(study: Study) -> dict[str, Any]:
    """The values of the templates. Predictions are among them in the last step alone."""
    values: dict[str, Any] = {
        "study": study, "step": study.step, "marks": MARKS, "min_of_side": MIN_OF_SIDE,
        "missing": study.missing(), "pair": None, "shares": (),
        "sha256": study.commitment.sha256() if study.commitment else None,
    }  # fmt: skip
    if study.commitment is not None and study.step == "compare":
        forecast = study.commitment.pairs[len(study.choices)]
        values["pair"] = {"left": forecast.left, "right": forecast.right}
    if study.commitment is not None and study.step == "result":
        values["shares"] = shares(study.commitment, study.choices)
    return values


def _problem(error: StudyError) -> Problem:
    return Problem(409, "not-now", str(error))
