"""A fake OpenAI-compatible model server without a model, for tests of server faults."""

import asyncio
import re
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt

ANSWER_PREFIX = prompt.score({}, {}).answer_prefix
LIKELY_DIGIT, MIXED_DIGIT = 4, 1


class ModelServer:
    """Answers scores with `LIKELY_DIGIT` and words with "cubism", unless a test sets otherwise."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.address = ""
        self.adapters: dict[str, str] = {}
        self.next_responses: deque[web.Response] = deque()
        """Responses to the next requests, in place of the normal ones."""
        self.seconds = 0.0
        self.disconnects = 0
        self.resets = False
        self.loses_adapters = False
        self.takes_adapters = True
        self.forces = True
        self.mixes = False
        """Answers a request to the base model with another digit while an adapter is in use."""
        self.tokenizes = True
        self.is_vllm = False
        """Whether it answers `/version`, as vLLM does."""
        self.refuses_adapters: str | None = None
        """The message with which it refuses each adapter."""
        self.answers_as: str | None = None
        self.concurrent = self.max_concurrent = 0
        self.requests: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self._ids: dict[str, int] = {}
        self._active: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ModelServer"]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/load_lora_adapter", self._load)
        app.router.add_post("/v1/unload_lora_adapter", self._unload)
        app.router.add_get("/version", self._version)
        async with TestServer(app) as server:
            self.address = str(server.make_url("")).rstrip("/")
            yield self

    def tokens(self, text: str) -> list[int]:
        """One token per word (with the space before it), digit or sign."""
        pieces = re.findall(r" ?[A-Za-z]+| ?\d|[^ ]| ", text)
        return [self._ids.setdefault(piece, 10 + len(self._ids)) for piece in pieces]

    async def _models(self, request: web.Request) -> web.Response:
        self.keys.add(request.headers.get("Authorization"))
        cards = [{"id": self.model, "root": "/models/base", "parent": None}]
        cards += [
            {"id": name, "root": path, "parent": self.model} for name, path in self.adapters.items()
        ]
        return web.json_response({"data": cards})

    async def _version(self, _: web.Request) -> web.Response:
        if not self.is_vllm:
            raise web.HTTPNotFound
        return web.json_response({"version": "0.32.0"})

    async def _tokenize(self, request: web.Request) -> web.Response:
        if not self.tokenizes:
            raise web.HTTPNotFound
        return web.json_response({"tokens": self.tokens((await request.json())["prompt"])})

    async def _complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        self.concurrent += 1
        self._active[body["model"]] += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        try:
            await asyncio.sleep(self.seconds)
            return self._answer(request, body)
        finally:
            self.concurrent -= 1
            self._active[body["model"]] -= 1

    def _answer(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        if self.disconnects:
            self.disconnects -= 1
            assert request.transport is not None
            if self.resets:
                request.transport.abort()
            request.transport.close()
        if self.next_responses:
            return self.next_responses.popleft()
        if body["model"] not in {self.model, *self.adapters}:
            return problem(404, f"The model `{body['model']}` does not exist.")
        text, logprobs = " art style: cubism; color: red.", None
        if "logprob_token_ids" in body and self.forces:
            text, logprobs = self._forced(body["logprob_token_ids"], most=body["max_tokens"])
        elif "top_logprobs" in body:
            text = str(LIKELY_DIGIT) * len(ELEMENTS)
        choice = {"message": {"content": text}, "finish_reason": "stop", "logprobs": logprobs}
        return web.json_response({"model": self.answers_as or body["model"], "choices": [choice]})

    def _forced(self, digits: list[int], *, most: int) -> tuple[str, dict[str, Any]]:
        line = prompt.score_line(dict.fromkeys(ELEMENTS, 2)).removeprefix(ANSWER_PREFIX)
        others = any(count for name, count in self._active.items() if name != self.model)
        likely = MIXED_DIGIT if self.mixes and others else LIKELY_DIGIT
        top_logprobs = [
            {"token": f"token_id:{token}", "logprob": -0.1 if digit == likely else -9.0}
            for digit, token in enumerate(digits)
        ]
        content = [
            {"token": f"token_id:{token}", "top_logprobs": top_logprobs}
            for token in self.tokens(line)[:most]
        ]
        return line, {"content": content}

    async def _load(self, request: web.Request) -> web.Response:
        if not self.takes_adapters:
            raise web.HTTPNotFound
        if self.refuses_adapters is not None:
            return problem(400, self.refuses_adapters)
        body = await request.json()
        if not self.loses_adapters:
            self.adapters[body["lora_name"]] = body["lora_path"]
        return web.Response(text="Success")

    async def _unload(self, request: web.Request) -> web.Response:
        self.adapters.pop((await request.json())["lora_name"], None)
        return web.Response(text="Success")


def problem(status: int, message: str) -> web.Response:
    """An error response in the layout of the OpenAI API."""
    return web.json_response({"error": {"message": message}}, status=status)
