"""A fake image loader: one plain color per address, and errors that a test sets."""

import hashlib
from collections.abc import Hashable, Sequence

from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.hosts.host_gate import HostGate
from shared.images.loader import LoadedImage, LoadResult
from shared.images.settings import ImageSettings


def plain_image(uri: str, color: str = "red") -> LoadedImage:
    """An image of one color; its content hash depends on the color, not on the address."""
    content_hash = hashlib.sha256(color.encode()).hexdigest()
    return LoadedImage(uri, content_hash, Image.new("RGB", (8, 8), color))


class ColorImages:
    """Loads `drawing:<color>` as a plain image; raises the errors in `refused`."""

    def __init__(self) -> None:
        self.refused: dict[str, Unprocessable | Unavailable] = {}
        self.drawn_as: dict[str, str] = {}
        self.gate = HostGate(ImageSettings())
        self.loads = 0
        self.requesters: list[Hashable | None] = []
        self.within_seconds: float | None = None

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage:
        self.loads += 1
        self.requesters.append(requester)
        if uri in self.refused:
            raise self.refused[uri]
        return plain_image(uri, self.drawn_as.get(uri, uri.removeprefix("drawing:")))

    async def load_many(
        self,
        uris: Sequence[str],
        *,
        within_seconds: float | None = None,
        requester: Hashable | None = None,
    ) -> list[LoadResult]:
        self.within_seconds = within_seconds
        return [self.refused.get(uri) or await self.load(uri, requester=requester) for uri in uris]
