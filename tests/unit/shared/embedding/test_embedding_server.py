"""Images are encoded at an embedding server, and its faults are named."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from PIL import Image
from pydantic import SecretStr

from shared.domain.errors import Unavailable
from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.server import connection
from shared.embedding.images.encoders.server.connection import CIRCUIT_FAILURES
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.factory import open_image_encoder
from shared.embedding.images.protocol import UnreadableImages
from tests.fakes.embedding_server import EmbeddingServer

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def plain(color: tuple[int, int, int], side: int = 40) -> Image.Image:
    return Image.new("RGB", (side, side), color)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(connection, "MAX_RETRY_SECONDS", 0.02)


@pytest.fixture
async def server() -> AsyncIterator[EmbeddingServer]:
    async with EmbeddingServer().running() as server:
        yield server


def settings(server: EmbeddingServer, **fields: Any) -> ImageEncoderSettings:
    return ImageEncoderSettings(image_encoder_server=server.address, **fields)


LAYOUTS = pytest.mark.parametrize("layout", ["messages", "inputs"])


@LAYOUTS
@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/embeddings"])
async def test_images_become_unit_vectors_in_their_order(
    server: EmbeddingServer, layout: str, suffix: str
) -> None:
    configured = ImageEncoderSettings(
        image_encoder_server=server.address + suffix,
        image_encoder_server_layout=layout,
    )
    async with open_image_encoder(configured) as encoder:
        assert (encoder.name, encoder.dimension) == ("clip", 4)
        vectors = await encoder.encode([plain(RED), plain(GREEN), plain(BLUE), plain(RED)])
        assert (await encoder.encode([])).shape == (0, 4)
    np.testing.assert_allclose(vectors, np.eye(4)[[1, 2, 3, 1]] / 2**0.5 + [2**-0.5, 0, 0, 0])
    assert vectors.dtype == np.float32


async def test_the_layout_inputs_sends_batches(server: EmbeddingServer) -> None:
    configured = settings(server, image_encoder_server_layout="inputs", image_encoder_batch=3)
    async with open_image_encoder(configured) as encoder:
        await encoder.encode([plain(RED)] * 7)
    assert sorted(len(body["inputs"]) for body in server.requests[1:]) == [1, 3, 3]


async def test_requests_wait_for_each_other(server: EmbeddingServer) -> None:
    configured = settings(server, image_encoder_server_concurrency=2)
    async with open_image_encoder(configured) as encoder:
        server.seconds = 0.02
        await encoder.encode([plain(RED)] * 6)
    assert server.max_concurrent == 2


async def test_an_instruction_is_sent_where_the_model_expects_it(server: EmbeddingServer) -> None:
    text = "Represent the user's input."
    async with open_image_encoder(settings(server, image_encoder_instruction=text)) as encoder:
        as_system = encoder.name
    assert server.requests[-1]["messages"][0] == {
        "role": "system", "content": [{"type": "text", "text": text}],
    }  # fmt: skip
    in_user = settings(
        server, image_encoder_instruction=text, image_encoder_instruction_role="user"
    )
    async with open_image_encoder(in_user) as encoder:
        # Each gives another vector space, and so another collection.
        assert len({encoder.name, as_system, "clip"}) == 3
    assert server.requests[-1]["messages"][0]["content"][1] == {"type": "text", "text": text}


async def test_large_images_are_sent_small(server: EmbeddingServer) -> None:
    configured = settings(server, image_encoder_server_longest_side=64)
    async with open_image_encoder(configured) as encoder:
        await encoder.encode([plain(RED, side=2_000)])
    assert len(json.dumps(server.requests[-1])) < 2_000


@LAYOUTS
async def test_an_image_that_the_server_refuses_is_left_out_alone(
    server: EmbeddingServer, layout: str
) -> None:
    configured = settings(server, image_encoder_server_layout=layout)
    async with open_image_encoder(configured) as encoder:
        server.refused_color = GREEN
        with pytest.raises(UnreadableImages) as error:
            await encoder.encode([plain(RED), plain(GREEN), plain(BLUE)])
    assert list(error.value.vectors) == [0, 2]
    assert error.value.reasons[1].reason == "image_refused_by_encoder"
    assert "cannot identify image file" in error.value.reasons[1].detail


@LAYOUTS
@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        ([float("nan")] * 4, "image_vector_not_finite"),
        ([None, 1, 1, 1], "image_vector_not_finite"),
        ([float("inf"), 0, 0, 0], "image_vector_not_finite"),
        ([0.0] * 4, "image_vector_zero"),
    ],
)
async def test_an_image_with_a_vector_without_direction_is_left_out_alone(
    server: EmbeddingServer, layout: str, vector: list[Any], reason: str
) -> None:
    configured = settings(server, image_encoder_server_layout=layout)
    async with open_image_encoder(configured) as encoder:
        server.by_color[GREEN] = vector
        with pytest.raises(UnreadableImages) as error:
            await encoder.encode([plain(RED), plain(GREEN)])
    assert list(error.value.vectors) == [0]
    assert error.value.reasons[1].reason == reason


def body(**fields: Any) -> web.Response:
    return web.json_response(fields)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (web.Response(text="<html>"), "answers no JSON"),
        (body(data=[]), "0 vectors for 1 images"),
        (body(data=[{"index": 0, "embedding": [1, 0]}] * 2), "2 vectors for 1 images"),
        (body(data={"embedding": [1, 0]}), "no list `data`"),
        (body(), "no list `data`"),
        (body(data=[{"index": 0, "embedding": "AACAPw=="}]), "not a list of numbers"),
        (body(data=[{"index": 0, "embedding": [1, "0", 0, 0]}]), "not a list of numbers"),
        (body(data=[{"index": 0, "embedding": []}]), "not a list of numbers"),
        (body(data=[{"index": 0, "embedding": [1, 0]}]), "vectors of 2 numbers instead of 4"),
        (web.Response(status=500, text='{"detail": "out of memory"}'), "500: out of memory"),
        (web.Response(status=307, headers={"Location": "/x"}), "redirects"),
        (web.Response(status=401), "PREFERSTREAM_IMAGE_ENCODER_SERVER_KEY"),
        (web.Response(status=404, text="no such model"), "no model clip any more"),
    ],
)
async def test_a_faulty_response_makes_the_encoder_unavailable(
    server: EmbeddingServer, response: web.Response, message: str
) -> None:
    async with open_image_encoder(settings(server)) as encoder:
        server.next_responses.append(response)
        with pytest.raises(Unavailable, match=message):
            await encoder.encode([plain(RED)])
        assert (await encoder.encode([plain(RED)])).shape == (1, 4)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_an_overloaded_server_is_tried_again(server: EmbeddingServer, status: int) -> None:
    async with open_image_encoder(settings(server)) as encoder:
        response = web.Response(status=status, headers={"Retry-After": "3600"})
        server.next_responses += [response, web.Response(status=status)]
        assert (await encoder.encode([plain(RED)])).shape == (1, 4)


async def test_a_closed_connection_is_tried_again(server: EmbeddingServer) -> None:
    async with open_image_encoder(settings(server)) as encoder:
        server.drops_connections = 2
        assert (await encoder.encode([plain(RED)])).shape == (1, 4)


async def test_a_slow_server_costs_at_most_the_time_of_the_settings(
    server: EmbeddingServer,
) -> None:
    configured = settings(server, image_encoder_server_timeout_seconds=0.2)
    async with open_image_encoder(configured) as encoder:
        server.seconds = 30
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable, match=r"did not answer within 0\.2 s"):
                await encoder.encode([plain(RED)])


async def test_a_server_that_keeps_failing_is_left_alone_for_a_while(
    server: EmbeddingServer,
) -> None:
    async with open_image_encoder(settings(server)) as encoder:
        server.next_responses += [web.Response(status=500) for _ in range(CIRCUIT_FAILURES)]
        for _ in range(CIRCUIT_FAILURES):
            with pytest.raises(Unavailable, match="answers 500"):
                await encoder.encode([plain(RED)])
        requests = len(server.requests)
        with pytest.raises(Unavailable, match="failed 5 times in a row"):
            await encoder.encode([plain(RED)])
        assert len(server.requests) == requests


async def test_the_key_is_sent_and_a_wrong_one_is_named_without_it(
    server: EmbeddingServer,
) -> None:
    server.key = "right-key"
    with pytest.raises(Unavailable, match="refuses our key") as error:
        async with open_image_encoder(
            settings(server, image_encoder_server_key=SecretStr("wrong-key"))
        ):
            pass
    assert "wrong-key" not in str(error.value)
    async with open_image_encoder(
        settings(server, image_encoder_server_key=SecretStr("right-key"))
    ) as encoder:
        assert encoder.dimension == 4


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image_encoder_server_model": "siglip"}, "no model siglip"),
        ({"image_encoder": "clip"}, "both set"),
    ],
)
async def test_wrong_settings_are_refused_at_the_start(
    server: EmbeddingServer, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadEncoder, match=message):
        async with open_image_encoder(settings(server, **fields)):
            pass


async def test_a_model_must_be_chosen_among_several() -> None:
    async with EmbeddingServer("a", "b").running() as server:
        with pytest.raises(BadEncoder, match="serves a, b; put the name"):
            async with open_image_encoder(settings(server)):
                pass
        chosen = settings(server, image_encoder_server_model="b")
        async with open_image_encoder(chosen) as encoder:
            assert encoder.name == "b"


async def test_a_server_without_image_embeddings_is_refused_at_the_start(
    server: EmbeddingServer,
) -> None:
    server.next_responses.append(
        web.Response(status=400, text='{"error": {"message": "does not support images"}}')
    )
    with pytest.raises(BadEncoder, match=r"does not support images.*embedding model that sees"):
        async with open_image_encoder(settings(server)):
            pass


async def test_a_server_that_is_gone_is_unavailable_at_the_start() -> None:
    gone = ImageEncoderSettings(image_encoder_server="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="cannot be reached"):
        async with open_image_encoder(gone):
            pass


async def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    named = ImageEncoderSettings(image_encoder_server="http://ana:geheim@127.0.0.1:9")
    with pytest.raises(BadEncoder, match="PREFERSTREAM_IMAGE_ENCODER_SERVER_KEY") as error:
        async with open_image_encoder(named):
            pass
    assert "geheim" not in str(error.value)
