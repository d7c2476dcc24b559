"""Ask a model server for one token about a new image: its health route answers while it fails."""

import base64
import random
from io import BytesIO
from typing import Any, Final

import aiohttp
from PIL import Image

PROBE_SECONDS: Final = 20.0
"""A busy server answers within seconds; on a CPU, a probe waits behind a batch."""
IMAGE_SIDE: Final = 56


async def is_healthy(address: str, *, key: str) -> bool:
    """Whether the server has loaded its model."""
    try:
        async with _session(key) as session, session.get(f"{address}/health") as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def failure(address: str, *, key: str, model: str) -> str | None:
    """Why the server cannot answer a request with an image, or None."""
    body = _request(model)
    try:
        async with (
            _session(key) as session,
            session.post(f"{address}/v1/chat/completions", json=body) as response,
        ):
            if response.status < 500:
                return None
            return f"it answers {response.status}: {(await response.text())[:200]}"
    except TimeoutError:
        return f"it did not answer within {PROBE_SECONDS:g} s"
    except aiohttp.ClientError as error:
        return f"it cannot be reached: {error}"


def _session(key: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {key}"},
        timeout=aiohttp.ClientTimeout(total=PROBE_SECONDS),
    )


def _request(model: str) -> dict[str, Any]:
    # A color that no cache of the server has seen.
    color = tuple(random.randrange(256) for _ in range(3))
    buffer = BytesIO()
    Image.new("RGB", (IMAGE_SIDE, IMAGE_SIDE), color).save(buffer, "PNG")
    url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    content = [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": "Describe this image."},
    ]
    messages = [{"role": "user", "content": content}]
    return {"model": model, "messages": messages, "max_tokens": 1, "temperature": 0}
