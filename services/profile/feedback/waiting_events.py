"""Limit the events that wait for images: above it, the user with the most gives a place up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.domain.user import User


class WaitingEvents:
    """The events that wait for their images, by user.

    An event that must leave is not lost: it is tried again later, from the retry topic.
    """

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._by_user: dict[User, dict[object, Callable[[], None]]] = {}

    @contextmanager
    def place(self, user: User, leave: Callable[[], None]) -> Iterator[None]:
        """A place for the length of a block; `leave` is called when another event needs it."""
        event = object()
        self._by_user.setdefault(user, {})[event] = leave
        self._count += 1
        try:
            if self._count > self._limit:
                self._free_a_place()
            yield
        finally:
            self._remove(user, event)

    def _free_a_place(self) -> None:
        user = max(self._by_user, key=lambda user: len(self._by_user[user]))
        oldest, leave = next(iter(self._by_user[user].items()))
        self._remove(user, oldest)
        leave()

    def _remove(self, user: User, event: object) -> None:
        events = self._by_user.get(user, {})
        if events.pop(event, None) is not None:
            self._count -= 1
            if not events:
                del self._by_user[user]
