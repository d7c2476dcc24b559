"""Remember which requests have their feed, so that a redelivered one is not answered anew."""

from collections import OrderedDict
from collections.abc import Iterable

Request = tuple[str, str]
"""Tenant and request id."""


class Answered:
    """The latest answered requests; the oldest are forgotten first."""

    def __init__(self, requests: Iterable[Request] = (), *, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Request, str] = OrderedDict.fromkeys(requests, "")

    def __contains__(self, request: Request) -> bool:
        return request in self._known

    def add(self, request: Request, *, user_id: str = "") -> None:
        self._known[request] = user_id
        self._known.move_to_end(request)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def forget(self, *, tenant: str, user_id: str) -> int:
        """Forget the requests of one person; how many there were."""
        theirs = self._of(tenant, user_id)
        for request in theirs:
            del self._known[request]
        return len(theirs)

    def count(self, *, tenant: str, user_id: str) -> int:
        """How many requests of one person are remembered."""
        return len(self._of(tenant, user_id))

    def _of(self, tenant: str, user_id: str) -> list[Request]:
        return [r for r, user in self._known.items() if (r[0], user) == (tenant, user_id)]
