"""Try the system by hand: like and dislike pictures, see the feed, click, watch it change."""

from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from services.ops.context import Ops, OpsOf
from services.ops.http.middleware.authentication import Reader, Writer
from services.ops.http.problems import Problem
from services.ops.pages.playground.feed_cards import cards
from services.ops.pages.rendering.forms import as_problem
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.taste_view import of_stored
from services.ops.pages.users.user_access import PersonOf, open_person
from shared.client import action, request
from shared.events import DEFAULT_TENANT, Candidate
from shared.events.topics import MAX_RECORD_BYTES
from shared.events.types.candidates import MAX_CANDIDATES, Explain
from shared.events.types.feedback import Action
from shared.events.types.fields import Identifier, ImageUri

router = APIRouter()
ANSWER_SECONDS: Final = 120.0
"""A browser waits; a cold model on a busy machine takes most of it for a large slate."""
MOST_URI_CHARACTERS: Final = MAX_RECORD_BYTES - 256 * 1024
"""Of all pictures of one request: the record has room for the rest."""
SHOWN_PEOPLE: Final = 12


class Picture(BaseModel):
    """A picture by its id; `uri` is left out for samples, which are known here."""

    model_config = ConfigDict(frozen=True)

    image_id: Identifier
    uri: ImageUri | None = None


class Asked(BaseModel):
    """Rank these pictures for this person."""

    model_config = ConfigDict(frozen=True)

    user: Identifier
    tenant: Identifier = DEFAULT_TENANT
    pictures: Annotated[tuple[Picture, ...], Field(min_length=1, max_length=MAX_CANDIDATES)]
    explain: Explain = "top"
    before: Annotated[dict[Identifier, int], Field(max_length=MAX_CANDIDATES)] = Field(
        default_factory=dict
    )
    """Ranks of the feed that the page shows, to tell what moved."""


class Acted(BaseModel):
    """What the person did with a picture."""

    model_config = ConfigDict(frozen=True)

    user: Identifier
    tenant: Identifier = DEFAULT_TENANT
    type: Action
    picture: Picture
    request_id: Identifier | None = None
    position: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] | None = None


@router.get("/playground")
async def playground(
    http: Request,
    ops: OpsOf,
    who: Reader,
    user: Annotated[str | None, Query(max_length=256)] = None,
    tenant: Annotated[str | None, Query(max_length=256)] = None,
) -> Response:
    if not user:
        known = await ops.stores.people.page(
            tenant=who.tenant or DEFAULT_TENANT, after=None, most=SHOWN_PEOPLE
        )
        return render(
            http, "playground_start.html",
            people=known.people, suggested=f"guest-{uuid4().hex[:6]}",
            tenant=who.tenant or DEFAULT_TENANT,
        )  # fmt: skip
    person = open_person(who, user=user, tenant=tenant)
    stored = await ops.stores.profiles.get(tenant=person.tenant, user_id=person.user)
    marks = {r.image_id: r.side for r in stored.references} if stored else {}
    return render(
        http, "playground.html",
        person=person, taste=of_stored(stored) if stored else None, marks=marks,
    )  # fmt: skip


@router.get("/playground/samples")
async def samples(http: Request, ops: OpsOf, person: PersonOf) -> Response:
    """The tray of pictures that are offered, those of the person's references marked."""
    stored = await ops.stores.profiles.get(tenant=person.tenant, user_id=person.user)
    marks = {r.image_id: r.side for r in stored.references} if stored else {}
    offered = (await ops.samples.all()).values()
    return render(http, "_samples.html", samples=offered, marks=marks)


@router.get("/playground/sample/{image_id}")
async def sample(ops: OpsOf, image_id: str) -> Response:
    found = (await ops.samples.all()).get(image_id)
    if found is None:
        raise Problem(404, "no-such-sample", "There is no sample picture of that name.")
    kept = {"Cache-Control": "private, max-age=3600"}
    return Response(found.data, media_type="image/webp", headers=kept)


@router.post("/playground/rank")
async def rank(http: Request, ops: OpsOf, who: Writer, asked: Asked) -> Response:
    """Send candidates to Kafka, wait for the feed, and lay it out."""
    person = open_person(who, user=asked.user, tenant=asked.tenant)
    images = [
        Candidate(image_id=picture.image_id, uri=await _uri(ops, picture))
        for picture in asked.pictures
    ]
    if sum(len(image.uri) for image in images) > MOST_URI_CHARACTERS:
        raise Problem(
            413, "too-many-pictures",
            "These pictures do not fit into one event of Kafka; rank fewer at once.",
        )  # fmt: skip
    event = _made(request, person.user, images, tenant=person.tenant, explain=asked.explain)
    feed = await ops.kafka.answer(event, seconds=ANSWER_SECONDS)
    offered = await ops.samples.all()
    return render(
        http, "_feed.html",
        feed=feed, cards=cards(feed, before=asked.before), offered=offered, person=person,
    )  # fmt: skip


@router.post("/playground/act")
async def act(ops: OpsOf, who: Writer, acted: Acted) -> Response:
    """Send an action to Kafka; the profile that comes of it is told by the live stream."""
    person = open_person(who, user=acted.user, tenant=acted.tenant)
    await ops.kafka.send(
        _made(
            action, person.user, acted.type, acted.picture.image_id,
            tenant=person.tenant, uri=await _uri(ops, acted.picture),
            request_id=acted.request_id, position=acted.position,
        )
    )  # fmt: skip
    return Response(status_code=204)


async def _uri(ops: Ops, picture: Picture) -> str:
    if picture.uri is not None:
        return picture.uri
    found = (await ops.samples.all()).get(picture.image_id)
    if found is None:
        raise Problem(
            422, "unknown-picture",
            f"The picture {picture.image_id} is no sample and came without its uri.",
        )  # fmt: skip
    return found.uri


def _made(make: Any, *said: Any, **fields: Any) -> Any:
    """An event, or a problem that says what is wrong with it."""
    try:
        return make(*said, **fields)
    except ValidationError as error:
        raise as_problem(error) from error
