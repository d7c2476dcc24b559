"""What servers of the OpenAI API share: their model, their address, and the images of a request."""

import base64
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, Final, Self

from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

STARTS: Final = {
    "likes": "likes these", "dislikes": "dislikes these", "liked": "Liked images:",
    "disliked": "Disliked images:", "A": "Image A:", "B": "Image B:",
}  # fmt: skip
"""The text before each group of images in our prompts."""


class ChatServer(ABC):
    """A server of one model; it keeps the requests that it has received."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.address = ""
        self.is_vllm = False
        """Whether it answers `/version` and takes the own fields of vLLM."""
        self.requests: list[dict[str, Any]] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/version", self._version)
        app.router.add_post("/v1/chat/completions", self._complete)
        async with TestServer(app) as server:
            self.address = str(server.make_url("")).rstrip("/")
            yield self

    async def _models(self, _: web.Request) -> web.Response:
        models = [{"id": self.model, "object": "model"}]
        return web.json_response({"object": "list", "data": models})

    async def _version(self, _: web.Request) -> web.Response:
        if not self.is_vllm:
            return problem(404, "Not Found")
        return web.json_response({"version": "0.32.0"})

    @abstractmethod
    async def _complete(self, request: web.Request) -> web.Response: ...


def image_groups(content: Sequence[Mapping[str, Any]]) -> dict[str, list[Image.Image]]:
    """The images by the word in the text before them."""
    groups: dict[str, list[Image.Image]] = {}
    group = ""
    for part in content:
        if part["type"] == "text":
            starts = [name for name, start in STARTS.items() if start in part["text"]]
            group = starts[-1] if starts else group
        else:
            data = part["image_url"]["url"].split(",", 1)[1]
            groups.setdefault(group, []).append(Image.open(BytesIO(base64.b64decode(data))))
    return groups


def problem(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status)
