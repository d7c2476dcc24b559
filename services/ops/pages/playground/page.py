"""The playground: like and dislike images, rank them, give feedback, and watch the feed change."""

from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.http.middleware.authentication import Reader, Writer
from services.ops.http.problems import Problem
from services.ops.pages.playground.feed_cards import cards
from services.ops.pages.playground.first_slate import first_questions
from services.ops.pages.playground.thumbnails import catalog_uri
from services.ops.pages.rendering.forms import as_problem
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.taste_view import of_stored
from services.ops.pages.users.user_ref import RequestedUser, UserRef, allowed_user
from shared.client import action, feed_request, request
from shared.domain.errors import Unavailable
from shared.domain.joint_tastes import taste_names
from shared.events import DEFAULT_TENANT, Candidate, RankedFeed
from shared.events.topics import MAX_RECORD_BYTES
from shared.events.types.candidates import MAX_CANDIDATES, ExplainOption
from shared.events.types.catalog import DEFAULT_SHORTLIST, MAX_SHORTLIST, Cursor
from shared.events.types.feedback import Action
from shared.events.types.fields import Identifier, ImageUri
from shared.store.catalog.queries import CatalogSelection

router = APIRouter()
ANSWER_SECONDS: Final = 120.0
"""A browser can wait. A model that was just loaded needs most of this time for a large slate."""
MAX_URI_CHARACTERS: Final = MAX_RECORD_BYTES - 256 * 1024
"""Characters of all image addresses of one request. The rest of the record holds the fields."""
SHOWN_USERS: Final = 12
SHOWN_REFERENCES: Final = 60
"""References of the user that are no samples, the latest ones: an app may have sent thousands."""


class Picture(BaseModel):
    """An image by its id. A sample image needs no `uri`."""

    model_config = ConfigDict(frozen=True)

    image_id: Identifier
    uri: ImageUri | None = None


class RankRequest(BaseModel):
    """A request to rank images for a user."""

    model_config = ConfigDict(frozen=True)

    user: Identifier
    tenant: Identifier = DEFAULT_TENANT
    pictures: Annotated[tuple[Picture, ...], Field(min_length=1, max_length=MAX_CANDIDATES)]
    explain: ExplainOption = "top"
    before: Annotated[dict[Identifier, int], Field(max_length=MAX_CANDIDATES)] = Field(
        default_factory=dict
    )
    """Ranks of the feed that the page shows now, to compute the changes."""


class CatalogRequest(BaseModel):
    """A request for one page of a feed from the catalog."""

    model_config = ConfigDict(frozen=True)

    user: Identifier
    tenant: Identifier = DEFAULT_TENANT
    count: Annotated[int, Field(ge=1, le=MAX_SHORTLIST)] = 24
    """Images of one page."""
    cursor: Cursor | None = None
    """`next_cursor` of the page before; None for the first page."""
    explain: ExplainOption = "top"
    before: Annotated[dict[Identifier, int], Field(max_length=MAX_CANDIDATES)] = Field(
        default_factory=dict
    )


class ActionRequest(BaseModel):
    """An action of the user on an image."""

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
    ops: Context,
    principal: Reader,
    user: Annotated[str | None, Query(max_length=256)] = None,
    tenant: Annotated[str | None, Query(max_length=256)] = None,
) -> Response:
    if not user:
        listed = await ops.stores.users.page(
            tenant=principal.tenant or DEFAULT_TENANT, after=None, limit=SHOWN_USERS
        )
        return render(
            http, "playground/start.html",
            users=listed.users, suggested=f"guest-{uuid4().hex[:6]}",
            tenant=principal.tenant or DEFAULT_TENANT,
        )  # fmt: skip
    user_ref = allowed_user(principal, user=user, tenant=tenant)
    stored = await ops.stores.profiles.get(tenant=user_ref.tenant, user_id=user_ref.user_id)
    marks = {r.image_id: r.side for r in stored.references} if stored else {}
    return render(
        http, "playground/page.html",
        user=user_ref, taste=of_stored(stored) if stored else None, marks=marks,
        has_catalog=await _has_catalog(ops, user_ref.tenant),
    )  # fmt: skip


@router.get("/playground/samples")
async def samples(http: Request, ops: Context, user: RequestedUser) -> Response:
    """Return the sample images: those that tell most first, references of the user marked."""
    stored = await ops.stores.profiles.get(tenant=user.tenant, user_id=user.user_id)
    marks = {r.image_id: r.side for r in stored.references} if stored else {}
    offered = tuple((await ops.samples.all()).values())
    questions = await first_questions(
        offered, answered=marks, encoded_images=ops.stores.encoded_images
    )
    places = {sample.image_id: place for place, sample in enumerate(questions, start=1)}
    ordered = sorted(offered, key=lambda sample: places.get(sample.image_id, len(offered) + 1))
    known = {sample.image_id for sample in offered}
    own = [r for r in stored.references if r.image_id not in known] if stored else []
    return render(
        http, "playground/_samples.html",
        samples=ordered, marks=marks, places=places, references=own[-SHOWN_REFERENCES:], user=user,
    )  # fmt: skip


@router.get("/playground/sample/{image_id}")
async def sample(ops: Context, image_id: str) -> Response:
    image = (await ops.samples.all()).get(image_id)
    if image is None:
        raise Problem(404, "no-such-sample", "There is no sample image with that id.")
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(image.data, media_type="image/webp", headers=headers)


@router.post("/playground/rank")
async def rank(
    http: Request, ops: Context, principal: Writer, rank_request: RankRequest
) -> Response:
    """Send candidates to Kafka, wait for the feed, and render it."""
    user = allowed_user(principal, user=rank_request.user, tenant=rank_request.tenant)
    images = [
        Candidate(image_id=picture.image_id, uri=await _uri(ops, picture, user))
        for picture in rank_request.pictures
    ]
    if sum(len(image.uri) for image in images) > MAX_URI_CHARACTERS:
        raise Problem(
            413, "too-many-pictures",
            "These pictures do not fit into one Kafka event; rank fewer at once.",
        )  # fmt: skip
    event = _build_event(
        request, user.user_id, images, tenant=user.tenant, explain=rank_request.explain
    )
    feed = await ops.kafka.answer(event, seconds=ANSWER_SECONDS)
    offered = await ops.samples.all()
    names = await _taste_names(ops, user, feed)
    return render(
        http, "playground/_feed.html",
        feed=feed, cards=cards(feed, before=rank_request.before, taste_names=names),
        offered=offered, user=user,
    )  # fmt: skip


@router.post("/playground/feed")
async def feed_page(
    http: Request, ops: Context, principal: Writer, wanted: CatalogRequest
) -> Response:
    """Request one page of a feed from the catalog, wait for it, and render it."""
    user = allowed_user(principal, user=wanted.user, tenant=wanted.tenant)
    event = _build_event(
        feed_request, user.user_id, tenant=user.tenant, top_k=wanted.count,
        limit=max(wanted.count, DEFAULT_SHORTLIST), cursor=wanted.cursor, explain=wanted.explain,
    )  # fmt: skip
    feed = await ops.kafka.answer(event, seconds=ANSWER_SECONDS)
    names = await _taste_names(ops, user, feed)
    return render(
        http, "playground/_feed.html",
        feed=feed, cards=cards(feed, before=wanted.before, taste_names=names),
        offered=await ops.samples.all(), user=user,
    )  # fmt: skip


async def _has_catalog(ops: OpsContext, tenant: str) -> bool:
    """Whether the tenant has an indexed image; a store that does not answer has none."""
    if ops.stores.catalogs is None:
        return False
    try:
        catalog = await ops.stores.catalogs.serving()
        selection = CatalogSelection(tenant, indexed_only=True)
        return bool((await catalog.page(selection, limit=1)).images)
    except Unavailable:
        return False


@router.post("/playground/act")
async def act(ops: Context, principal: Writer, action_request: ActionRequest) -> Response:
    """Send an action to Kafka. The live stream shows the new profile."""
    user = allowed_user(principal, user=action_request.user, tenant=action_request.tenant)
    await ops.kafka.send(
        _build_event(
            action, user.user_id, action_request.type, action_request.picture.image_id,
            tenant=user.tenant, uri=await _uri(ops, action_request.picture, user),
            request_id=action_request.request_id, position=action_request.position,
        )
    )  # fmt: skip
    return Response(status_code=204)


async def _taste_names(ops: OpsContext, user: UserRef, feed: RankedFeed) -> dict[str, str]:
    """The names of the tastes in a feed; a user with one taste costs no query."""
    if not any(item.taste_id for item in feed.items):
        return {}
    stored = await ops.stores.profiles.get(tenant=user.tenant, user_id=user.user_id)
    return taste_names(stored.tastes) if stored else {}


async def _uri(ops: OpsContext, picture: Picture, user: UserRef) -> str:
    """The address of a picture: sent with it, of a sample, a reference or a catalog image."""
    if picture.uri is not None:
        return picture.uri
    image = (await ops.samples.all()).get(picture.image_id)
    if image is not None:
        return image.uri
    stored = await ops.stores.profiles.get(tenant=user.tenant, user_id=user.user_id)
    for reference in stored.references if stored else ():
        if reference.image_id == picture.image_id:
            return reference.uri
    if (uri := await catalog_uri(ops, user, picture.image_id)) is not None:
        return uri
    raise Problem(
        422, "unknown-picture",
        f"The image {picture.image_id} is no sample, no reference and not in the catalog; send its"
        " uri.",
    )  # fmt: skip


def _build_event(build: Any, *arguments: Any, **fields: Any) -> Any:
    """Build an event. Raises a problem that names the invalid field."""
    try:
        return build(*arguments, **fields)
    except ValidationError as error:
        raise as_problem(error) from error
