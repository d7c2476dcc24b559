"""The latest requests: a limit in total and for each user, and quick removal of one user."""

from time import perf_counter

from shared.domain.requests.recent_requests import RecentRequests
from shared.domain.requests.request_key import RequestKey
from shared.domain.user import User


def key(number: int, *, user: str = "ana") -> RequestKey:
    return RequestKey("t", user, str(number))


def test_a_value_is_stored_for_each_user() -> None:
    recent = RecentRequests[int](size=9, per_user=9)
    recent.put(key(1), 10)
    recent.put(key(1, user="bo"), 20)
    assert [recent.get(key(1)), recent.get(key(1, user="bo")), recent.get(key(2))] == [10, 20, None]


def test_a_put_returns_the_request_that_it_pushed_out() -> None:
    recent = RecentRequests[int](size=2, per_user=9)
    assert [recent.put(key(n), n) for n in range(3)] == [[], [], [key(0)]]
    assert recent.put(key(2), 5) == []
    assert len(recent) == 2


def test_a_user_over_the_limit_loses_their_own_oldest_request() -> None:
    recent = RecentRequests[int](size=9, per_user=2)
    recent.put(key(0, user="bo"), 0)
    assert [recent.put(key(n), n) for n in range(3)] == [[], [], [key(0)]]
    assert key(0, user="bo") in recent


def test_a_removed_user_leaves_nothing_behind() -> None:
    recent = RecentRequests[int](size=9, per_user=9)
    for n in range(3):
        recent.put(key(n), n)
    assert recent.pop(key(1)) == 1
    assert recent.forget(User("t", "ana")) == [key(0), key(2)]
    assert (len(recent), recent.count(User("t", "ana")), recent._by_user) == (0, 0, {})
    assert recent.forget(User("t", "ana")) == []


def test_one_user_is_forgotten_without_a_search_of_all_requests() -> None:
    def seconds(users: int) -> float:
        recent = RecentRequests[int](size=1_000_000, per_user=9)
        for n in range(users):
            recent.put(key(n, user=f"user-{n}"), n)
        start = perf_counter()
        for n in range(500):
            recent.forget(User("t", f"user-{n}"))
        return perf_counter() - start

    # A search would take 100 times as long with 100 times the users.
    assert min(seconds(100_000) for _ in range(2)) < 20 * max(seconds(1_000), 0.000_5)
