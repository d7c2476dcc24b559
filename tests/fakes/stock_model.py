"""A server of the OpenAI API that answers as stock vision-language models do, faults included.

It looks at the pictures that it is sent: it names their color, saturation and detail, and scores a
picture by the words of the taste in the prompt. How it writes its answer is set by the test.
"""

import base64
import colorsys
import json
import math
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, Final

import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from shared.domain.taste import ELEMENTS, Element

NAME: Final = "stock-vl-7b"
HUES: Final = {"red": 0, "yellow": 60, "green": 120, "blue": 240}
SUBJECT: Final = "subject"
THOUGHT: Final = "The liked ones look red to me."
Words = Mapping[str, Sequence[str]]


def describe(image: Image.Image) -> dict[str, list[str]]:
    """What the stand-in sees: the nearest hue, how strong it is, and how much varies."""
    pixels = np.asarray(image.convert("RGB").resize((32, 32)), float) / 255
    hue, _, value = colorsys.rgb_to_hsv(*pixels.mean(axis=(0, 1)))
    spread = float(pixels.std(axis=(0, 1)).max())
    strength = float((pixels.max(axis=2) - pixels.min(axis=2)).mean())
    nearest = min(HUES, key=lambda name: abs((hue * 360 - HUES[name] + 180) % 360 - 180))
    return {
        "art_style": ["minimalism"],
        "color": [nearest] if strength > 0.1 else ["black" if value < 0.5 else "white"],
        "medium": ["digital graphic"],
        "saturation": ["vivid" if strength > 0.5 else "muted"],
        "detail": ["plain" if spread < 0.1 else "rich"],
        SUBJECT: ["plain surface"],
    }


def taste_of(liked: Sequence[Image.Image], disliked: Sequence[Image.Image]) -> dict[str, Words]:
    """The words that one group shows and the other does not."""

    def words(images: Sequence[Image.Image], key: str) -> list[str]:
        return list(dict.fromkeys(word for image in images for word in describe(image)[key]))

    def only(images: Sequence[Image.Image], others: Sequence[Image.Image]) -> dict[str, list[str]]:
        keys = [e.value for e in ELEMENTS] + [SUBJECT]
        return {k: [w for w in words(images, k) if w not in words(others, k)][:2] for k in keys}

    return {"likes": only(liked, disliked), "dislikes": only(disliked, liked)}


def digits_of(image: Image.Image, prompt: str) -> list[int]:
    """5 where the picture shows a liked word, 0 where a disliked one, 2 elsewhere."""
    likes, dislikes = (
        re.search(rf"The person {side}: (.*)", prompt)[1]  # type: ignore[index]
        for side in ("likes", "dislikes")
    )
    seen = describe(image)

    def named(text: str, element: Element) -> bool:
        part = re.search(rf"{element.label}: ([^;]*)", text)
        return part is not None and any(word in part[1] for word in seen[element.value])

    return [5 if named(likes, e) else 0 if named(dislikes, e) else 2 for e in ELEMENTS]


def sentences(digits: Sequence[int], image: Image.Image) -> dict[str, str]:
    claims = {5: "which this person likes", 0: "which this person does not like"}
    return {
        e.value: f"It shows {describe(image)[e.value][0]}, {claims.get(d, 'nothing is known')}."
        for e, d in zip(ELEMENTS, digits, strict=True)
    }


def as_text(value: Mapping[str, Any]) -> str:
    """The layout of a model that writes lists with headings instead of JSON."""
    if "likes" in value:
        return "\n\n".join(f"**{side.title()}:**\n{as_text(value[side])}" for side in value)
    return "\n".join(
        f"- **{key.replace('_', ' ').title()}:** "
        + (words if isinstance(words, str) else ", ".join(words) or "not clear")
        for key, words in value.items()
    )


def british(value: Mapping[str, Any]) -> str:
    return json.dumps(value).replace('"color"', '"Colour"').replace("art_style", "Artistic Style")


def without_color(value: Mapping[str, Any]) -> str:
    if "likes" in value:
        return json.dumps({s: json.loads(without_color(v)) for s, v in value.items()})
    return json.dumps({key: words for key, words in value.items() if key != "color"})


def prose(value: Mapping[str, Any]) -> str:
    return f"Let me look closely.\n\n{json.dumps(value, indent=1)}\n\nI hope that this helps!"


def thinking(value: Mapping[str, Any]) -> str:
    return f"<think>Could it be {{red}}? Perhaps.</think>\n{json.dumps(value)}"


def cut_off(value: Mapping[str, Any]) -> str:
    return json.dumps(value)[: int(len(json.dumps(value)) * 0.6)]


WRITE: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "json": json.dumps,
    "fenced": lambda value: f"```json\n{json.dumps(value, indent=2)}\n```",
    "prose": prose,
    "thinking": thinking,
    "british": british,
    "text": as_text,
    "element_missing": without_color,
    "cut_off": cut_off,
    "single_quotes": str,
    "refusal": lambda _: "I'm sorry, but I can't help with analyzing these images.",
    "other_language": lambda _: "\u8fd9\u4e9b\u56fe\u7247\u662f\u7ea2\u8272\u7684\u3002",
    "empty": lambda _: "",
}
"""How an answer with words is written."""
NUMBERS: Final = ("zero", "one", "two", "three", "four", "five")


def listed(
    write: Callable[[str, int], str], separator: str = "\n"
) -> Callable[[Sequence[int]], str]:
    """Each element's score in words around it."""

    def text(digits: Sequence[int]) -> str:
        return separator.join(write(e.label, d) for e, d in zip(ELEMENTS, digits, strict=True))

    return text


SCORES: Final[dict[str, Callable[[Sequence[int]], str]]] = {
    "digits": lambda digits: "".join(map(str, digits)),
    "spaced": lambda digits: " ".join(map(str, digits)),
    "of_five": listed(lambda name, digit: f"- **{name.title()}**: {digit}/5"),
    "words": listed(lambda name, digit: f"{name}: {NUMBERS[digit]}", ", "),
    "json": lambda d: json.dumps({e.value: n for e, n in zip(ELEMENTS, d, strict=True)}),
    "of_ten": listed(lambda name, digit: f"{name}: {2 * digit}/10"),
    "refusal": lambda _: "I cannot determine a person's preferences.",
    "empty": lambda _: "",
}
"""How an answer with scores is written."""


class StockModel:
    """The server; tests set how it writes and what it supports."""

    def __init__(self) -> None:
        self.address = ""
        self.write = "json"
        self.scores = "digits"
        self.logprobs: int | None = 20
        """Alternatives at each token that it returns; None for no log-probabilities at all."""
        self.refuses_schemas = False
        """Answers 400 to a request with a response format."""
        self.fails_from: int | None = None
        """From this request on, each is answered with status 500."""
        self.thought_tokens = 0
        """Tokens of the chain of thought before each answer; it spends them first."""
        self.thoughts_field = ""
        """The field of the message for the thoughts; without one they stand in the answer."""
        self.answers_as = NAME
        """The name of the model in its responses."""
        self.serves = NAME
        """The only name that requests may use."""
        self.sees = True
        """Whether it looks at its images; else each of them is a gray square to it."""
        self.counts_tokens = True
        """Whether its responses have a `usage`."""
        self.cached_tokens: int | None = None
        """Tokens of a repeated prompt that its `usage` reports as cached; None reports nothing."""
        self.requests: list[dict[str, Any]] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator["StockModel"]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._complete)
        async with TestServer(app) as server:
            self.address = str(server.make_url("")).rstrip("/")
            yield self

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": NAME, "object": "model"}]})

    async def _complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        if self.fails_from is not None and len(self.requests) > self.fails_from:
            return _problem(500, "EngineCore encountered an issue")
        if body["model"] != self.serves:
            return _problem(404, f"model {body['model']} not found")
        unknown = set(body) & {"structured_outputs", "logprob_token_ids", "chat_template_kwargs"}
        if unknown:
            return _problem(400, f"Unrecognized request argument: {sorted(unknown)[0]}")
        if self.refuses_schemas and "response_format" in body:
            return _problem(400, "response_format json_schema is not supported by this model")
        text = self._answer(body["messages"][-1]["content"])
        message, is_cut = self._message(text, body["max_tokens"])
        choice: dict[str, Any] = {
            "index": 0,
            "message": message,
            "finish_reason": "length" if is_cut or self.write == "cut_off" else "stop",
        }
        if body.get("logprobs") and self.logprobs is not None:
            choice["logprobs"] = {"content": self._alternatives("".join(message.values()))}
        response = {"model": self.answers_as, "choices": [choice], **self._usage(body, text)}
        return web.json_response(response)

    def _usage(self, body: Mapping[str, Any], text: str) -> dict[str, Any]:
        if not self.counts_tokens:
            return {}
        usage: dict[str, Any] = {"prompt_tokens": 300, "completion_tokens": len(text.split())}
        if self.cached_tokens is not None:
            repeated = self.requests[:-1].count(dict(body)) > 0
            usage["prompt_tokens_details"] = {
                "cached_tokens": self.cached_tokens if repeated else 0
            }
        return {"usage": usage}

    def _message(self, text: str, max_tokens: int) -> tuple[dict[str, str], bool]:
        """The message with the thoughts before the answer, and whether the tokens ran out."""
        if not self.thought_tokens:
            return {"content": text}, False
        is_cut = max_tokens <= self.thought_tokens
        if self.thoughts_field:
            return {self.thoughts_field: THOUGHT, "content": "" if is_cut else text}, is_cut
        return {"content": f"<think>{THOUGHT}" + ("" if is_cut else f"</think>\n{text}")}, is_cut

    def _answer(self, content: Sequence[Mapping[str, Any]]) -> str:
        text = "".join(part["text"] for part in content if part["type"] == "text")
        groups = _groups(content)
        if not self.sees:
            gray = Image.new("RGB", (32, 32), "gray")
            groups = {name: [gray for _ in images] for name, images in groups.items()}
        if "<answer>Image A</answer>" in text:
            return comparison(groups)
        if "this person's visual taste" in text:
            return WRITE[self.write](taste_of(groups.get("likes", []), groups.get("dislikes", [])))
        (image,) = [image for images in groups.values() for image in images]
        if "Give one digit" in text:
            return SCORES[self.scores](digits_of(image, text))
        if "Write one or two short English sentences" in text:
            scores = re.search(r"The scores: (.*)\.", text)
            assert scores is not None
            return WRITE[self.write](sentences([int(d) for d in scores[1] if d.isdigit()], image))
        return WRITE[self.write](describe(image))

    def _alternatives(self, text: str) -> list[dict[str, Any]]:
        assert self.logprobs is not None
        others = [" the", "3", "1", "4", "0", "5", "2"]
        tokens = re.findall(r"\w|\W", text)
        return [
            {
                "token": token,
                "logprob": math.log(0.8),
                "top_logprobs": [
                    {"token": token, "logprob": math.log(0.8)},
                    *({"token": o, "logprob": math.log(0.02)} for o in others if o != token),
                ][: self.logprobs],
            }
            for token in tokens
        ]


STARTS: Final = {
    "likes": "likes these", "dislikes": "dislikes these", "liked": "Liked images:",
    "disliked": "Disliked images:", "A": "Image A:", "B": "Image B:",
}  # fmt: skip
"""The text before each group of images in our prompts."""


def comparison(groups: Mapping[str, Sequence[Image.Image]]) -> str:
    """The choice between two images, in the layout that the prompt shows."""
    taste = taste_of(groups["liked"], groups["disliked"])
    lines, totals = [], {}
    for side in ("likes", "dislikes"):
        words = (f"{e.label}: {(*taste[side][e.value], 'any')[0]}" for e in ELEMENTS)
        lines.append(f"{side.title()} {'; '.join(words)}.")
    for label in "AB":
        seen = describe(groups[label][0])
        scored = []
        for element in ELEMENTS:
            word = seen[element.value][0]
            likes, dislikes = (taste[side][element.value] for side in ("likes", "dislikes"))
            scored.append(
                (element.label, word, 5 if word in likes else 0 if word in dislikes else 2)
            )
        totals[label] = sum(digit for _, _, digit in scored)
        lines.append(f"{label} {'; '.join(f'{name}: {word} {d}' for name, word, d in scored)}.")
    return "\n".join([*lines, f"<answer>Image {max(totals, key=totals.__getitem__)}</answer>"])


def _groups(content: Sequence[Mapping[str, Any]]) -> dict[str, list[Image.Image]]:
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


def _problem(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status)
