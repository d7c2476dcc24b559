"""The memory of answered requests keeps the latest and drops the oldest first."""

from services.assessor.steps.request_filtering import AnsweredRequests


def answered(*request_ids: str, size: int, tenant: str = "t") -> AnsweredRequests:
    """A memory to which these requests were added, in this order."""
    requests = AnsweredRequests(size=size)
    for request_id in request_ids:
        requests.add((tenant, request_id), user_id="ana")
    return requests


def test_an_answered_request_is_known_and_another_is_not() -> None:
    requests = answered("a", "b", size=3)
    assert ("t", "a") in requests
    assert ("t", "b") in requests
    assert ("t", "c") not in requests


def test_equal_request_ids_of_two_tenants_are_two_requests() -> None:
    assert ("two", "a") not in answered("a", size=3, tenant="one")


def test_the_oldest_request_is_dropped_first() -> None:
    requests = answered("a", "b", "c", size=2)
    assert [("t", name) in requests for name in "abc"] == [False, True, True]


def test_a_request_that_is_added_again_counts_as_new() -> None:
    requests = answered("a", "b", "a", "c", size=2)
    assert [("t", name) in requests for name in "abc"] == [True, False, True]


def test_after_more_requests_than_the_size_the_latest_are_known() -> None:
    requests = answered("0", "1", "2", "3", "4", "new", size=2)
    assert [("t", name) in requests for name in ("3", "4", "new")] == [False, True, True]
