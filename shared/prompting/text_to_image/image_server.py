"""Generate images at a text-to-image server with the images API of OpenAI."""

import base64
import binascii
import json
from contextlib import suppress
from typing import Any, Final, Self

import aiohttp

from shared.domain.errors import Unavailable, Unprocessable
from shared.files.server_address import server_address
from shared.prompting.text_to_image.prompt_writer import ImagePrompt
from shared.prompting.text_to_image.settings import GenerationSettings

PART: Final = "image generator"
ROUTE: Final = "v1/images/generations"
ROUTES: Final = (f"/{ROUTE}", "/v1")
"""Ends of an address that a user copies from a manual."""
CONNECT_SECONDS: Final = 5.0
MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024
MAX_MESSAGE_CHARACTERS: Final = 300


class ImageServer:
    """One server; made and used in one event loop."""

    def __init__(self, settings: GenerationSettings) -> None:
        assert settings.image_generator is not None
        self._settings = settings
        address = server_address(settings.image_generator, setting="IMAGE_GENERATOR", routes=ROUTES)
        self._url = f"{address.rstrip('/')}/{ROUTE}"
        key = settings.image_generator_key
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=aiohttp.ClientTimeout(
                total=settings.image_generator_timeout_seconds, sock_connect=CONNECT_SECONDS
            ),
        )

    async def generate(self, prompts: ImagePrompt, *, count: int = 1) -> list[bytes]:
        """`count` encoded images.

        Raises `Unavailable`, and `Unprocessable` when the server refuses the prompt.
        """
        status, payload = await self._post(self._request(prompts, count))
        if status != 200:
            message = _message(payload)
            if status in (400, 422):
                raise Unprocessable("image_refused", f"the server refuses the prompt: {message}")
            raise Unavailable(PART, f"{self._url} answers {status}: {message}")
        try:
            images = [base64.b64decode(item["b64_json"], validate=True) for item in payload["data"]]
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise Unavailable(
                PART, f"{self._url} returned no images as b64_json: {error!r}"
            ) from error
        if len(images) != count or not all(images):
            raise Unavailable(PART, f"{self._url} returned {len(images)} images, not {count}")
        return images

    async def close(self) -> None:
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _request(self, prompts: ImagePrompt, count: int) -> dict[str, Any]:
        settings, prompt = self._settings, prompts.prompt
        body: dict[str, Any] = {
            "n": count,
            "size": settings.image_generator_size,
            "response_format": "b64_json",
        }
        if settings.image_generator_model:
            body["model"] = settings.image_generator_model
        if prompts.negative_prompt and settings.image_generator_negative_prompt:
            body["negative_prompt"] = prompts.negative_prompt
        elif prompts.negative_prompt:
            prompt = f"{prompt}. Without {prompts.negative_prompt}."
        return {**body, "prompt": prompt}

    async def _post(self, body: dict[str, Any]) -> tuple[int, Any]:
        try:
            # A redirect would send the key to another host.
            async with self._session.post(self._url, json=body, allow_redirects=False) as response:
                content = await response.content.read(MAX_RESPONSE_BYTES + 1)
                while len(content) <= MAX_RESPONSE_BYTES and not response.content.at_eof():
                    content += await response.content.read(MAX_RESPONSE_BYTES + 1 - len(content))
                status = response.status
        except TimeoutError as error:
            seconds = self._settings.image_generator_timeout_seconds
            raise Unavailable(PART, f"{self._url} did not answer within {seconds:g} s") from error
        except aiohttp.ClientError as error:
            raise Unavailable(PART, f"{self._url} cannot be reached: {error}") from error
        if len(content) > MAX_RESPONSE_BYTES:
            raise Unavailable(PART, f"{self._url} sent more than {MAX_RESPONSE_BYTES} bytes")
        return status, _parsed(content)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def _message(payload: Any) -> str:
    with suppress(KeyError, TypeError):
        payload = payload["error"]["message"]
    return " ".join(str(payload).split())[:MAX_MESSAGE_CHARACTERS]
