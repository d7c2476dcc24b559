"""Check what a server adds: token counts, a prefix cache, adapters that can be swapped."""

import asyncio
from collections.abc import Awaitable
from typing import Final

from services.cli.doctor.model_check.adapter_swap import check_adapters
from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.prefix_cache import check_prefix_cache
from services.cli.doctor.model_check.speed import check_server_tokens
from shared.domain.errors import Unavailable, Unprocessable
from shared.vlm.checkpoint.model_package import release
from shared.vlm.server.connection import Connection, NotFound
from shared.vlm.server.dialect import Dialect, dialect_of
from shared.vlm.server.loading import fetch_served_model
from shared.vlm.settings import ModelSettings

FAULT_ADVICE: Final = "look at the log of the model server"


async def check_server(settings: ModelSettings) -> list[Finding]:
    """The findings that only a server has; raises `BadCheckpoint`."""
    async with Connection(settings) as server:
        package = await asyncio.to_thread(release, settings.model)
        served = await fetch_served_model(server, settings, package)
        findings = [
            await _result("tokens", check_server_tokens(server, served.id)),
            await _result("prefix cache", check_prefix_cache(server, served.id)),
        ]
        if await dialect_of(server) is not Dialect.VLLM:
            advice = (
                "structured outputs depend on the server, and training jobs cannot load adapters;"
                " serve the model with vLLM for both"
            )
            detail = "it has the OpenAI API, and is not vLLM"
            return [*findings, Finding("server", "note", detail, advice)]
        base = served.package.folder if served.package else None
        swap = check_adapters(server, served.id, base)
        return [*findings, await _result("adapters", swap)]


async def _result(name: str, check: Awaitable[Finding]) -> Finding:
    """The finding; a check that fails is a note, because serving needs none of these."""
    try:
        return await check
    except (Unavailable, Unprocessable) as error:
        return Finding(name, "note", error.detail, FAULT_ADVICE)
    except NotFound as error:
        return Finding(name, "note", str(error), FAULT_ADVICE)
