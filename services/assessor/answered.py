"""Remember which requests have their feed, so that a redelivered one is not answered anew."""

from collections import OrderedDict
from collections.abc import Iterable

Request = tuple[str, str]
"""Tenant and request id."""


class Answered:
    """The latest answered requests; the oldest are forgotten first."""

    def __init__(self, requests: Iterable[Request] = (), *, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Request, None] = OrderedDict.fromkeys(requests)

    def __contains__(self, request: Request) -> bool:
        return request in self._known

    def add(self, request: Request) -> None:
        self._known[request] = None
        self._known.move_to_end(request)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
