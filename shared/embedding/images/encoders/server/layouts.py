"""Write images as embedding requests, and read the vectors of the responses.

vLLM documents both layouts: conversations (`messages`) at `/v1/embeddings`, and the layout of
Cohere's Embed API, version 2 (`inputs`), at `/v2/embed`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Protocol

MESSAGES_ROUTE: Final = "v1/embeddings"
INPUTS_ROUTE: Final = "v2/embed"


class BadResponse(Exception):
    """The response does not have the documented layout; the text says what is wrong."""


class Layout(Protocol):
    """How images are sent and vectors are returned."""

    route: str
    batch: int
    """Images in one request."""

    def request(self, model: str, urls: Sequence[str]) -> Mapping[str, Any]:
        """The body for these images, as data URLs."""
        ...

    def vectors(self, response: Any, *, count: int) -> list[list[float]]:
        """The vectors in the order of the images; raises `BadResponse`."""
        ...


class Messages:
    """One conversation with one image a request; the server batches the requests."""

    route = MESSAGES_ROUTE
    batch = 1

    def __init__(self, instruction: str | None, role: Literal["system", "user"]) -> None:
        self._instruction = instruction
        self._role = role

    def request(self, model: str, urls: Sequence[str]) -> Mapping[str, Any]:
        (url,) = urls
        image = {"type": "image_url", "image_url": {"url": url}}
        body: dict[str, Any] = {"model": model, "encoding_format": "float"}
        if self._instruction is None:
            return body | {"messages": [{"role": "user", "content": [image]}]}
        instruction = _text(self._instruction)
        if self._role == "user":
            return body | {"messages": [{"role": "user", "content": [image, instruction]}]}
        # The empty answer and the special tokens make the prompt that Qwen3-VL-Embedding was
        # trained with, whose last token is the vector.
        return body | {
            "messages": [
                {"role": "system", "content": [instruction]},
                {"role": "user", "content": [image, _text("")]},
                {"role": "assistant", "content": [_text("")]},
            ],
            "continue_final_message": True,
            "add_special_tokens": True,
        }

    def vectors(self, response: Any, *, count: int) -> list[list[float]]:
        data = response.get("data") if isinstance(response, dict) else None
        if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
            raise BadResponse("it has no list `data`")
        if sorted(entry.get("index", 0) for entry in data) != list(range(count)):
            raise BadResponse(f"it has {len(data)} vectors for {count} images")
        in_order = sorted(data, key=lambda entry: int(entry.get("index", 0)))
        return [_vector(entry.get("embedding")) for entry in in_order]


class Inputs:
    """Several images a request; an instruction is a text after each image."""

    route = INPUTS_ROUTE

    def __init__(self, instruction: str | None, *, batch: int) -> None:
        self._text = [] if instruction is None else [_text(instruction)]
        self.batch = batch

    def request(self, model: str, urls: Sequence[str]) -> Mapping[str, Any]:
        return {
            "model": model,
            "embedding_types": ["float"],
            "inputs": [
                {"content": [{"type": "image_url", "image_url": {"url": url}}, *self._text]}
                for url in urls
            ],
        }

    def vectors(self, response: Any, *, count: int) -> list[list[float]]:
        embeddings = response.get("embeddings") if isinstance(response, dict) else None
        vectors = embeddings.get("float") if isinstance(embeddings, dict) else None
        if not isinstance(vectors, list):
            raise BadResponse("it has no list `embeddings.float`")
        if len(vectors) != count:
            raise BadResponse(f"it has {len(vectors)} vectors for {count} images")
        return [_vector(vector) for vector in vectors]


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _vector(values: Any) -> list[float]:
    """Numbers only; NaN and infinity are numbers here, and `null` stands for NaN in JSON."""
    if not isinstance(values, list) or not values:
        raise BadResponse("a vector is not a list of numbers")
    if not all(value is None or type(value) in (int, float) for value in values):
        raise BadResponse("a vector is not a list of numbers")
    try:
        return [math.nan if value is None else float(value) for value in values]
    except OverflowError as error:
        raise BadResponse("a vector has a number that is too large") from error
