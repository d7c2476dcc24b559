"""The latest requests: a limit in total and for each user, and quick removal of one user."""

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


class Counted(str):
    """A user's id that counts how often it is compared or hashed."""

    uses = 0

    def __hash__(self) -> int:
        Counted.uses += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Counted.uses += 1
        return super().__eq__(other)


def test_one_user_is_forgotten_without_a_search_of_all_requests() -> None:
    def uses_of_ids(users: int) -> int:
        recent = RecentRequests[int](size=1_000_000, per_user=9)
        for n in range(users):
            recent.put(key(n, user=Counted(f"user-{n}")), n)
        Counted.uses = 0
        assert len(recent.forget(User("t", "user-5"))) == 1
        return Counted.uses

    assert uses_of_ids(10_000) <= uses_of_ids(10) + 10  # 10: for equal hash slots
