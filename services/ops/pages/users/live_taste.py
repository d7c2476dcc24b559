"""Stream the taste of a user to open pages: the current one, and every change."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.pages.rendering.live_parts import Part, stream
from services.ops.pages.rendering.templates import fragment
from services.ops.pages.users.taste_view import of_event, of_stored
from services.ops.pages.users.user_ref import RequestedUser, UserRef
from shared.events import ProfileUpdated
from shared.events.topics import PROFILES
from shared.events.types.base import record_key

router = APIRouter()


@router.get("/live/profile")
async def profile(ops: Context, user: RequestedUser) -> Response:
    """Stream the taste of a user, for the playground."""
    return stream(ops, tastes_of(ops, user, "users/_taste.html"))


@router.get("/live/editor")
async def editor(ops: Context, user: RequestedUser) -> Response:
    """Stream the taste of a user with the controls to correct each word."""
    return stream(ops, tastes_of(ops, user, "users/_taste_editor.html"))


async def tastes_of(ops: OpsContext, user: UserRef, template: str) -> AsyncIterator[Part]:
    """Yield the current taste, and the new taste after every profile update."""
    key = record_key(tenant=user.tenant, user_id=user.user_id).encode()
    async with ops.kafka.listening(
        lambda record: record.topic == PROFILES.name and record.key == key
    ) as new_records:
        stored = await ops.stores.profiles.get(tenant=user.tenant, user_id=user.user_id)
        taste = of_stored(stored) if stored else None
        yield "profile", fragment(template, user=user, taste=taste)
        async for _, event in new_records:
            if isinstance(event, ProfileUpdated):
                taste = of_event(event, before=taste.positions if taste else ())
                yield "changed", fragment(template, user=user, taste=taste)
            else:
                # A tombstone: the user was erased.
                taste = None
                yield "profile", fragment(template, user=user, taste=None)
