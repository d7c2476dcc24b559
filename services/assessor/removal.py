"""Show no removed image: reject it in requests, and drop it right before the feed is published."""

from collections.abc import Collection
from dataclasses import replace

from services.assessor.steps.state import RankingState
from shared.domain.images.image_key import ImageKey
from shared.events import RejectedItem
from shared.store.protocol import ImageStore
from shared.store.removal.removal_check import REASON, RemovalCheck


class RejectRemoved:
    """The step that rejects listed images which the app has removed from its catalog.

    An image that was never in the catalog is no removed image.
    """

    def __init__(self, check: RemovalCheck) -> None:
        self._check = check

    async def __call__(self, state: RankingState) -> RankingState:
        request = state.request
        removed = await removed_ids(
            self._check, [c.image_id for c in request.candidates], tenant=request.tenant
        )
        if not removed:
            return state
        listed = dict.fromkeys(c.image_id for c in request.candidates if c.image_id in removed)
        excluded = frozenset(request.exclude_ids)
        changes = {
            "candidates": tuple(c for c in request.candidates if c.image_id not in removed),
            "rejected": (*request.rejected, *map(rejection, listed.keys() - excluded)),
        }
        return replace(state, request=request.model_copy(update=changes))


class DropRemoved:
    """The step before publishing: an image that was removed during the request is not shown."""

    def __init__(self, check: RemovalCheck, image_store: ImageStore) -> None:
        self._check = check
        self._image_store = image_store

    async def __call__(self, state: RankingState) -> RankingState:
        tenant = state.request.tenant
        removed = await removed_ids(
            self._check, [image.image_id for image in state.ranked], tenant=tenant
        )
        if not removed:
            return state
        # This request has stored their addresses, maybe after the removal.
        await self._image_store.forget([ImageKey(tenant, image_id) for image_id in removed])
        dropped = [image.image_id for image in state.ranked if image.image_id in removed]
        return replace(
            state,
            ranked=tuple(image for image in state.ranked if image.image_id not in removed),
            rejected=(*state.rejected, *map(rejection, dropped)),
        )


async def removed_ids(
    check: RemovalCheck, image_ids: Collection[str], *, tenant: str
) -> frozenset[str]:
    """The removed images among these. Raises `Unavailable`."""
    removed = await check.removed([ImageKey(tenant, image_id) for image_id in image_ids])
    return frozenset(key.image_id for key in removed)


def rejection(image_id: str) -> RejectedItem:
    """The entry of the feed for a removed image."""
    return RejectedItem(
        image_id=image_id,
        reason=f"{REASON}: the app has removed the image from its catalog; publish it again"
        " (image.catalog.v1) to show it",
    )
