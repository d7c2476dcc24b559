"""Sample events of other services: a feed, a profile."""

from shared.domain.ids import derived_id, feed_id
from shared.domain.taste import TasteSide
from shared.events import Evidence, ImageCandidates, ProfileUpdated, RankedFeed
from tests.unit.services.ops.site import NOW


def feed_of(event: ImageCandidates) -> RankedFeed:
    return RankedFeed(
        event_id=feed_id(
            event.request_key, request_hash=event.request_hash(), model_version="m",
            profile_version=1,
        ),
        occurred_at=NOW,
        user_id=event.user_id,
        tenant=event.tenant,
        request_id=event.request_id,
        status="cold_start",
        items=(),
        profile_version=None,
        model_version="m",
        request_hash=event.request_hash(),
    )  # fmt: skip


def profile(user_id: str, *, tenant: str = "default") -> ProfileUpdated:
    return ProfileUpdated(
        event_id=derived_id("test", user_id), occurred_at=NOW, user_id=user_id, tenant=tenant,
        profile_version=1, preference=TasteSide(), non_preference=TasteSide(),
        evidence=Evidence(liked=0, disliked=0), model_version="m",
    )  # fmt: skip
