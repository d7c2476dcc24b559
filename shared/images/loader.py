"""Load images from their addresses, fairly and within limits, or return why one is refused."""

import asyncio
import hashlib
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from PIL.Image import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.capacity import ImageCapacity
from shared.images.data_source import read_data
from shared.images.decoding.decoder import decode
from shared.images.decoding.limits import CostlyImage
from shared.images.display_name import short
from shared.images.file_source import read_file
from shared.images.hosts.host_gate import HostGate
from shared.images.refusals import too_slow
from shared.images.s3_source import S3Source
from shared.images.settings import ImageSettings
from shared.images.web_source import WebSource

MAX_SCHEME: Final = 8
"""Characters that decide the source; a `data:` address may have millions."""
COSTLY_BYTES: Final = 1024 * 1024
"""Encoded bytes from which an image takes tens of milliseconds, whatever its pixels are."""


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
    """Loads images within the limits of the settings; one loader for a process.

    Encoded images in memory, connections, threads that read files, and decoding have separate
    limits. Each is shared fairly between requesters, so that neither a slow host nor a request with
    many large images delays the images of others.
    """

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._capacity = ImageCapacity(settings)
        self.gate = HostGate(settings)
        """The limits and circuit breakers of image hosts."""
        self._web = WebSource(settings, gate=self.gate)
        self._s3 = S3Source(settings, gate=self.gate)

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage:
        """One image; raises `Unprocessable` when a retry cannot help, else `Unavailable`.

        `requester` names the user or the request that the image is for. All loads of one
        requester share its part of the capacity; without a requester, the call is its own.
        """
        requester = object() if requester is None else requester
        scheme, colon, _ = uri[:MAX_SCHEME].partition(":")
        match scheme.lower() + colon:
            case "https:" | "http:":
                async with self._capacity.fetched(uri, requester) as body:
                    data = await self._web.fetch(uri, requester=requester, body=body)
                    return await self._decoded(uri, lambda: data, requester, size=len(data))
            case "s3:":
                async with self._capacity.fetched(uri, requester) as body:
                    data = await self._s3.fetch(uri, requester=requester, body=body)
                    return await self._decoded(uri, lambda: data, requester, size=len(data))
            case "file:":
                async with self._capacity.file(requester):
                    data = await self._file(uri, requester)
                    return await self._decoded(uri, lambda: data, requester, size=len(data))
            case "data:":
                max_bytes = self._settings.max_image_bytes
                read = partial(read_data, uri, max_bytes=max_bytes)
                return await self._decoded(uri, read, requester, size=len(uri))
            case _:
                raise Unprocessable(
                    "unknown_scheme",
                    f"{short(uri)} begins with none of https:, s3:, file: and data:",
                )

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

    async def _file(self, uri: str, requester: Hashable) -> bytes:
        settings = self._settings
        read = partial(
            read_file, uri, roots=settings.allowed_file_roots, max_bytes=settings.max_image_bytes
        )
        async with self._capacity.file_threads.thread(requester) as run:
            try:
                # A network file system may hang.
                async with asyncio.timeout(settings.max_image_wait_seconds):
                    return await run(read)
            except TimeoutError as error:
                raise too_slow("file", uri, seconds=settings.max_image_wait_seconds) from error

    async def _decoded(
        self, uri: str, read: Callable[[], bytes], requester: Hashable, *, size: int
    ) -> LoadedImage:
        """Decode in a thread; a `data:` address is read there too, since that takes no waiting.

        `size` is the number of bytes, about. Images of many bytes or pixels use other threads.
        """
        if size <= COSTLY_BYTES:
            with suppress(CostlyImage):
                async with self._capacity.decode_threads.thread(requester) as run:
                    return await run(lambda: self._decode(uri, read(), costly=False))
        async with self._capacity.costly_threads.thread(requester) as run:
            return await run(lambda: self._decode(uri, read(), costly=True))

    def _decode(self, uri: str, data: bytes, *, costly: bool) -> LoadedImage:
        pixels = decode(data, uri, self._settings, costly=costly)
        return LoadedImage(uri, hashlib.sha256(data).hexdigest(), pixels)

    async def close(self) -> None:
        """Close the connections that are kept for further images, and end the threads."""
        self._capacity.close()
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
