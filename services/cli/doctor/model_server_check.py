"""Check that the model server of the settings serves a usable model."""

import asyncio

from shared.domain.errors import Unavailable
from shared.vlm.settings import ModelSettings


def check_model_server(settings: ModelSettings) -> tuple[bool, str, str]:
    """Whether the server can be used, the detail, and what to do."""
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint

    try:
        return True, asyncio.run(_served_model(settings)), ""
    except BadCheckpoint as error:
        return False, str(error), "start the server with this option, or correct the setting"
    except Unavailable as error:
        return False, error.detail, "start the server, or correct PREFERSTREAM_MODEL_SERVER"


async def _served_model(settings: ModelSettings) -> str:
    from shared.vlm.server.loading import ServerLoader

    engine = await ServerLoader.open(settings)
    try:
        return f"{engine.load_release().model_version} answers at {settings.model_server}"
    finally:
        await engine.close()
