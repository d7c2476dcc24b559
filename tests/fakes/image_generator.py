"""A text-to-image server with the images API of OpenAI that draws one color, for tests."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image


class ImageGenerator:
    """Tests set `response` to a fault, or leave it for the drawn images."""

    def __init__(self) -> None:
        self.address = ""
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.response: web.Response | None = None
        self.seconds = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ImageGenerator"]:
        app = web.Application()
        app.router.add_post("/v1/images/generations", self._generate)
        async with TestServer(app) as server:
            self.address = str(server.make_url("")).rstrip("/")
            yield self

    def image(self, prompt: str, number: int) -> str:
        """In base64; tests override it to draw what the prompt says."""
        return drawing(number)

    async def _generate(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("Authorization"))
        await asyncio.sleep(self.seconds)
        if self.response is not None:
            response, self.response = self.response, None
            return response
        drawn = [{"b64_json": self.image(body["prompt"], n)} for n in range(body["n"])]
        return web.json_response({"created": 0, "data": drawn})


def drawing(number: int = 0) -> str:
    """A small PNG in base64."""
    buffer = BytesIO()
    Image.new("RGB", (48, 48), (200, 10 * number, 30)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
