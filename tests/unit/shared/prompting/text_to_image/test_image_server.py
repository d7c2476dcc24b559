"""The text-to-image server: its requests, its images, and each of its faults as one error."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from shared.domain.errors import Unavailable, Unprocessable
from shared.prompting.text_to_image.image_server import ImageServer
from shared.prompting.text_to_image.prompt_writer import ImagePrompt
from shared.prompting.text_to_image.settings import GenerationSettings
from shared.settings import InvalidSettings, from_environment
from tests.fakes.image_generator import ImageGenerator, drawing

ASKED = ImagePrompt("a harbor, blue color palette", "red color palette")


@pytest.fixture
async def generator() -> AsyncIterator[ImageGenerator]:
    async with ImageGenerator().running() as started:
        yield started


def settings(generator: ImageGenerator, **changes: Any) -> GenerationSettings:
    return GenerationSettings(image_generator=f"{generator.address}/v1/", **changes)


async def test_images_are_decoded_and_the_request_has_both_prompts(
    generator: ImageGenerator,
) -> None:
    chosen = settings(
        generator, image_generator_key=SecretStr("barley"), image_generator_model="flux"
    )
    async with ImageServer(chosen) as server:
        images = await server.generate(ASKED, count=2)
    assert all(image.startswith(b"\x89PNG") for image in images)
    assert images[0] != images[1]
    assert generator.keys == ["Bearer barley"]
    assert generator.requests == [
        {
            "prompt": ASKED.prompt, "negative_prompt": ASKED.negative_prompt, "model": "flux",
            "n": 2, "size": "1024x1024", "response_format": "b64_json",
        }
    ]  # fmt: skip


async def test_a_server_without_negative_prompts_gets_one_prompt(
    generator: ImageGenerator,
) -> None:
    async with ImageServer(settings(generator, image_generator_negative_prompt=False)) as server:
        await server.generate(ASKED)
    (request,) = generator.requests
    assert request["prompt"] == "a harbor, blue color palette. Without red color palette."
    assert "negative_prompt" not in request


FAULTS = {
    "overloaded": (web.json_response, {"error": {"message": "busy"}}, 503, "503: busy"),
    "a wrong key": (web.json_response, {"error": {"message": "no"}}, 401, "401: no"),
    "a redirect": (web.json_response, {}, 307, "307"),
    "no images": (web.json_response, {"data": []}, 200, "0 images, not 1"),
    "addresses": (web.json_response, {"data": [{"url": "http://x/a.png"}]}, 200, "b64_json"),
    "no base64": (web.json_response, {"data": [{"b64_json": "!!"}]}, 200, "b64_json"),
    "another shape": (web.json_response, [1, 2], 200, "b64_json"),
    "more images": (web.json_response, {"data": [{"b64_json": drawing()}] * 3}, 200, "3 images"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_server_is_unavailable_with_its_reason(
    generator: ImageGenerator, fault: str
) -> None:
    respond, payload, status, message = FAULTS[fault]
    generator.response = respond(payload, status=status)
    async with ImageServer(settings(generator)) as server:
        with pytest.raises(Unavailable, match=message):
            await server.generate(ASKED)
        assert len(await server.generate(ASKED)) == 1


async def test_a_refused_prompt_is_the_requests_fault(generator: ImageGenerator) -> None:
    generator.response = web.json_response({"error": {"message": "unsafe"}}, status=400)
    async with ImageServer(settings(generator)) as server:
        with pytest.raises(Unprocessable, match="refuses the prompt: unsafe"):
            await server.generate(ASKED)


async def test_a_slow_or_absent_server_is_unavailable(generator: ImageGenerator) -> None:
    generator.seconds = 30
    async with ImageServer(settings(generator, image_generator_timeout_seconds=0.3)) as server:
        with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s"):
            await server.generate(ASKED)
    async with ImageServer(GenerationSettings(image_generator="http://127.0.0.1:9")) as server:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await server.generate(ASKED)


@pytest.mark.parametrize("size", ["1024", "0x10", "wide", "1024 x 1024"])
def test_a_wrong_size_is_refused_at_the_start(size: str) -> None:
    with pytest.raises(ValidationError):
        GenerationSettings(image_generator_size=size)


@pytest.mark.parametrize(
    "address", ["http://me:hunter2@pictures:8000", "https://hunter2@pictures/v1"]
)
def test_an_address_with_a_password_is_refused_and_not_repeated(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValidationError, match="PREFERSTREAM_IMAGE_GENERATOR_KEY"):
        GenerationSettings(image_generator=address)
    monkeypatch.setenv("PREFERSTREAM_IMAGE_GENERATOR", address)
    with pytest.raises(InvalidSettings, match="contains a user or a password") as refused:
        from_environment(GenerationSettings)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/images/generations"])
async def test_an_address_can_end_with_a_route(generator: ImageGenerator, end: str) -> None:
    chosen = GenerationSettings(image_generator=generator.address + end)
    async with ImageServer(chosen) as server:
        assert len(await server.generate(ASKED)) == 1
