"""Load the images of a backtest once, with a bound on memory, and count why some are missing."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.images.loader import LoadedImage, LoadResult

MAX_IN_MEMORY: Final = 400
"""Images of at most 448 pixels a side, about 600 KB each."""
SIDE: Final = 448
Key = tuple[str, str]
"""Tenant and image id."""


class ImageSource(Protocol):
    """Loads images by address (`shared.images.loader`)."""

    async def load_many(self, uris: Sequence[str]) -> list[LoadResult]: ...


class Images:
    """The images by tenant and id; the latest ones stay in memory."""

    def __init__(self, addresses: Mapping[Key, str], source: ImageSource) -> None:
        self._addresses = addresses
        self._source = source
        self._loaded: OrderedDict[Key, Image] = OrderedDict()
        self._missing: dict[Key, str] = {}

    @property
    def missing(self) -> dict[str, int]:
        """Images that cannot be used, by reason."""
        return dict(Counter(self._missing.values()))

    async def load(self, keys: Iterable[Key]) -> dict[Key, Image]:
        """Those of the images that can be loaded."""
        wanted = list(dict.fromkeys(keys))
        unknown = [key for key in wanted if key not in self._addresses]
        self._missing.update(dict.fromkeys(unknown, "no_address"))
        new = [key for key in wanted if key not in self._loaded and key not in self._missing]
        results = await self._source.load_many([self._addresses[key] for key in new])
        for key, result in zip(new, results, strict=True):
            if isinstance(result, LoadedImage):
                small = result.pixels.copy()
                small.thumbnail((SIDE, SIDE))
                self._loaded[key] = small
            else:
                self._missing[key] = (
                    result.reason if isinstance(result, Unprocessable) else "not_available"
                )
        for key in wanted:
            if key in self._loaded:
                self._loaded.move_to_end(key)
        images = {key: self._loaded[key] for key in wanted if key in self._loaded}
        while len(self._loaded) > max(MAX_IN_MEMORY, len(wanted)):
            self._loaded.popitem(last=False)
        return images
