"""The feed index: the latest feed of each request, limits, and requests without a feed."""

from services.ops.kafka.feed_index import FeedIndex, FeedLocation
from shared.domain.requests.request_key import RequestKey

REQUEST = RequestKey("default", "ada", "r")
OF_BOB = RequestKey("default", "bob", "r")
OTHER_TENANT = RequestKey("gallery", "ada", "r")


def users(index: FeedIndex, *, tenant: str = "default") -> set[str]:
    return set(index.users(tenant=tenant, request_id="r"))


def test_the_later_of_two_feeds_for_a_request_is_kept_in_any_order() -> None:
    index = FeedIndex()
    index.add(REQUEST, FeedLocation(0, 7), request_hash="h")
    index.add(REQUEST, FeedLocation(0, 3), request_hash="h")
    assert index.location(REQUEST) == FeedLocation(0, 7)
    index.add(REQUEST, FeedLocation(0, 9), request_hash="h")
    assert index.location(REQUEST) == FeedLocation(0, 9)


def test_feeds_of_users_and_tenants_with_one_request_id_are_apart() -> None:
    index = FeedIndex()
    for offset, request in enumerate((REQUEST, OF_BOB, OTHER_TENANT)):
        index.add(request, FeedLocation(0, offset), request_hash="h")
    locations = [index.location(request) for request in (REQUEST, OF_BOB, OTHER_TENANT)]
    assert locations == [FeedLocation(0, 0), FeedLocation(0, 1), FeedLocation(0, 2)]
    assert index.location(RequestKey("gallery", "bob", "r")) is None


def test_a_request_is_awaited_until_its_feed_arrives() -> None:
    index = FeedIndex()
    index.expect(REQUEST, request_hash="h")
    assert index.awaited_hash(REQUEST) == "h"
    assert index.awaited_hash(OTHER_TENANT) is None
    assert index.awaited_hash(OF_BOB) is None
    index.add(OF_BOB, FeedLocation(0, 1), request_hash="h")
    index.add(REQUEST, FeedLocation(0, 2), request_hash="of an earlier request with this id")
    assert index.awaited_hash(REQUEST) == "h"
    index.add(REQUEST, FeedLocation(0, 3), request_hash="h")
    assert index.awaited_hash(REQUEST) is None


def test_a_feed_without_a_hash_answers_whatever_is_awaited() -> None:
    index = FeedIndex()
    index.expect(REQUEST, request_hash="h")
    index.add(REQUEST, FeedLocation(0, 1), request_hash=None)
    assert index.awaited_hash(REQUEST) is None


def test_the_users_of_an_id_are_known_while_they_have_a_request() -> None:
    index = FeedIndex(max_entries=2)
    index.expect(REQUEST, request_hash="h")
    index.add(OF_BOB, FeedLocation(0, 1), request_hash="h")
    assert users(index) == {"ada", "bob"}
    assert users(index, tenant="gallery") == set()
    for number in range(2):
        index.add(RequestKey("default", "bob", str(number)), FeedLocation(0, 9), request_hash="h")
    assert users(index) == {"ada"}
    index.add(REQUEST, FeedLocation(0, 2), request_hash="h")
    for number in range(2):
        index.add(RequestKey("default", "bob", str(number)), FeedLocation(0, 10), request_hash="h")
    assert users(index) == set()


def test_the_oldest_entries_are_dropped_first() -> None:
    index = FeedIndex(max_entries=2)
    for number in range(3):
        index.add(RequestKey("t", "ada", str(number)), FeedLocation(0, number), request_hash="h")
        index.expect(RequestKey("t", "ada", f"waits {number}"), request_hash="h")
    assert index.location(RequestKey("t", "ada", "0")) is None
    assert index.location(RequestKey("t", "ada", "2")) == FeedLocation(0, 2)
    assert index.awaited_hash(RequestKey("t", "ada", "waits 0")) is None
    assert index.awaited_hash(RequestKey("t", "ada", "waits 2")) == "h"


def test_a_user_with_many_requests_does_not_push_out_those_of_others() -> None:
    index = FeedIndex(max_entries=100, per_user=10)
    index.add(REQUEST, FeedLocation(0, 0), request_hash="h")
    index.expect(OF_BOB, request_hash="h")
    for number in range(1_000):
        flood = RequestKey("default", "flood", str(number))
        index.expect(flood, request_hash="h")
        index.add(flood, FeedLocation(1, number), request_hash="h")
        index.expect(RequestKey("default", "flood", f"waits {number}"), request_hash="h")
    assert index.location(REQUEST) == FeedLocation(0, 0)
    assert index.awaited_hash(OF_BOB) == "h"
