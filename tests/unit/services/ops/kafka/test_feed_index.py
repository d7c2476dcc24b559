"""Where feeds lie: the latest of each request, of the latest requests, and who still waits."""

from services.ops.kafka.feed_index import FeedIndex, Place

REQUEST = ("default", "r")


def test_of_two_feeds_for_a_request_the_later_counts_whichever_is_found_first() -> None:
    index = FeedIndex()
    index.add(REQUEST, Place(0, 7))
    index.add(REQUEST, Place(0, 3))
    assert index.place(REQUEST) == Place(0, 7)
    index.add(REQUEST, Place(0, 9))
    assert index.place(REQUEST) == Place(0, 9)


def test_a_request_waits_until_its_feed_is_heard() -> None:
    index = FeedIndex()
    index.expect(REQUEST)
    assert index.is_awaited(REQUEST)
    assert not index.is_awaited(("gallery", "r"))
    index.add(REQUEST, Place(0, 1))
    assert not index.is_awaited(REQUEST)
    index.expect(REQUEST)
    assert not index.is_awaited(REQUEST)


def test_the_oldest_are_forgotten_first() -> None:
    index = FeedIndex(most=2)
    for number in range(3):
        index.add(("default", str(number)), Place(0, number))
        index.expect(("default", f"waits {number}"))
    assert index.place(("default", "0")) is None
    assert index.place(("default", "2")) == Place(0, 2)
    assert not index.is_awaited(("default", "waits 0"))
    assert index.is_awaited(("default", "waits 2"))
