"""Load images from wherever events say they lie, a few at a time, and say why when refused."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from PIL.Image import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.data_source import read_data
from shared.images.decoding import decode
from shared.images.display_name import short
from shared.images.file_source import read_file
from shared.images.s3_source import S3Source
from shared.images.settings import ImageSettings
from shared.images.web_source import WebSource


@dataclass(frozen=True)
class LoadedImage:
    """An image in memory."""

    uri: str
    content_hash: str
    """SHA-256 of its bytes as they came: the same picture under two addresses is one."""
    pixels: Image
    """RGB, upright, no side longer than the setting."""


Loaded = LoadedImage | Unprocessable | Unavailable


class ImageLoader:
    """Loads images within the settings' limits; one for a service."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._at_once = asyncio.Semaphore(settings.images_at_once)
        self._web = WebSource(settings)
        self._s3 = S3Source(settings)

    async def load(self, uri: str) -> LoadedImage:
        """One image; raises `Unprocessable` when it never will be one, else `Unavailable`."""
        async with self._at_once:
            data = await self._bytes(uri)
            return await asyncio.to_thread(self._loaded, uri, data)

    async def load_many(
        self, uris: Sequence[str], *, within_seconds: float | None = None
    ) -> list[Loaded]:
        """All of them in order, each fetched once; a refusal stands in its image's place.

        What is still on its way after `within_seconds` is given up and refused as not available.
        """
        tasks = {
            uri: asyncio.create_task(self._load_or_refusal(uri)) for uri in dict.fromkeys(uris)
        }
        try:
            if tasks:
                await asyncio.wait(tasks.values(), timeout=within_seconds)
        finally:
            # Nothing goes on loading for a caller that has given up.
            for task in tasks.values():
                task.cancel()
        return [
            tasks[uri].result() if tasks[uri].done() else _too_late(uri, within_seconds)
            for uri in uris
        ]

    async def _load_or_refusal(self, uri: str) -> Loaded:
        try:
            return await self.load(uri)
        except (Unprocessable, Unavailable) as refusal:
            return refusal

    async def _bytes(self, uri: str) -> bytes:
        scheme, colon, _ = uri.partition(":")
        most = self._settings.max_image_bytes
        match scheme.lower() + colon:
            case "https:" | "http:":
                return await self._web.fetch(uri)
            case "s3:":
                return await self._s3.fetch(uri)
            case "data:":
                return await asyncio.to_thread(read_data, uri, max_bytes=most)
            case "file:":
                roots = self._settings.allowed_file_roots
                return await asyncio.to_thread(read_file, uri, roots=roots, max_bytes=most)
            case _:
                raise Unprocessable(
                    "unknown_scheme",
                    f"{short(uri)} begins with none of https:, s3:, file: and data:",
                )

    def _loaded(self, uri: str, data: bytes) -> LoadedImage:
        pixels = decode(data, uri, self._settings)
        return LoadedImage(uri, hashlib.sha256(data).hexdigest(), pixels)

    async def close(self) -> None:
        """Close the connections that are kept for the next image."""
        try:
            await self._web.close()
        finally:
            await self._s3.close()


def _too_late(uri: str, seconds: float | None) -> Unavailable:
    return Unavailable(
        "image",
        f"{short(uri)} was not there within {seconds:.1f} seconds, all that the deadline of the"
        " request leaves for loading; give it a longer one",
    )
