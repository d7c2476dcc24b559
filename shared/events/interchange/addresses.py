"""Remember the images that were read, so that later records can refer to them."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from shared.events.types.catalog import CatalogImage

MAX_ADDRESSES: Final = 500_000
"""About 100 MB with addresses of usual length."""
MAX_IMAGES: Final = 50_000
"""About 100 MB with a few tags and metadata."""
ValueT = TypeVar("ValueT")


class AddressBook:
    """The addresses of the latest images, and all fields of fewer of them, by tenant's image id."""

    def __init__(self, *, addresses: int = MAX_ADDRESSES, images: int = MAX_IMAGES) -> None:
        self._addresses = _Latest[str](addresses)
        self._images = _Latest[CatalogImage](images)

    def add(self, image: CatalogImage) -> None:
        self._addresses.add(image.image_id, image.uri)
        self._images.add(image.image_id, image)

    def address(self, image_id: str) -> str | None:
        return self._addresses.get(image_id)

    def image(self, image_id: str) -> CatalogImage | None:
        return self._images.get(image_id)


class _Latest(Generic[ValueT]):
    """A mapping that forgets its oldest entries beyond `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[str, ValueT] = OrderedDict()

    def add(self, key: str, value: ValueT) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)

    def get(self, key: str) -> ValueT | None:
        return self._values.get(key)
