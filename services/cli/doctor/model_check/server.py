"""Check what a vLLM server adds: a prefix cache that works, and adapters that can be swapped."""

import re
from typing import Final

from services.cli.doctor.model_check.answers import example_taste
from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.probe_images import blocky
from shared.domain.errors import Unavailable, Unprocessable
from shared.vlm.factory import Model
from shared.vlm.protocol import ScoringInput
from shared.vlm.server.connection import ROUTES, Connection, NotFound, ServerError
from shared.vlm.server.dialect import Dialect, dialect_of
from shared.vlm.settings import ModelSettings

HITS: Final = re.compile(r"^vllm:(?:gpu_)?prefix_cache_hits(?:_total)?(?:\{[^}]*\})? (\S+)", re.M)
NO_ADAPTER: Final = "preferstream-model-check"


async def check_server(model: Model, settings: ModelSettings) -> list[Finding]:
    """Nothing for a server that is not vLLM, except that it has neither."""
    async with Connection(settings) as server:
        if await dialect_of(server) is not Dialect.VLLM:
            advice = (
                "structured outputs depend on the server, and training jobs cannot load adapters;"
                " serve the model with vLLM for both"
            )
            return [Finding("server", "note", "it has the OpenAI API, and is not vLLM", advice)]
        return [await _prefix_cache(server, model), await _adapters(server)]


async def _prefix_cache(server: Connection, model: Model) -> Finding:
    """Whether the second of two equal requests finds the first one's prefix."""
    candidate = ScoringInput(example_taste(), blocky(21))
    await model.score([candidate])
    before = await _hits(server)
    await model.score([candidate])
    after = await _hits(server)
    name = "prefix cache"
    if before is None or after is None:
        return Finding(name, "note", "the server reports no cache hits under /metrics")
    if after > before:
        return Finding(
            name, "ok", f"the second of two equal requests reused {after - before:.0f} tokens"
        )
    return Finding(
        name, "note", "the second of two equal requests reused nothing",
        "start vLLM with --enable-prefix-caching; some architectures lose the cache once they read"
        " images, and each candidate then pays for the whole prompt",
    )  # fmt: skip


async def _hits(server: Connection) -> float | None:
    try:
        text = await server.get("metrics")
    except (NotFound, Unavailable, Unprocessable):
        return None
    counts = HITS.findall(text) if isinstance(text, str) else []
    return sum(map(float, counts)) if counts else None


async def _adapters(server: Connection) -> Finding:
    """Whether the route that loads adapters exists; a name without a folder is refused there."""
    body = {"lora_name": NO_ADAPTER, "lora_path": f"/{NO_ADAPTER}"}
    try:
        await server.post(f"{ROUTES}/load_lora_adapter", body)
    except NotFound as error:
        # The route itself is missing, or vLLM answers 404 because the folder is.
        if "adapter" in str(error).lower() or NO_ADAPTER in str(error):
            return Finding("adapters", "ok", "adapters can be loaded while the server runs")
        return Finding(
            "adapters", "note", "the server cannot load adapters while it runs",
            "for training jobs, start it with --enable-lora and"
            " VLLM_ALLOW_RUNTIME_LORA_UPDATING=1",
        )  # fmt: skip
    except (Unprocessable, ServerError):
        return Finding("adapters", "ok", "adapters can be loaded while the server runs")
    return Finding("adapters", "note", "the server accepts adapters that do not exist")
