"""A server of a PreferThinker checkpoint: it answers in the official layout.

It names the colors of the pictures that it is sent, and gives points by the profile that its answer
starts with, or by the words in the prompt. It continues an answer under a pattern, as vLLM does, or
writes whole answers of its own, as a server of the plain OpenAI API does.
"""

import json
import math
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.styles.preferthinker import layout
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import prompt_style
from tests.fakes.stock_model import _groups, _problem, describe

NAME: Final = "preferthinker-7b"
TEMPLATE: Final = (
    b"You judge pictures for one person.\n---\n"
    b"Kept pictures:\n{liked}\nReturned pictures:\n{disliked}\n"
    b"Picture A:\n{image_a}\nPicture B:\n{image_b}\n"
    b"Write both profiles, then give both pictures points from 0 to 5, then choose."
)
"""A neutral prompt of our own, in place of the official one that a user supplies."""
ALTERNATIVE: Final = 0.25
"""Probability of the next lower digit at the place of each digit above 0."""


def preferthinker() -> PromptStyle:
    """The style of PreferThinker checkpoints with this template."""
    return prompt_style("preferthinker", template=TEMPLATE)


class OfficialModel:
    """The server; tests set what it supports."""

    def __init__(self, *, continues: bool) -> None:
        self.continues = continues
        """Whether it continues answers and follows patterns, as vLLM does."""
        self.ignores_patterns = False
        """Answers anew although it was asked to continue under a pattern."""
        self.logprobs = True
        self.address = ""
        self.requests: list[dict[str, Any]] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator["OfficialModel"]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._complete)
        if self.continues:
            app.router.add_get("/version", self._version)
        async with TestServer(app) as server:
            self.address = str(server.make_url("")).rstrip("/")
            yield self

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": NAME, "object": "model"}]})

    async def _version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "0.32.0"})

    async def _complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        own = {"structured_outputs", "continue_final_message", "chat_template_kwargs"}
        if not self.continues and set(body) & own:
            return _problem(400, "Unrecognized request argument")
        prefix, pattern = "", (body.get("structured_outputs") or {}).get("regex")
        messages = body["messages"]
        if messages[-1]["role"] == "assistant":
            prefix = "".join(part["text"] for part in messages[-1]["content"])
            messages = messages[:-1]
        text = self._whole(messages[-1]["content"], prefix)
        if pattern and not self.ignores_patterns:
            text = _continued(text, pattern, prefix)
        for stop in body.get("stop", ()):
            text = text.split(stop)[0]
        choice: dict[str, Any] = {
            "index": 0, "message": {"content": text}, "finish_reason": "stop"
        }  # fmt: skip
        if body.get("logprobs") and self.logprobs:
            choice["logprobs"] = {
                "content": [_token(token) for token in re.findall(r"\w|\W", text)]
            }
        return web.json_response({"model": NAME, "choices": [choice]})

    def _whole(self, content: Sequence[dict[str, Any]], prefix: str) -> str:
        """A whole official answer to a prompt with these parts."""
        images = [image for group in _groups(content).values() for image in group]
        text = "".join(part["text"] for part in content if part["type"] == "text")
        if len(images) == 1:  # a description, which is asked in the general style
            return json.dumps(describe(images[0]))
        *references, a, b = images
        if references:
            half = len(references) // 2
            likes, dislikes = _colors(references[:half]), _colors(references[half:])
        else:
            likes, dislikes = _stated_colors(prefix or text)
        points = [_points(image, likes, dislikes) for image in (a, b)]
        totals = [sum(digits.values()) for digits in points]
        sides = ({Element.COLOR: likes}, {Element.COLOR: dislikes})
        thoughts = "".join(
            f"\n{n}. {layout.NAMES[e]}:\n"
            + "\n".join(
                f"Image {label}({digits[e]}) - {_why(image, digits[e])}"
                for label, image, digits in zip("AB", (a, b), points, strict=True)
            )
            for n, e in enumerate(ELEMENTS, start=1)
        )
        winner = "A" if totals[0] >= totals[1] else "B"
        return (
            f"{layout.profiles(*sides)}<think>{thoughts}\nTotal:\nImage A: {totals[0]}\n</think>\n"
            f"<answer>Image {winner}</answer>"
        )


def _continued(whole: str, pattern: str, prefix: str) -> str:
    """The points of Image A in the layout of the pattern, after the prefix."""
    digits = dict(zip(ELEMENTS, map(int, re.findall(r"Image A\((\d)\)", whole)), strict=True))
    why = dict(zip(ELEMENTS, re.findall(r"Image A\(\d\) - (.*)", whole), strict=True))
    given = re.findall(r"A\\?\((\d)\\?\)", prefix[-20:] + pattern)
    answer = layout.points(digits)
    if given:
        answer = layout.points({e: int(d) for e, d in zip(ELEMENTS, given, strict=True)}, why)
    rest = answer[len(prefix) - prefix.index(layout.THINK) :]
    match = re.match(pattern, rest)
    assert match is not None, (pattern, rest)
    return match[0]


def _colors(images: Sequence[Image.Image]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(describe(image)["color"][0] for image in images))


def _stated_colors(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    likes, dislikes = re.findall(r'"Color": "([^"]*)"', text)[:2]
    return tuple(likes.split(" or ")), tuple(dislikes.split(" or "))


def _points(
    image: Image.Image, likes: Sequence[str], dislikes: Sequence[str]
) -> dict[Element, int]:
    color = describe(image)["color"][0]
    digit = 5 if color in likes else 0 if color in dislikes else 2
    return {e: digit if e is Element.COLOR else 2 for e in ELEMENTS}


def _why(image: Image.Image, digit: int) -> str:
    claims = {5: "which this person likes", 0: "which this person does not like"}
    return f"It shows {describe(image)['color'][0]}, {claims.get(digit, 'nothing is known')}."


def _token(token: str) -> dict[str, Any]:
    """A token with the alternative to a digit."""
    lower = str(int(token) - 1) if token.isdigit() and token != "0" else None
    shares = {token: 1 - ALTERNATIVE, lower: ALTERNATIVE} if lower else {token: 1.0}
    listed = [{"token": t, "logprob": math.log(share)} for t, share in shares.items()]
    return {**listed[0], "top_logprobs": listed}
