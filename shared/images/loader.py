"""Load images from their addresses with bounded concurrency, or return why an image is refused."""

import asyncio
import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from PIL.Image import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.data_source import read_data
from shared.images.decoding.decoder import decode
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
    """SHA-256 of the encoded bytes: the same image at two addresses has one hash."""
    pixels: Image
    """RGB, upright, no side longer than the setting."""


LoadResult = LoadedImage | Unprocessable | Unavailable


class ImageLoader:
    """Loads images within the limits of the settings; one loader for a service."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._concurrency = asyncio.Semaphore(settings.image_concurrency)
        self._web = WebSource(settings)
        self._s3 = S3Source(settings)

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage:
        """One image; raises `Unprocessable` when a retry cannot help, else `Unavailable`.

        `requester` names the user or the request that the image is for. All loads of one
        requester share its part of the capacity; without a requester, the call is its own.
        """
        async with self._concurrency:
            data = await self._bytes(uri)
            return await asyncio.to_thread(self._decode, uri, data)

    async def load_many(
        self,
        uris: Sequence[str],
        *,
        within_seconds: float | None = None,
        requester: Hashable | None = None,
    ) -> list[LoadResult]:
        """All images in order, each address fetched once; an error takes its image's place.

        Images that are not loaded after `within_seconds` are cancelled and returned as
        `Unavailable`.
        """
        requester = object() if requester is None else requester
        tasks = {
            uri: asyncio.create_task(self._load_or_error(uri, requester))
            for uri in dict.fromkeys(uris)
        }
        try:
            if tasks:
                await asyncio.wait(tasks.values(), timeout=within_seconds)
        finally:
            # No image is loaded for a caller that was cancelled.
            for task in tasks.values():
                task.cancel()
        return [
            tasks[uri].result() if tasks[uri].done() else _too_late(uri, within_seconds)
            for uri in uris
        ]

    async def _load_or_error(self, uri: str, requester: Hashable) -> LoadResult:
        try:
            return await self.load(uri, requester=requester)
        except (Unprocessable, Unavailable) as error:
            return error

    async def _bytes(self, uri: str) -> bytes:
        scheme, colon, _ = uri.partition(":")
        max_bytes = self._settings.max_image_bytes
        match scheme.lower() + colon:
            case "https:" | "http:":
                return await self._web.fetch(uri)
            case "s3:":
                return await self._s3.fetch(uri)
            case "data:":
                return await asyncio.to_thread(read_data, uri, max_bytes=max_bytes)
            case "file:":
                roots = self._settings.allowed_file_roots
                return await asyncio.to_thread(read_file, uri, roots=roots, max_bytes=max_bytes)
            case _:
                raise Unprocessable(
                    "unknown_scheme",
                    f"{short(uri)} begins with none of https:, s3:, file: and data:",
                )

    def _decode(self, uri: str, data: bytes) -> LoadedImage:
        pixels = decode(data, uri, self._settings)
        return LoadedImage(uri, hashlib.sha256(data).hexdigest(), pixels)

    async def close(self) -> None:
        """Close the connections that are kept for further images."""
        try:
            await self._web.close()
        finally:
            await self._s3.close()


def _too_late(uri: str, seconds: float | None) -> Unavailable:
    return Unavailable(
        "image",
        f"{short(uri)} did not load within {seconds:.1f} seconds, the time that the request's"
        " deadline leaves for images; send a longer deadline",
    )
