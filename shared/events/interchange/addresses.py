"""Remember the addresses of images that were read, so that feedback on them can name them."""

from collections import OrderedDict
from typing import Final

MAX_ADDRESSES: Final = 500_000
"""About 100 MB with addresses of usual length."""


class AddressBook:
    """The addresses of the latest images; the oldest ones are forgotten beyond `limit`."""

    def __init__(self, *, limit: int = MAX_ADDRESSES) -> None:
        self._limit = limit
        self._addresses: OrderedDict[str, str] = OrderedDict()

    def add(self, image_id: str, uri: str) -> None:
        self._addresses[image_id] = uri
        self._addresses.move_to_end(image_id)
        if len(self._addresses) > self._limit:
            self._addresses.popitem(last=False)

    def __call__(self, image_id: str) -> str | None:
        return self._addresses.get(image_id)
