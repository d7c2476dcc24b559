"""Feeds and feedback become counts of each variant; other events are left out."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.retrain.canary.canary_monitor import compare_variants
from services.retrain.canary.guardrails import Guardrails
from shared.events import Feedback, RankedFeed, RankedItem
from shared.events.types.feedback import Action

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
RAILS = Guardrails(min_users=10, min_feeds=20)


def _feed(number: int, variant: str, *, version: str = "nano-2") -> RankedFeed:
    return RankedFeed(
        event_id=uuid4(), occurred_at=AT, user_id=f"user-{number % 20}",
        request_id=f"{variant}-{number}", status="ok", profile_version=1, variant=variant,
        model_version=version if variant == "challenger" else "nano-1",
        items=(RankedItem(image_id="a", rank=1, score=None, elements=None, tier="fallback"),),
        latency_ms={"total": 400.0},
    )  # fmt: skip


def _feedback(feed: RankedFeed, kind: Action, *, user: str | None = None) -> Feedback:
    return Feedback(
        event_id=uuid4(), occurred_at=AT + timedelta(seconds=1), user_id=user or feed.user_id,
        type=kind, image_id="a", request_id=feed.request_id,
    )  # fmt: skip


def test_a_canary_whose_images_are_hidden_is_rolled_back() -> None:
    old = [_feed(n, "champion") for n in range(60)]
    new = [_feed(n, "challenger") for n in range(60)]
    feedback = [_feedback(f, "click") for f in old] + [_feedback(f, "hide") for f in new]
    result = compare_variants(old + new, feedback, version="nano-2", rails=RAILS)
    assert result.verdict == "roll_back"
    assert "likes fell from 100.0% to 0.0%" in result.reason


def test_a_repeated_click_counts_once_and_feedback_of_another_user_does_not_count() -> None:
    old = [_feed(n, "champion") for n in range(60)]
    new = [_feed(n, "challenger") for n in range(60)]
    feedback = [_feedback(f, "view") for f in old + new]
    feedback += [_feedback(f, "click") for f in old[:20] + new[:20]] * 3
    feedback += [_feedback(f, "hide", user="stranger") for f in new]
    assert compare_variants(old + new, feedback, version="nano-2", rails=RAILS).verdict == "passed"


def test_feeds_of_an_earlier_challenger_do_not_count() -> None:
    old = [_feed(n, "champion") for n in range(60)]
    other = [_feed(n, "challenger", version="nano-0") for n in range(60)]
    result = compare_variants(
        old + other, [_feedback(f, "view") for f in old], version="nano-2", rails=RAILS
    )
    assert result.verdict == "wait"
    assert "0 feeds for 0 users of the canary" in result.reason


def test_feedback_counts_for_the_feed_of_its_own_user_and_tenant_only() -> None:
    """Every user sends the same request id, with the canary and with the champion."""
    feeds = [_feed(n, variant) for variant in ("champion", "challenger") for n in range(20)]
    feeds = [
        feed.model_copy(update={"request_id": "home", "user_id": f"{feed.variant}-{n}"})
        for n, feed in enumerate(feeds)
    ]
    feeds += [feed.model_copy(update={"tenant": "gallery", "event_id": uuid4()}) for feed in feeds]
    own = [feed for feed in feeds if feed.tenant == "default"]
    feedback = [_feedback(feed, "hide") for feed in own if feed.variant == "challenger"]
    feedback += [_feedback(feed, "click") for feed in own if feed.variant == "champion"]
    result = compare_variants(feeds, feedback, version="nano-2", rails=RAILS)
    assert result.verdict == "roll_back"
    assert "likes fell from 100.0% to 0.0%" in result.reason


def test_feedback_on_an_id_that_a_user_sent_for_several_requests_does_not_count() -> None:
    feeds = [_feed(n, variant) for variant in ("champion", "challenger") for n in range(60)]
    reused = [feed for feed in feeds if feed.variant == "challenger"]
    feeds += [feed.model_copy(update={"request_hash": "other"}) for feed in reused]
    feedback = [_feedback(feed, "hide") for feed in reused]
    result = compare_variants(feeds, feedback, version="nano-2", rails=RAILS)
    assert result.verdict == "wait"
    assert "120 feeds for 0 users of the canary" in result.reason
