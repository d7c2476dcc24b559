"""The engine at a server translates errors, bounds time and concurrency, and hides its key."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image
from pydantic import SecretStr

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import ELEMENTS, Taste
from shared.prompting.styles.registry import COMPACT
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import ModelPackage, release
from shared.vlm.factory import open_model
from shared.vlm.protocol import ScoringInput
from shared.vlm.server.adapters import Adapters
from shared.vlm.server.connection import Connection, base_address
from shared.vlm.server.loading import ServerLoader
from shared.vlm.settings import ModelSettings
from tests.fakes.model_server import LIKELY_DIGIT, ModelServer, problem

VERSION = release(None).version
CANDIDATES = [
    ScoringInput(Taste(), Image.new("RGB", (84, 84), c)) for c in ("red", "navy", "white")
]
KEY = "open-barley"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer(VERSION).running() as started:
        yield started


@pytest.fixture
def settings(server: ModelServer) -> ModelSettings:
    return ModelSettings(
        model_server=f"{server.address}/v1/", model_server_key=SecretStr(KEY),
        model_server_concurrency=2, model_server_timeout_seconds=5.0,
    )  # fmt: skip


async def test_scores_are_read_from_the_digits_of_the_forced_answer(
    settings: ModelSettings,
) -> None:
    async with open_model(settings) as model:
        for scores in await model.score(CANDIDATES):
            for element in ELEMENTS:
                assert scores.mode(element) == LIKELY_DIGIT
                assert sum(scores.digits[element]) == pytest.approx(1)


async def test_the_number_of_simultaneous_requests_is_bounded(
    server: ModelServer, settings: ModelSettings
) -> None:
    async with open_model(settings) as model:
        server.seconds = 0.02
        assert len(await model.score(CANDIDATES * 4)) == 12
    assert server.max_concurrent == 2


async def test_the_key_is_sent_to_the_server_and_appears_in_no_error_setting_or_log(
    server: ModelServer, settings: ModelSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_model(settings) as model:
        server.next_responses.append(problem(401, f"{KEY} is wrong"))
        with pytest.raises(Unavailable, match="PREFERSTREAM_MODEL_SERVER_KEY") as refused:
            await model.score(CANDIDATES[:1])
    assert server.keys == {f"Bearer {KEY}"}
    assert KEY not in f"{refused.value} {settings} {caplog.text}"


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadCheckpoint) as refused:
        base_address(f"http://user:{KEY}@models.example:8000/v1")
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("setting", ["http://m:8000", "http://m:8000/v1", "http://m:8000/v1/"])
def test_an_address_is_the_same_with_and_without_v1(setting: str) -> None:
    assert str(base_address(setting) / "v1/models") == "http://m:8000/v1/models"


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_request_that_the_server_rejects_is_unprocessable(
    server: ModelServer, settings: ModelSettings, status: int
) -> None:
    async with open_model(settings) as model:
        server.next_responses.append(problem(status, "At most 12 image(s) may be provided"))
        with pytest.raises(Unprocessable, match=r"model_refused: .*At most 12 image"):
            await model.describe([CANDIDATES[0].image])


@pytest.mark.parametrize("status", [307, 403, 408, 429, 500, 502, 503])
async def test_a_server_that_cannot_answer_now_is_unavailable(
    server: ModelServer, settings: ModelSettings, status: int
) -> None:
    async with open_model(settings) as model:
        server.next_responses.append(problem(status, "try later"))
        with pytest.raises(Unavailable, match=str(status)):
            await model.describe([CANDIDATES[0].image])
        assert len(await model.describe([CANDIDATES[0].image])) == 1


async def test_a_hanging_server_is_unavailable_after_the_timeout(
    server: ModelServer, settings: ModelSettings
) -> None:
    short_timeout = settings.model_copy(update={"model_server_timeout_seconds": 1.0})
    async with open_model(short_timeout) as model:
        server.seconds = 30.0
        with pytest.raises(Unavailable, match="did not answer within 1 s"):
            await model.score(CANDIDATES)


async def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    no_server = ModelSettings(model_server="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9/? cannot be reached"):
        async with open_model(no_server):
            pass


@pytest.mark.parametrize("resets", [False, True])
async def test_a_request_on_a_closed_connection_is_sent_once_more(
    server: ModelServer, settings: ModelSettings, resets: bool
) -> None:
    server.resets = resets
    async with open_model(settings) as model:
        server.disconnects = 1
        assert len(await model.describe([CANDIDATES[0].image])) == 1
        server.disconnects = 2
        with pytest.raises(Unavailable, match="cannot be reached"):
            await model.describe([CANDIDATES[0].image])


@pytest.mark.parametrize("body", ["<html>", "{}", '{"choices": []}', '{"choices": [{}]}', "[]"])
async def test_a_response_in_another_layout_is_unavailable(
    server: ModelServer, settings: ModelSettings, body: str
) -> None:
    async with open_model(settings) as model:
        for message, call in (
            ("no chat completion", lambda: model.describe([CANDIDATES[0].image])),
            (r"no chat completion|forced scores", lambda: model.score(CANDIDATES[:1])),
        ):
            server.next_responses.append(web.Response(text=body, content_type="application/json"))
            with pytest.raises(Unavailable, match=message):
                await call()


async def test_a_server_that_cannot_force_answers_is_refused_at_the_start(
    server: ModelServer, settings: ModelSettings
) -> None:
    server.forces = False
    with pytest.raises(BadCheckpoint, match=r"structured_outputs .* vLLM"):
        async with open_model(settings):
            pass


async def test_a_server_that_cannot_tokenize_is_refused_at_the_start(
    server: ModelServer, settings: ModelSettings
) -> None:
    server.tokenizes = False
    with pytest.raises(BadCheckpoint, match="no /tokenize"):
        async with open_model(settings):
            pass


async def test_a_web_site_is_refused_at_the_start(
    server: ModelServer, settings: ModelSettings
) -> None:
    elsewhere = settings.model_copy(update={"model_server": f"{server.address}/shop"})
    with pytest.raises(BadCheckpoint, match="lists no models under /v1/models"):
        async with open_model(elsewhere):
            pass


async def test_an_adapter_that_the_server_lost_is_loaded_again(
    server: ModelServer, settings: ModelSettings
) -> None:
    engine = await ServerLoader.open(settings)
    model = engine._model("adapter-1", _adapter("adapter-1"), Path("/models/adapter-1"))
    assert len(await model.score(CANDIDATES)) == 3
    assert server.adapters == {"adapter-1": "/models/adapter-1"}
    server.adapters.clear()
    assert len(await model.score(CANDIDATES)) == 3
    server.adapters.clear()
    server.loses_adapters = True
    with pytest.raises(Unavailable, match="keeps losing adapter-1"):
        await model.score(CANDIDATES[:1])
    await engine.close()


async def test_a_response_of_another_model_than_the_requested_adapter_is_refused(
    server: ModelServer, settings: ModelSettings
) -> None:
    engine = await ServerLoader.open(settings)
    model = engine._model("adapter-1", _adapter("adapter-1"), Path("/models/adapter-1"))
    server.answers_as = VERSION
    with pytest.raises(Unavailable, match="adapter-1 was requested"):
        await model.score(CANDIDATES[:1])
    await engine.close()


async def test_scores_have_the_element_weights_of_the_requested_version(
    settings: ModelSettings,
) -> None:
    engine = await ServerLoader.open(settings)
    weights = ElementWeights(color=3.0, detail=0.5, medium=0.5, saturation=0.5, art_style=0.5)
    adapter = await engine._load_adapter(replace(_adapter("adapter-1"), element_weights=weights))
    (by_adapter,), (by_release,) = (
        await adapter.score(CANDIDATES[:1]), await engine.load_release().score(CANDIDATES[:1])
    )  # fmt: skip
    assert (by_adapter.weights, by_release.weights) == (weights, EQUAL_WEIGHTS)
    await engine.close()


async def test_a_server_whose_adapters_change_the_answers_of_the_base_is_refused(
    server: ModelServer, settings: ModelSettings
) -> None:
    engine = await ServerLoader.open(settings.model_copy(update={"model_server_concurrency": 8}))
    server.seconds = 0.05
    await engine._load_adapter(_adapter("adapter-1"))
    server.mixes = True
    with pytest.raises(BadCheckpoint, match="lets adapter-2 change the answers of"):
        await engine._load_adapter(_adapter("adapter-2"))
    await engine.close()


async def test_the_error_of_a_server_without_runtime_adapters_names_the_start_options(
    server: ModelServer, settings: ModelSettings
) -> None:
    server.takes_adapters = False
    async with Connection(settings) as connection:
        with pytest.raises(BadCheckpoint, match="VLLM_ALLOW_RUNTIME_LORA_UPDATING=1"):
            await Adapters(connection).acquire("adapter-1", Path("/models/adapter-1"))


async def test_an_adapter_is_unloaded_after_its_last_release(
    server: ModelServer, settings: ModelSettings
) -> None:
    async with Connection(settings) as connection:
        adapters = Adapters(connection)
        await asyncio.gather(
            *(adapters.acquire("adapter-1", Path("/m/adapter-1")) for _ in range(2))
        )
        await adapters.release("adapter-1")
        assert server.adapters == {"adapter-1": "/m/adapter-1"}
        await adapters.release("adapter-1")
        assert server.adapters == {}


def _adapter(version: str) -> ModelPackage:
    return ModelPackage(
        Path(f"/models/{version}"), "nano", version, "adapter", sha256="", prompt_version="",
        prompt_style=COMPACT,
    )  # fmt: skip


async def test_a_server_that_keeps_failing_is_left_alone_and_tried_again(
    server: ModelServer, settings: ModelSettings
) -> None:
    cautious = settings.model_copy(
        update={"model_server_circuit_failures": 3, "model_server_circuit_open_seconds": 0.4}
    )
    async with open_model(cautious) as model:
        image = CANDIDATES[0].image
        for _ in range(3):
            server.next_responses.append(problem(500, "assertion failed in the cache"))
            with pytest.raises(Unavailable, match="assertion failed"):
                await model.describe([image])
        requests = len(server.requests)
        for _ in range(20):
            with pytest.raises(Unavailable, match="failed 3 times in a row"):
                await model.describe([image])
        assert len(server.requests) == requests
        await asyncio.sleep(0.5)
        server.next_responses.append(problem(502, "still broken"))
        with pytest.raises(Unavailable, match="still broken"):
            await model.describe([image])
        with pytest.raises(Unavailable, match="in a row"):
            await model.describe([image])
        await asyncio.sleep(0.5)
        assert len(await model.describe([image] * 4)) == 4


async def test_a_busy_server_and_a_refused_request_open_no_circuit(
    server: ModelServer, settings: ModelSettings
) -> None:
    cautious = settings.model_copy(update={"model_server_circuit_failures": 2})
    async with open_model(cautious) as model:
        for _ in range(5):
            server.next_responses.append(problem(429, "too many requests"))
            with pytest.raises(Unavailable, match="429"):
                await model.describe([CANDIDATES[0].image])
            server.next_responses.append(problem(400, "this image cannot be read"))
            with pytest.raises(Unprocessable):
                await model.describe([CANDIDATES[0].image])
        assert len(await model.describe([CANDIDATES[0].image])) == 1
