"""The latest answered requests are remembered, the oldest forgotten first."""

from services.assessor.steps.deduplication import Answered


def test_an_answered_request_is_known_and_another_is_not() -> None:
    answered = Answered([("t", "a")], most=3)
    answered.add(("t", "b"))
    assert ("t", "a") in answered
    assert ("t", "b") in answered
    assert ("t", "c") not in answered


def test_equal_request_ids_of_two_tenants_are_two_requests() -> None:
    answered = Answered([("one", "a")], most=3)
    assert ("two", "a") not in answered


def test_the_oldest_is_forgotten_first() -> None:
    answered = Answered(most=2)
    for name in "abc":
        answered.add(("t", name))
    assert [("t", name) in answered for name in "abc"] == [False, True, True]


def test_a_request_answered_again_counts_as_new() -> None:
    answered = Answered(most=2)
    for name in "abac":
        answered.add(("t", name))
    assert [("t", name) in answered for name in "abc"] == [True, False, True]


def test_more_read_back_than_may_be_kept_shrinks_to_the_latest() -> None:
    answered = Answered([("t", str(n)) for n in range(5)], most=2)
    answered.add(("t", "new"))
    assert [("t", name) in answered for name in ("3", "4", "new")] == [False, True, True]
