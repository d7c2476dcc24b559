"""Show no image that its app has removed: neither its picture nor its place in an earlier feed."""

from services.ops.context import OpsContext
from services.ops.http.problems import Problem
from shared.domain.images.image_key import ImageKey
from shared.events import RankedFeed, RejectedItem
from shared.store.removal.removal_check import REASON


async def refuse_removed(ops: OpsContext, image: ImageKey) -> None:
    """Raise a problem (410) for a removed image. Raises `Unavailable`."""
    check = ops.stores.removal_check
    if check is not None and await check.removed([image]):
        raise Problem(
            410,
            "removed-image",
            f"The app has removed the image {image.image_id!r} from its catalog. Publish it again"
            " to show it.",
        )


async def without_removed(ops: OpsContext, feed: RankedFeed) -> RankedFeed:
    """The feed without images that were removed after it; the others keep their ranks.

    Raises `Unavailable`.
    """
    check = ops.stores.removal_check
    keys = [ImageKey(feed.tenant, item.image_id) for item in feed.items]
    removed = await check.removed(keys) if check is not None else frozenset()
    if not removed:
        return feed
    ids = {key.image_id for key in removed}
    rejected = [
        RejectedItem(image_id=item.image_id, reason=f"{REASON}: removed after this feed was made")
        for item in feed.items
        if item.image_id in ids
    ]
    kept = tuple(item for item in feed.items if item.image_id not in ids)
    return feed.model_copy(update={"items": kept, "rejected": (*feed.rejected, *rejected)})
