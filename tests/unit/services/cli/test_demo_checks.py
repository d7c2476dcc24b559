"""The checks of the demo can fail: they detect a wrong order and clicks without effect."""

from datetime import UTC, datetime
from uuid import UUID

from services.cli.demo.checks import mean_rise, share_of_right_pairs
from shared.events import RankedFeed, RankedItem


def _feed(*names: str) -> RankedFeed:
    items = tuple(
        RankedItem(image_id=name, rank=rank, score=None, elements=None, tier="fallback")
        for rank, name in enumerate(names, start=1)
    )
    return RankedFeed(
        event_id=UUID(int=1), occurred_at=datetime(2026, 1, 31, tzinfo=UTC), user_id="u",
        request_id="r", status="ok", items=items, profile_version=1, model_version="m",
    )  # fmt: skip


def test_the_right_order_gives_one_and_the_wrong_order_zero() -> None:
    feed = _feed("a", "b", "x", "y")
    assert share_of_right_pairs(feed, above={"a", "b"}, below={"x", "y"}) == 1.0
    assert share_of_right_pairs(feed, above={"x", "y"}, below={"a", "b"}) == 0.0
    assert share_of_right_pairs(feed, above={"b"}, below={"a", "x"}) == 0.5


def test_no_pairs_give_zero() -> None:
    assert share_of_right_pairs(_feed("a"), above={"a"}, below={"missing"}) == 0.0


def test_the_rise_is_the_mean_change_in_rank() -> None:
    before, after = _feed("a", "b", "c"), _feed("c", "a", "b")
    assert mean_rise(before, after, of={"c"}) == 2.0
    assert mean_rise(before, after, of={"a", "b"}) == -1.0
    assert mean_rise(before, before, of={"a"}) == 0.0
