"""Above the limit, the user with the most waiting events gives a place up."""

from contextlib import ExitStack
from functools import partial

from services.profile.feedback.waiting_events import WaitingEvents
from shared.domain.user import User

ANA, BO = User("default", "ana"), User("default", "bo")


def test_the_user_with_the_most_waiting_events_gives_the_oldest_place_up() -> None:
    waiting = WaitingEvents(limit=3)
    left: list[str] = []
    with ExitStack() as stack:
        for user, name in ((BO, "bo-1"), (ANA, "ana-1"), (ANA, "ana-2"), (BO, "bo-2")):
            stack.enter_context(waiting.place(user, leave=partial(left.append, name)))
        assert left == ["bo-1"]
        stack.enter_context(waiting.place(ANA, leave=lambda: left.append("ana-3")))
        assert left == ["bo-1", "ana-1"]


def test_a_place_is_free_again_after_its_block() -> None:
    waiting = WaitingEvents(limit=1)
    left: list[str] = []
    for _ in range(3):
        with waiting.place(ANA, leave=lambda: left.append("ana")):
            pass
    assert left == []


def test_equal_user_ids_of_two_tenants_are_two_users() -> None:
    waiting = WaitingEvents(limit=2)
    left: list[str] = []
    with (
        waiting.place(User("other", "ana"), leave=lambda: left.append("other")),
        waiting.place(ANA, leave=lambda: left.append("ana-1")),
        waiting.place(ANA, leave=lambda: left.append("ana-2")),
    ):
        assert left == ["ana-1"]
