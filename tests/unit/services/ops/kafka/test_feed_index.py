"""The feed index: the latest feed of each request, a limit, and requests without a feed."""

from services.ops.kafka.feed_index import FeedIndex, FeedLocation

REQUEST = ("default", "r")


def test_the_later_of_two_feeds_for_a_request_is_kept_in_any_order() -> None:
    index = FeedIndex()
    index.add(REQUEST, FeedLocation(0, 7))
    index.add(REQUEST, FeedLocation(0, 3))
    assert index.location(REQUEST) == FeedLocation(0, 7)
    index.add(REQUEST, FeedLocation(0, 9))
    assert index.location(REQUEST) == FeedLocation(0, 9)


def test_a_request_is_awaited_until_its_feed_arrives() -> None:
    index = FeedIndex()
    index.expect(REQUEST)
    assert index.is_awaited(REQUEST)
    assert not index.is_awaited(("gallery", "r"))
    index.add(REQUEST, FeedLocation(0, 1))
    assert not index.is_awaited(REQUEST)
    index.expect(REQUEST)
    assert not index.is_awaited(REQUEST)


def test_the_oldest_entries_are_dropped_first() -> None:
    index = FeedIndex(max_entries=2)
    for number in range(3):
        index.add(("default", str(number)), FeedLocation(0, number))
        index.expect(("default", f"waits {number}"))
    assert index.location(("default", "0")) is None
    assert index.location(("default", "2")) == FeedLocation(0, 2)
    assert not index.is_awaited(("default", "waits 0"))
    assert index.is_awaited(("default", "waits 2"))
