"""Write feeds and feedback as queries and events of User Behavior Insights 1.3.

What UBI has no field for lies in an object `preferstream` of the attributes, so that our own import
gets the same events again. Ids longer than the 100 characters of UBI's schema are written whole,
and an event without a known position has no `position`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.events.interchange.readers.ubi import OWN
from shared.events.types.feed import RankedFeed
from shared.events.types.feedback import Feedback

APPLICATION: Final = "preferstream"
OBJECT_FIELD: Final = "image_id"
ACTION_NAMES: Final[Mapping[str, str]] = {"view": "impression"}
"""Names of UBI for our types; the other types keep their names."""


def query_of(feed: RankedFeed) -> dict[str, Any]:
    """The query that has the feed as its results; `user_query` is empty: users type nothing."""
    return {
        "application": APPLICATION,
        "query_id": feed.request_id,
        "client_id": feed.user_id,
        "user_id": feed.user_id,
        "user_query": "",
        "timestamp": _time(feed.occurred_at),
        "object_id_field": OBJECT_FIELD,
        "query_response_id": str(feed.event_id),
        "query_response_hit_ids": [item.image_id for item in feed.items],
        "query_attributes": {
            OWN: {
                "model_version": feed.model_version,
                "variant": feed.variant,
                "status": feed.status,
                "scores": [item.score for item in feed.items],
                "propensities": [item.propensity for item in feed.items],
                "explored": [item.explored for item in feed.items],
                "has_own_views": True,
            }
        },
    }


def event_of(feedback: Feedback) -> dict[str, Any]:
    """The event of one action."""
    own = {"event_id": str(feedback.event_id), "uri": feedback.uri, "dwell_ms": feedback.dwell_ms}
    attributes: dict[str, Any] = {
        "object": {"object_id": feedback.image_id, "object_id_field": OBJECT_FIELD},
        OWN: {name: value for name, value in own.items() if value is not None},
    }
    if feedback.position is not None:
        attributes["position"] = {"ordinal": feedback.position}
    event = {
        "application": APPLICATION,
        "action_name": ACTION_NAMES.get(feedback.type, feedback.type),
        "query_id": feedback.request_id,
        "client_id": feedback.user_id,
        "user_id": feedback.user_id,
        "timestamp": _time(feedback.occurred_at),
        "event_attributes": attributes,
    }
    return {name: value for name, value in event.items() if value is not None}


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
