"""The doctor asks the model server of the settings, and says what is to be done about it."""

import asyncio

import pytest

from services.cli.doctor.model_server_check import check_model_server
from shared.vlm.checkpoint.model_package import release
from shared.vlm.settings import ModelSettings
from tests.fakes.model_server import ModelServer

VERSION = release(None).version


@pytest.mark.parametrize(
    ("serves", "forces", "ok", "told"),
    [
        (VERSION, True, True, f"{VERSION} answers at http://127.0.0.1"),
        (VERSION, False, False, "structured_outputs"),
        ("other", True, True, "other answers at"),
    ],
)
async def test_a_server_is_named_with_what_it_serves_or_lacks(
    serves: str, forces: bool, ok: bool, told: str
) -> None:
    server = ModelServer(serves)
    server.forces = forces
    async with server.running():
        found = await asyncio.to_thread(check_model_server, ModelSettings(model_server=server.address))
    assert (found[0], bool(found[2])) == (ok, not ok)
    assert told in found[1]


def test_a_server_that_is_not_there_is_to_be_started() -> None:
    ok, found, advice = check_model_server(ModelSettings(model_server="http://127.0.0.1:9"))
    assert not ok
    assert "cannot be reached" in found
    assert advice == "start it, or correct PREFERSTREAM_MODEL_SERVER"
