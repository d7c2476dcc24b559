"""Keep a value for each of the latest requests, with a limit in total and for each user."""

from collections import OrderedDict
from typing import Generic, TypeVar

from shared.domain.requests.request_key import RequestKey
from shared.domain.user import User

ValueT = TypeVar("ValueT")


class RecentRequests(Generic[ValueT]):
    """A mapping from request to value that drops the oldest requests first.

    A user with more than `per_user` requests loses their own oldest one, so a flood from one user
    does not push out the requests of others. Every operation takes constant time for each request
    that it changes.
    """

    def __init__(self, *, size: int, per_user: int) -> None:
        self._size = size
        self._per_user = per_user
        self._values: OrderedDict[RequestKey, ValueT] = OrderedDict()
        self._by_user: dict[User, OrderedDict[RequestKey, None]] = {}

    def __contains__(self, request: RequestKey) -> bool:
        return request in self._values

    def __len__(self) -> int:
        return len(self._values)

    def get(self, request: RequestKey) -> ValueT | None:
        return self._values.get(request)

    def put(self, request: RequestKey, value: ValueT) -> list[RequestKey]:
        """Store a value; its request is now the latest one. Returns the requests it pushed out."""
        self._values[request] = value
        self._values.move_to_end(request)
        own = self._by_user.setdefault(_user_of(request), OrderedDict())
        own[request] = None
        own.move_to_end(request)
        dropped = [next(iter(own))] if len(own) > self._per_user else []
        if not dropped and len(self._values) > self._size:
            dropped = [next(iter(self._values))]
        for oldest in dropped:
            self.pop(oldest)
        return dropped

    def pop(self, request: RequestKey) -> ValueT | None:
        """Drop one request; returns its value, or None if it is unknown."""
        value = self._values.pop(request, None)
        own = self._by_user.get(_user_of(request))
        if own is not None:
            own.pop(request, None)
            if not own:
                del self._by_user[_user_of(request)]
        return value

    def count(self, user: User) -> int:
        """Number of requests of one user."""
        return len(self._by_user.get(user, ()))

    def forget(self, user: User) -> list[RequestKey]:
        """Drop all requests of one user, and return them."""
        own = self._by_user.pop(user, OrderedDict())
        for request in own:
            del self._values[request]
        return list(own)


def _user_of(request: RequestKey) -> User:
    return User(request.tenant, request.user_id)
