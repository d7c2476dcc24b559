"""The memory of answered requests keeps the latest and drops the oldest first."""

from services.assessor.steps.request_filtering import AnsweredRequests


def test_an_answered_request_is_known_and_another_is_not() -> None:
    answered = AnsweredRequests([("t", "a")], size=3)
    answered.add(("t", "b"))
    assert ("t", "a") in answered
    assert ("t", "b") in answered
    assert ("t", "c") not in answered


def test_equal_request_ids_of_two_tenants_are_two_requests() -> None:
    answered = AnsweredRequests([("one", "a")], size=3)
    assert ("two", "a") not in answered


def test_the_oldest_request_is_dropped_first() -> None:
    answered = AnsweredRequests(size=2)
    for name in "abc":
        answered.add(("t", name))
    assert [("t", name) in answered for name in "abc"] == [False, True, True]


def test_a_request_that_is_added_again_counts_as_new() -> None:
    answered = AnsweredRequests(size=2)
    for name in "abac":
        answered.add(("t", name))
    assert [("t", name) in answered for name in "abc"] == [True, False, True]


def test_more_initial_requests_than_the_size_shrink_to_the_latest() -> None:
    answered = AnsweredRequests([("t", str(n)) for n in range(5)], size=2)
    answered.add(("t", "new"))
    assert [("t", name) in answered for name in ("3", "4", "new")] == [False, True, True]
