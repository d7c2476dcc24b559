"""Read the latest feeds and feedback, compare canary and champion, and end a failed trial."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
from shared.domain.clock import Clock, system_clock
from shared.domain.errors import Unprocessable
from shared.domain.requests.request_key import RequestKey
from shared.domain.times.time_bounds import EARLIEST
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
    clock: Clock = system_clock,
) -> CanaryCheck:
    """Check the current challenger; `apply` ends a failed trial.

    After the clock was set back the start of the trial may be in the future; then all feeds count.

    Raises `Unavailable`, and the errors of `Promoter.end_trial`.
    """
    challenger = promoter.challenger()
    if challenger is None:
        return CanaryCheck("wait", "there is no challenger", False)
    since = challenger.occurred_at if challenger.occurred_at <= clock() else EARLIEST
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
    """Apply the guardrails to the feeds of a trial and the feedback that names them.

    A feed and its feedback have the same tenant, user and request id. Where a user sent one id for
    several requests, it is unknown which of their feeds the feedback is about: it does not count.
    """
    # A redelivered feed counts once.
    latest = {(feed.request_key, feed.request_hash): feed for feed in feeds}
    feeds_with_id = Counter(request for request, _ in latest)
    feedback_of: dict[RequestKey, list[Feedback]] = defaultdict(list)
    for event in feedback:
        if event.request_key is not None and feeds_with_id[event.request_key] == 1:
            feedback_of[event.request_key].append(event)
    in_trial = [
        feed for feed in latest.values()
        if feed.variant == CHAMPION or feed.model_version == version
    ]  # fmt: skip
    return apply_guardrails(
        _traffic(CHAMPION, in_trial, feedback_of),
        _traffic(CHALLENGER, in_trial, feedback_of),
        rails,
    )


def _traffic(
    variant: str,
    feeds: Sequence[RankedFeed],
    feedback_of: Mapping[RequestKey, Sequence[Feedback]],
) -> VariantTraffic:
    own = [feed for feed in feeds if feed.variant == variant]
    users: dict[User, tuple[set[RequestImage], set[RequestImage], set[RequestImage]]] = defaultdict(
        lambda: (set(), set(), set())
    )
    """The views, likes and dislikes of each user."""
    for feed in own:
        for event in feedback_of.get(feed.request_key, ()):
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
        degraded=sum(feed.status == "degraded" for feed in own),
        median_ms=median([feed.latency_ms.get("total", 0.0) for feed in own] or [0.0]),
    )


def _events(messaging: MessagingSettings, topic: Topic, kind: type[EventT]) -> Iterable[EventT]:
    for record in tail(messaging, topic, max_per_partition=MAX_EVENTS_PER_PARTITION):
        try:
            event = decode(topic, record)
        except Unprocessable:
            continue
        if isinstance(event, kind):
            yield event
