"""Judge a canary by what people do with its feeds beside those of the champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Verdict = Literal["wait", "roll_back", "passed"]
NORMAL_95 = 1.645
"""One-sided: a fall is looked for, not a rise."""


@dataclass(frozen=True)
class UserCounts:
    """One user's share in a variant."""

    views: int
    likes: int
    """Views that were clicked or liked; never more than views."""
    dislikes: int
    """Views that were disliked or hidden."""


@dataclass(frozen=True)
class Traffic:
    """What one variant did."""

    users: Sequence[UserCounts]
    feeds: int
    degraded: int
    """Feeds that the model could not score in time, or at all."""
    median_ms: float
    """Of the time from request to feed."""


@dataclass(frozen=True)
class Guardrails:
    """When to send a canary away, and when it has shown enough."""

    least_users: int = 30
    """With fewer users in a variant, the interval is no interval."""
    least_feeds: int = 200
    likes_may_fall: float = 0.1
    """Share of the champion's rate of likes that a canary may lose before it is sent away, beyond
    what could be chance."""
    dislikes_may_rise: float = 0.2
    degraded_may_rise: float = 0.02
    """Feeds in a hundred; these are faults, not taste, and a few suffice."""
    slower_at_most: float = 2.0
    """Times the champion's median; two versions of one model take the same time."""
    least_feeds_for_faults: int = 20


@dataclass(frozen=True)
class Judgement:
    """What to do with the canary, and why in words."""

    verdict: Verdict
    reason: str


def judge_canary(champion: Traffic, canary: Traffic, rails: Guardrails) -> Judgement:
    """Faults first, since they need few feeds; then behaviour, bounded over users."""
    fault = _fault(champion, canary, rails)
    if fault:
        return Judgement("roll_back", fault)
    if min(champion.feeds, canary.feeds) < rails.least_feeds or (
        min(len(champion.users), len(canary.users)) < rails.least_users
    ):
        return Judgement(
            "wait",
            f"{canary.feeds} feeds for {len(canary.users)} users of the canary, {champion.feeds}"
            f" for {len(champion.users)} of the champion; {rails.least_feeds} feeds for"
            f" {rails.least_users} users of each are needed",
        )
    for name, allowed, sign in (
        ("likes", rails.likes_may_fall, -1),
        ("dislikes", rails.dislikes_may_rise, 1),
    ):
        before, _ = _rate(champion.users, name)
        after, _ = _rate(canary.users, name)
        if _certainly_beyond(champion, canary, name, sign * allowed):
            word = "fell" if sign < 0 else "rose"
            return Judgement(
                "roll_back",
                f"{name} {word} from {100 * before:.1f} to {100 * after:.1f} in a hundred views,"
                f" more than the {100 * allowed:.0f} % of them that are allowed, and not by chance",
            )
    return Judgement("passed", f"no guardrail fell in {canary.feeds} feeds of the canary")


def _fault(champion: Traffic, canary: Traffic, rails: Guardrails) -> str | None:
    if canary.feeds < rails.least_feeds_for_faults or not champion.feeds:
        return None
    before, after = champion.degraded / champion.feeds, canary.degraded / canary.feeds
    if after - before > rails.degraded_may_rise and canary.degraded >= 3:
        return (
            f"{100 * after:.0f} in a hundred feeds of the canary were degraded, of the champion's"
            f" {100 * before:.0f}"
        )
    if champion.median_ms > 0 and canary.median_ms > rails.slower_at_most * champion.median_ms:
        return (
            f"a feed of the canary takes {canary.median_ms:.0f} ms, of the champion"
            f" {champion.median_ms:.0f} ms"
        )
    return None


def _certainly_beyond(champion: Traffic, canary: Traffic, name: str, allowed: float) -> bool:
    """Whether the canary's rate lies beyond (1 + allowed) times the champion's, chance aside."""
    before, spread_before = _rate(champion.users, name)
    after, spread_after = _rate(canary.users, name)
    beyond = after - (1 + allowed) * before
    spread = float(np.hypot(spread_after, (1 + allowed) * spread_before))
    return beyond < -NORMAL_95 * spread if allowed < 0 else beyond > NORMAL_95 * spread


def _rate(users: Sequence[UserCounts], name: str) -> tuple[float, float]:
    """Actions a view, and its standard error with users as the unit (a ratio, linearised)."""
    views = np.array([user.views for user in users], float)
    actions = np.array([getattr(user, name) for user in users], float)
    total = views.sum()
    if not total:
        return 0.0, 0.0
    rate = actions.sum() / total
    left = actions - rate * views
    n = len(users)
    return float(rate), float(np.sqrt(n / max(n - 1, 1) * (left**2).sum()) / total)
