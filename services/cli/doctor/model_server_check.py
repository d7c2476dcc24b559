"""Ask a model server what it serves, and say what to do when that is not what is wanted."""

import asyncio

from shared.domain.errors import Unavailable
from shared.vlm.settings import ModelSettings


def check_model_server(settings: ModelSettings) -> tuple[bool, str, str]:
    """Whether the server of the settings can be used, what was found, and advice."""
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint

    try:
        return True, asyncio.run(_found(settings)), ""
    except BadCheckpoint as error:
        return False, str(error), "start the server so, or correct the setting"
    except Unavailable as error:
        return False, error.detail, "start it, or correct PREFERSTREAM_MODEL_SERVER"


async def _found(settings: ModelSettings) -> str:
    from shared.vlm.server.loading import ServerLoader

    engine = await ServerLoader.open(settings)
    try:
        return f"{engine.load_release().model_version} answers at {settings.model_server}"
    finally:
        await engine.close()
