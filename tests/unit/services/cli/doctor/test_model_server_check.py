"""The doctor checks the model server of the settings, and says what to do."""

import asyncio

import pytest

from services.cli.doctor.model_server_check import check_model_server
from shared.vlm.checkpoint.model_package import release
from shared.vlm.settings import ModelSettings
from tests.fakes.model_server import ModelServer

VERSION = release(None).version


@pytest.mark.parametrize(
    ("serves", "forces", "ok", "message"),
    [
        (VERSION, True, True, f"{VERSION} answers at http://127.0.0.1"),
        (VERSION, False, False, "structured_outputs"),
        ("other", True, True, "other answers at"),
    ],
)
async def test_the_check_names_the_served_model_or_the_missing_feature(
    serves: str, forces: bool, ok: bool, message: str
) -> None:
    server = ModelServer(serves)
    server.forces = forces
    async with server.running():
        result = await asyncio.to_thread(
            check_model_server, ModelSettings(model_server=server.address)
        )
    assert (result[0], bool(result[2])) == (ok, not ok)
    assert message in result[1]


def test_an_unreachable_server_must_be_started() -> None:
    ok, detail, advice = check_model_server(ModelSettings(model_server="http://127.0.0.1:9"))
    assert not ok
    assert "cannot be reached" in detail
    assert advice == "start the server, or correct PREFERSTREAM_MODEL_SERVER"
