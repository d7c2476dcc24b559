"""Answered requests: each belongs to its user, and the oldest are dropped first."""

from services.assessor.steps.request_filtering import MAX_HASHES, AnsweredRequests
from shared.domain.user import User
from shared.events import ImageCandidates
from tests.unit.services.assessor.users import request


def add(answered: AnsweredRequests, *requests: ImageCandidates) -> AnsweredRequests:
    for event in requests:
        answered.add(event.request_key, request_hash=event.request_hash())
    return answered


def has(answered: AnsweredRequests, request: ImageCandidates) -> bool:
    return answered.has(request.request_key, request_hash=request.request_hash())


def of(request_id: str, *, user: str = "ana", tenant: str = "t") -> ImageCandidates:
    return request("red", request_id=request_id, user_id=user, tenant=tenant)


def test_an_answered_request_is_known_and_another_is_not() -> None:
    answered = add(AnsweredRequests(size=3), of("a"), of("b"))
    assert [has(answered, of(name)) for name in "abc"] == [True, True, False]


def test_equal_request_ids_of_two_users_or_tenants_are_two_requests() -> None:
    answered = add(AnsweredRequests(size=9), of("a"))
    assert not has(answered, of("a", user="bo"))
    assert not has(answered, of("a", tenant="two"))


def test_ids_that_differ_only_in_where_a_separator_stands_are_two_requests() -> None:
    answered = add(AnsweredRequests(size=9), of("c", user="a/b", tenant="t"))
    for tenant, user, request_id in (("t", "a", "b/c"), ("t/a", "b", "c"), ("t", "a/b/c", "c")):
        assert not has(answered, of(request_id, user=user, tenant=tenant))


def test_case_and_unicode_form_of_an_id_count() -> None:
    answered = add(AnsweredRequests(size=9), of("\u00e9"))
    assert not has(answered, of("e\u0301"))
    assert not has(answered, of("\u00c9"))


def test_a_retry_with_a_new_event_id_and_time_is_the_same_request() -> None:
    first, other = request("red"), request("red", event_id="00000000-0000-4000-8000-000000000001")
    assert other.event_id != first.event_id
    assert has(add(AnsweredRequests(size=9), first), other)


def test_other_content_under_a_used_id_is_another_request() -> None:
    answered = add(AnsweredRequests(size=9), request("red"))
    for other in (request("blue"), request("red", top_k=1), request("red", explain="none")):
        assert not has(answered, other)
        assert answered.contents(other.request_key) == 1


def test_an_id_that_is_sent_with_ever_new_content_takes_bounded_memory() -> None:
    requests = [request("red", exclude_ids=(str(n),)) for n in range(MAX_HASHES + 1)]
    answered = add(AnsweredRequests(size=9), *requests)
    assert [has(answered, event) for event in requests] == [False] + [True] * MAX_HASHES
    assert answered.count(User("default", "ana")) == 1


def test_a_discarded_request_is_unknown_and_others_with_its_id_stay() -> None:
    answered = add(AnsweredRequests(size=9), request("red"), request("blue"))
    answered.discard(request("red").request_key, request_hash=request("red").request_hash())
    assert [has(answered, request(color)) for color in ("red", "blue")] == [False, True]
    answered.discard(request("blue").request_key, request_hash=request("blue").request_hash())
    assert answered.contents(request("blue").request_key) == 0


def test_the_oldest_request_is_dropped_first() -> None:
    answered = add(AnsweredRequests(size=2), of("a"), of("b"), of("c"))
    assert [has(answered, of(name)) for name in "abc"] == [False, True, True]


def test_a_request_that_is_added_again_counts_as_new() -> None:
    answered = add(AnsweredRequests(size=2), *map(of, "abac"))
    assert [has(answered, of(name)) for name in "abc"] == [True, False, True]


def test_a_user_with_many_requests_does_not_push_out_those_of_others() -> None:
    answered = add(AnsweredRequests(size=100, per_user=10), of("a", user="bo"))
    add(answered, *(of(str(n), user="flood") for n in range(1_000)))
    assert has(answered, of("a", user="bo"))
    assert answered.count(User("t", "flood")) == 10
    assert has(answered, of("999", user="flood"))


def test_only_the_requests_of_one_user_are_forgotten() -> None:
    answered = add(AnsweredRequests(size=9), of("a"), of("b"), of("a", user="bo"))
    assert answered.forget(User("t", "ana")) == 2
    assert answered.count(User("t", "ana")) == 0
    assert [has(answered, of("a")), has(answered, of("a", user="bo"))] == [False, True]
