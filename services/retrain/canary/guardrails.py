"""Compare a canary's feedback, degraded feeds and latency with the champion's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Verdict = Literal["wait", "roll_back", "passed"]
NORMAL_95 = 1.645
"""Normal quantile of a one-sided 95 % bound: only a change for the worse is tested."""


@dataclass(frozen=True)
class UserCounts:
    """Feedback of one user on the feeds of a variant."""

    views: int
    likes: int
    """Views that were clicked or liked; never more than views."""
    dislikes: int
    """Views that were disliked or hidden."""


@dataclass(frozen=True)
class VariantTraffic:
    """Feeds and feedback of one variant."""

    users: Sequence[UserCounts]
    feeds: int
    degraded: int
    """Feeds that the model could not score in time, or at all."""
    median_ms: float
    """Median milliseconds from request to feed."""


@dataclass(frozen=True)
class Guardrails:
    """Limits of a canary, and the data needed to apply them."""

    min_users: int = 30
    """With fewer users in a variant, the confidence interval is not valid."""
    min_feeds: int = 200
    max_likes_drop: float = 0.1
    """Largest relative drop of the rate of likes; a significantly larger one ends the trial."""
    max_dislikes_rise: float = 0.2
    """Largest relative rise of the rate of dislikes."""
    max_degraded_rise: float = 0.02
    """Largest rise of the share of degraded feeds; few feeds suffice to detect such faults."""
    max_slowdown: float = 2.0
    """Largest ratio to the champion's median latency; versions of one model are equally fast."""
    min_feeds_for_faults: int = 20


@dataclass(frozen=True)
class CanaryVerdict:
    """What to do with the canary, and the reason as text."""

    verdict: Verdict
    reason: str


def apply_guardrails(
    champion: VariantTraffic, canary: VariantTraffic, rails: Guardrails
) -> CanaryVerdict:
    """Check faults first, which need few feeds; then feedback, with intervals over users."""
    fault = _fault(champion, canary, rails)
    if fault:
        return CanaryVerdict("roll_back", fault)
    if min(champion.feeds, canary.feeds) < rails.min_feeds or (
        min(len(champion.users), len(canary.users)) < rails.min_users
    ):
        return CanaryVerdict(
            "wait",
            f"{canary.feeds} feeds for {len(canary.users)} users of the canary, {champion.feeds}"
            f" for {len(champion.users)} of the champion; {rails.min_feeds} feeds for"
            f" {rails.min_users} users of each are needed",
        )
    for name, allowed, sign in (
        ("likes", rails.max_likes_drop, -1),
        ("dislikes", rails.max_dislikes_rise, 1),
    ):
        before, _ = _rate(champion.users, name)
        after, _ = _rate(canary.users, name)
        if _significantly_beyond(champion, canary, name, sign * allowed):
            word = "fell" if sign < 0 else "rose"
            return CanaryVerdict(
                "roll_back",
                f"{name} {word} from {before:.1%} to {after:.1%} of views, significantly more than"
                f" the allowed {allowed:.0%} of the rate",
            )
    return CanaryVerdict("passed", f"no guardrail failed in {canary.feeds} feeds of the canary")


def _fault(champion: VariantTraffic, canary: VariantTraffic, rails: Guardrails) -> str | None:
    if canary.feeds < rails.min_feeds_for_faults or not champion.feeds:
        return None
    before, after = champion.degraded / champion.feeds, canary.degraded / canary.feeds
    if after - before > rails.max_degraded_rise and canary.degraded >= 3:
        return (
            f"{after:.0%} of the canary's feeds were degraded, and {before:.0%} of the champion's"
        )
    if champion.median_ms > 0 and canary.median_ms > rails.max_slowdown * champion.median_ms:
        return (
            f"a feed of the canary takes {canary.median_ms:.0f} ms, and one of the champion"
            f" {champion.median_ms:.0f} ms"
        )
    return None


def _significantly_beyond(
    champion: VariantTraffic, canary: VariantTraffic, name: str, allowed: float
) -> bool:
    """Whether the canary's rate is significantly beyond (1 + allowed) times the champion's."""
    before, spread_before = _rate(champion.users, name)
    after, spread_after = _rate(canary.users, name)
    beyond = after - (1 + allowed) * before
    spread = float(np.hypot(spread_after, (1 + allowed) * spread_before))
    return beyond < -NORMAL_95 * spread if allowed < 0 else beyond > NORMAL_95 * spread


def _rate(users: Sequence[UserCounts], name: str) -> tuple[float, float]:
    """Actions per view, and the standard error with users as the unit (linearized ratio)."""
    views = np.array([user.views for user in users], float)
    actions = np.array([getattr(user, name) for user in users], float)
    total = views.sum()
    if not total:
        return 0.0, 0.0
    rate = actions.sum() / total
    residuals = actions - rate * views
    n = len(users)
    return float(rate), float(np.sqrt(n / max(n - 1, 1) * (residuals**2).sum()) / total)
