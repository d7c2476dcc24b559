"""A host of images that does what is wrong with hosts, and the settings that it is loaded by."""

import asyncio
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
MOST = 100_000
LOCAL = ImageSettings(
    allow_private_addresses=True,
    allow_http=True,
    max_image_bytes=MOST,
    max_image_wait_seconds=10.0,
    images_at_once=3,
)


class Host:
    """A host of images that does what is wrong with hosts, and counts who asks."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, str] = {}
        self.now = self.most_at_once = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        what = request.match_info["what"]
        self.asked[what] += 1
        self.headers = dict(request.headers)
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            return await self._answer(request, what)
        finally:
            self.now -= 1

    async def _answer(self, request: web.Request, what: str) -> web.StreamResponse:
        if what.startswith("status-"):
            return web.Response(status=int(what.removeprefix("status-")), body=PNG)
        if what.startswith("to-"):
            location = request.query.get("to", str(request.rel_url))
            return web.Response(status=302, headers={"Location": location})
        if what == "wait":
            await asyncio.sleep(0.05)
        if what in ("silent", "slow", "endless", "cut"):
            return await self._stream(request, what)
        if what == "page":
            return web.Response(text="<!doctype html><html></html>", content_type="text/html")
        if what == "lying-suffix.png":
            return web.Response(body=JPEG, content_type="text/plain")
        if what == "large":
            return web.Response(body=b"\0" * (MOST + 1))
        return web.Response(body=PNG, headers={"Set-Cookie": "who=me"})

    async def _stream(self, request: web.Request, what: str) -> web.StreamResponse:
        if what == "silent":
            await asyncio.sleep(5)
        answer = web.StreamResponse()
        if what == "cut":
            answer.content_length = len(PNG)
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"\0" * (10 if what != "endless" else 50_000))
                if what == "cut":
                    assert request.transport is not None
                    request.transport.close()
                    return answer
                await asyncio.sleep(0.1 if what == "slow" else 0)
        except ConnectionError:
            return answer


@asynccontextmanager
async def hosted() -> AsyncIterator[tuple[Host, str]]:
    """A host, and the address it is at."""
    held = Host()
    app = web.Application()
    app.router.add_get("/{what}", held.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    yield held, f"http://127.0.0.1:{server.port}"
    await server.close()
