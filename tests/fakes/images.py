"""Load images that a test has drawn: one plain colour an address, refusals where it says so."""

import hashlib
from collections.abc import Sequence

from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.loader import Loaded, LoadedImage


def drawn(uri: str, color: str = "red") -> LoadedImage:
    """A plain image; its content is its colour alone, whatever its address."""
    content_hash = hashlib.sha256(color.encode()).hexdigest()
    return LoadedImage(uri, content_hash, Image.new("RGB", (8, 8), color))


class DrawnImages:
    """Loads `drawing:<colour>` as a plain image, and refuses what it was told to refuse."""

    def __init__(self) -> None:
        self.refused: dict[str, Unprocessable | Unavailable] = {}
        self.drawn_as: dict[str, str] = {}
        self.loads = 0
        self.within_seconds: float | None = None

    async def load(self, uri: str) -> LoadedImage:
        self.loads += 1
        if uri in self.refused:
            raise self.refused[uri]
        return drawn(uri, self.drawn_as.get(uri, uri.removeprefix("drawing:")))

    async def load_many(
        self, uris: Sequence[str], *, within_seconds: float | None = None
    ) -> list[Loaded]:
        self.within_seconds = within_seconds
        return [self.refused.get(uri) or await self.load(uri) for uri in uris]
