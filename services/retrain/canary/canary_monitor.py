"""Read the latest feeds and feedback, compare canary and champion, and end a failed trial."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from services.retrain.canary.guardrails import (
    CanaryVerdict,
    Guardrails,
    UserCounts,
    VariantTraffic,
    apply_guardrails,
)
from services.retrain.registry.promotion import Promoter
from shared.domain.errors import Unprocessable
from shared.domain.user import User
from shared.events import Feedback, RankedFeed
from shared.events.topics import FEEDBACK, FEEDS, Topic
from shared.events.types.base import Event
from shared.events.types.model import CHALLENGER, CHAMPION
from shared.events.wire.codec import decode
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail

MAX_EVENTS_PER_PARTITION = 20_000
"""The latest feeds and feedback events that are read."""
LIKES = {"click", "like"}
DISLIKES = {"dislike", "hide"}
EventT = TypeVar("EventT", bound=Event)
RequestKey = tuple[str, str]
"""Tenant and request id."""
RequestImage = tuple[str, str]
"""Request id and image id."""


@dataclass(frozen=True)
class CanaryCheck:
    """A verdict, and whether the trial was ended because of it."""

    verdict: str
    reason: str
    applied: bool


def check_canary(
    promoter: Promoter,
    messaging: MessagingSettings,
    *,
    apply: bool,
    rails: Guardrails | None = None,
) -> CanaryCheck:
    """Check the current challenger; `apply` ends a failed trial.

    Raises `Unavailable`, and the errors of `Promoter.end_trial`.
    """
    challenger = promoter.challenger()
    if challenger is None:
        return CanaryCheck("wait", "there is no challenger", False)
    since = challenger.occurred_at
    feeds = [feed for feed in _events(messaging, FEEDS, RankedFeed) if feed.occurred_at >= since]
    feedback = _events(messaging, FEEDBACK, Feedback)
    result = compare_variants(
        feeds, feedback, version=challenger.model_version, rails=rails or Guardrails()
    )
    if result.verdict == "roll_back" and apply:
        # Not `rollback`: when two instances decide the same, the second would undo the champion.
        promoter.end_trial(challenger.model_version, reason=f"automatic: {result.reason}")
        return CanaryCheck(result.verdict, result.reason, True)
    return CanaryCheck(result.verdict, result.reason, False)


def compare_variants(
    feeds: Iterable[RankedFeed], feedback: Iterable[Feedback], *, version: str, rails: Guardrails
) -> CanaryVerdict:
    """Apply the guardrails to the feeds of a trial and the feedback that names them."""
    feed_of: dict[RequestKey, RankedFeed] = {}
    for feed in feeds:
        if feed.variant == CHAMPION or feed.model_version == version:
            feed_of[(feed.tenant, feed.request_id)] = feed
    feedback_of: dict[RequestKey, list[Feedback]] = defaultdict(list)
    for event in feedback:
        if event.request_id and (event.tenant, event.request_id) in feed_of:
            feedback_of[(event.tenant, event.request_id)].append(event)
    return apply_guardrails(
        _traffic(CHAMPION, feed_of, feedback_of), _traffic(CHALLENGER, feed_of, feedback_of), rails
    )


def _traffic(
    variant: str,
    feed_of: dict[RequestKey, RankedFeed],
    feedback_of: dict[RequestKey, list[Feedback]],
) -> VariantTraffic:
    own = {request: feed for request, feed in feed_of.items() if feed.variant == variant}
    users: dict[User, tuple[set[RequestImage], set[RequestImage], set[RequestImage]]] = defaultdict(
        lambda: (set(), set(), set())
    )
    """The views, likes and dislikes of each user."""
    for request, feed in own.items():
        for event in feedback_of.get(request, ()):
            if event.user_id != feed.user_id:
                continue
            views, likes, dislikes = users[User(feed.tenant, feed.user_id)]
            impression = (feed.request_id, event.image_id)
            # Feedback of any type implies a view; a repeated or redelivered event counts once.
            views.add(impression)
            if event.type in LIKES:
                likes.add(impression)
            elif event.type in DISLIKES:
                dislikes.add(impression)
    return VariantTraffic(
        users=[UserCounts(*map(len, impressions)) for impressions in users.values()],
        feeds=len(own),
        degraded=sum(feed.status == "degraded" for feed in own.values()),
        median_ms=median([feed.latency_ms.get("total", 0.0) for feed in own.values()] or [0.0]),
    )


def _events(messaging: MessagingSettings, topic: Topic, kind: type[EventT]) -> Iterable[EventT]:
    for record in tail(messaging, topic, max_per_partition=MAX_EVENTS_PER_PARTITION):
        try:
            event = decode(topic, record)
        except Unprocessable:
            continue
        if isinstance(event, kind):
            yield event
