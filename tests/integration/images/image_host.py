"""A host that serves images with typical faults, and the settings to load from it."""

import asyncio
import gzip
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from shared.images.settings import ImageSettings
from tests.unit.shared.images.bad_images import encoded

RED = (255, 0, 0)
PNG = encoded(Image.new("RGB", (6, 4), RED), "PNG")
JPEG = encoded(Image.new("RGB", (6, 4), RED), "JPEG", quality=100, subsampling=0)
MAX_BYTES = 100_000
ENCODED = {
    "gzip.png": gzip.compress(PNG),
    "zlib.png": zlib.compress(PNG),
    "raw.png": PNG,
    "cut.png": gzip.compress(PNG)[:-20],
    "page.png": gzip.compress(b"<!doctype html><html></html>"),
    "bomb.png": gzip.compress(b"\0" * 100_000_000),
    "unknown.png": bytes(range(5, 200)),
}
"""Bodies of `encoded-<Content-Encoding>-<name>`."""
LOCAL = ImageSettings(
    allow_private_addresses=True,
    allow_http=True,
    max_image_bytes=MAX_BYTES,
    max_image_wait_seconds=10.0,
    image_concurrency=3,
)


class Host:
    """Serves images with typical faults, and counts the requests of each path."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.headers: dict[str, str] = {}
        self.running = self.max_running = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.requests[path] += 1
        self.headers = dict(request.headers)
        self.running += 1
        self.max_running = max(self.max_running, self.running)
        try:
            return await self._answer(request, path)
        finally:
            self.running -= 1

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:
        if path.startswith("status-"):
            return web.Response(status=int(path.removeprefix("status-")), body=PNG)
        if path.startswith("to-"):
            location = request.query.get("to", str(request.rel_url))
            return web.Response(status=302, headers={"Location": location})
        if path == "wait":
            await asyncio.sleep(0.05)
        if path in ("silent", "slow", "endless", "cut"):
            return await self._stream(request, path)
        if path == "page":
            return web.Response(text="<!doctype html><html></html>", content_type="text/html")
        if path == "wrong-suffix.png":
            return web.Response(body=JPEG, content_type="text/plain")
        if path.startswith("encoded-"):
            name, _, content = path.removeprefix("encoded-").partition("-")
            return web.Response(body=ENCODED[content], headers={"Content-Encoding": name})
        if path == "large":
            return web.Response(body=b"\0" * (MAX_BYTES + 1))
        return web.Response(body=PNG, headers={"Set-Cookie": "who=me"})

    async def _stream(self, request: web.Request, path: str) -> web.StreamResponse:
        if path == "silent":
            await asyncio.sleep(5)
        response = web.StreamResponse()
        if path == "cut":
            response.content_length = len(PNG)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"\0" * (10 if path != "endless" else 50_000))
                if path == "cut":
                    assert request.transport is not None
                    request.transport.close()
                    return response
                await asyncio.sleep(0.1 if path == "slow" else 0)
        except ConnectionError:
            return response


@asynccontextmanager
async def hosted() -> AsyncIterator[tuple[Host, str]]:
    """A running host and its address."""
    host = Host()
    app = web.Application()
    app.router.add_get("/{path}", host.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    yield host, f"http://127.0.0.1:{server.port}"
    await server.close()
