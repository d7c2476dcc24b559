"""Watch a canary: read the latest feeds and feedback, judge, and roll back by itself."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from services.retrain.canary.guardrails import (
    Guardrails,
    Judgement,
    Traffic,
    UserCounts,
    judge_canary,
)
from services.retrain.registry.promotion import Promoter
from shared.domain.errors import Unprocessable
from shared.events import Feedback, RankedFeed
from shared.events.topics import FEEDBACK, FEEDS, Topic
from shared.events.types.base import Event
from shared.events.types.model import CHALLENGER, CHAMPION
from shared.events.wire.codec import decode
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail

LATEST = 20_000
"""Feeds and actions of a partition that are looked at."""
LIKES = {"click", "like"}
DISLIKES = {"dislike", "hide"}
EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Watched:
    """A verdict, and whether it was acted on."""

    verdict: str
    reason: str
    applied: bool


def watch_canary(
    promoter: Promoter,
    messaging: MessagingSettings,
    *,
    apply: bool,
    rails: Guardrails | None = None,
) -> Watched:
    """Judge the model that is tried out now; raises `Unavailable` and what a rollback raises."""
    tried = promoter.tried_out()
    if tried is None:
        return Watched("wait", "no model is tried out", False)
    feeds = [f for f in _events(messaging, FEEDS, RankedFeed) if f.occurred_at >= tried.occurred_at]
    actions = _events(messaging, FEEDBACK, Feedback)
    judgement = judge(feeds, actions, version=tried.model_version, rails=rails or Guardrails())
    if judgement.verdict == "roll_back" and apply:
        # Not `rollback`: a second instance that judged the same must not take back the champion.
        promoter.end_trial(tried.model_version, reason=f"by itself: {judgement.reason}")
        return Watched(judgement.verdict, judgement.reason, True)
    return Watched(judgement.verdict, judgement.reason, False)


def judge(
    feeds: Iterable[RankedFeed], actions: Iterable[Feedback], *, version: str, rails: Guardrails
) -> Judgement:
    """Feeds of the trial with the feedback that names them."""
    by_request: dict[tuple[str, str], RankedFeed] = {}
    for feed in feeds:
        if feed.variant == CHAMPION or feed.model_version == version:
            by_request[(feed.tenant, feed.request_id)] = feed
    told: dict[tuple[str, str], list[Feedback]] = defaultdict(list)
    for action in actions:
        if action.request_id and (action.tenant, action.request_id) in by_request:
            told[(action.tenant, action.request_id)].append(action)
    return judge_canary(
        _traffic(CHAMPION, by_request, told), _traffic(CHALLENGER, by_request, told), rails
    )


def _traffic(
    variant: str,
    feeds: dict[tuple[str, str], RankedFeed],
    told: dict[tuple[str, str], list[Feedback]],
) -> Traffic:
    own = {request: feed for request, feed in feeds.items() if feed.variant == variant}
    users: dict[tuple[str, str], list[set[tuple[str, str]]]] = defaultdict(
        lambda: [set(), set(), set()]
    )
    for request, feed in own.items():
        for action in told.get(request, ()):
            if action.user_id != feed.user_id:
                continue
            views, likes, dislikes = users[(feed.tenant, feed.user_id)]
            seen = (feed.request_id, action.image_id)
            # Who acts on an image has seen it; a repeated or redelivered action counts once.
            views.add(seen)
            if action.type in LIKES:
                likes.add(seen)
            elif action.type in DISLIKES:
                dislikes.add(seen)
    return Traffic(
        users=[UserCounts(len(v), len(up), len(down)) for v, up, down in users.values()],
        feeds=len(own),
        degraded=sum(feed.status == "degraded" for feed in own.values()),
        median_ms=median([feed.latency_ms.get("total", 0.0) for feed in own.values()] or [0.0]),
    )


def _events(messaging: MessagingSettings, topic: Topic, kind: type[EventT]) -> Iterable[EventT]:
    for record in tail(messaging, topic, most=LATEST):
        try:
            event = decode(topic, record)
        except Unprocessable:
            continue
        if isinstance(event, kind):
            yield event
