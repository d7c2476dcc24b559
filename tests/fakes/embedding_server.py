"""A fake embedding server that checks each request against the layout that vLLM documents."""

import asyncio
import base64
import io
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

DATA_URL = "data:image/png;base64,"


class EmbeddingServer:
    """Returns the mean color of an image as its vector, unless a test sets otherwise."""

    def __init__(self, *models: str) -> None:
        self.models = models or ("clip",)
        self.address = ""
        self.key: str | None = None
        self.next_responses: deque[web.Response] = deque()
        """Responses to the next requests, in place of the normal ones."""
        self.seconds = 0.0
        self.dimension = 4
        self.refused_color: tuple[int, int, int] | None = None
        """Images of this color are refused with status 400."""
        self.by_color: dict[tuple[int, int, int], list[Any]] = {}
        """Vectors for images of a color, in place of the normal ones."""
        self.drops_connections = 0
        self.requests: list[dict[str, Any]] = []
        self.concurrent = self.max_concurrent = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["EmbeddingServer"]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/embeddings", self._embeddings)
        app.router.add_post("/v2/embed", self._embed)
        async with TestServer(app) as server:
            self.address = str(server.make_url("")).rstrip("/")
            yield self

    async def _models(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"object": "list", "data": [{"id": m} for m in self.models]})

    async def _embeddings(self, request: web.Request) -> web.Response:
        body = await self._body(request, {"messages", "model", "encoding_format"})
        if self.next_responses:
            return self.next_responses.popleft()
        messages = body["messages"]
        roles = [message["role"] for message in messages]
        if roles == ["system", "user", "assistant"]:
            # The prompt of Qwen3-VL-Embedding.
            self._check(body["continue_final_message"] is body["add_special_tokens"] is True)
            self._check(messages[2]["content"] == [{"type": "text", "text": ""}])
        else:
            self._check(roles == ["user"])
        (user,) = (message for message in messages if message["role"] == "user")
        images = [part for part in user["content"] if part["type"] == "image_url"]
        self._check(len(images) == 1)
        vector = self._vector(images[0]["image_url"]["url"])
        return web.json_response(
            {
                "object": "list",
                "model": body["model"],
                "data": [{"index": 0, "object": "embedding", "embedding": vector}],
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            }
        )

    async def _embed(self, request: web.Request) -> web.Response:
        body = await self._body(request, {"inputs", "model", "embedding_types"})
        if self.next_responses:
            return self.next_responses.popleft()
        self._check(body["embedding_types"] == ["float"])
        urls = [entry["content"][0]["image_url"]["url"] for entry in body["inputs"]]
        vectors = [self._vector(url) for url in urls]
        return web.json_response({"embeddings": {"float": vectors}, "meta": {}})

    async def _body(self, request: web.Request, fields: set[str]) -> dict[str, Any]:
        self._check_key(request)
        body: dict[str, Any] = await request.json()
        self._check(fields <= set(body))
        if body["model"] not in self.models:
            raise web.HTTPNotFound(text='{"error": {"message": "The model does not exist."}}')
        self.requests.append(body)
        self.concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.concurrent -= 1
        if self.drops_connections:
            self.drops_connections -= 1
            assert request.transport is not None
            request.transport.close()
        return body

    def _vector(self, url: str) -> list[Any]:
        self._check(url.startswith(DATA_URL))
        image = Image.open(io.BytesIO(base64.b64decode(url.removeprefix(DATA_URL), validate=True)))
        red, green, blue = np.asarray(image.convert("RGB")).mean((0, 1)).astype(int).tolist()
        color = (red, green, blue)
        if color == self.refused_color:
            raise web.HTTPBadRequest(text='{"error": {"message": "cannot identify image file"}}')
        vector = [1.0, *(value / 255 for value in color)] + [0.0] * (self.dimension - 4)
        return self.by_color.get(color, vector)

    def _check_key(self, request: web.Request) -> None:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            raise web.HTTPUnauthorized(text='{"error": "Unauthorized"}')

    def _check(self, holds: bool) -> None:
        if not holds:
            raise web.HTTPUnprocessableEntity(text='{"error": {"message": "bad layout"}}')
