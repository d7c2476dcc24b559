"""Load two small adapters into a running vLLM server, use them, and unload them."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final
from uuid import uuid4

from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.probe_images import blocky
from services.cli.doctor.model_check.speed import DESCRIBE_FREELY
from shared.domain.errors import Unavailable, Unprocessable
from shared.vlm.checkpoint.probe_adapter import NoProjection, write_probe_adapter
from shared.vlm.server.chat import completion_request
from shared.vlm.server.connection import ROUTES, Connection, NotFound, ServerError
from shared.vlm.server.data_urls import LimitedSize

NAME: Final = "adapters"
PROBE: Final = "preferstream-model-check"
ADVICE: Final = (
    "for training jobs, start it with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1"
)
Refused = (NotFound, Unprocessable, ServerError)


async def check_adapters(server: Connection, name: str, base: Path | None) -> Finding:
    """Whether adapters can be swapped while the server runs.

    Without the files of the served model, only whether the route exists.
    """
    if base is None:
        return await _check_route(server)
    names = [f"{PROBE}-{uuid4().hex[:8]}" for _ in range(2)]
    with tempfile.TemporaryDirectory(prefix="preferstream-") as folder:
        try:
            folders = [
                await asyncio.to_thread(write_probe_adapter, base, Path(folder) / each, seed=seed)
                for seed, each in enumerate(names)
            ]
        except NoProjection as error:
            return Finding(NAME, "note", str(error), "adapters of training jobs need them")
        try:
            return await _swap(server, name, dict(zip(names, folders, strict=True)))
        finally:
            for each in names:
                await _unload(server, each)


async def _swap(server: Connection, base: str, adapters: dict[str, Path]) -> Finding:
    milliseconds = []
    for adapter, folder in adapters.items():
        start = time.perf_counter()
        body = {"lora_name": adapter, "lora_path": str(folder)}
        try:
            await server.post(f"{ROUTES}/load_lora_adapter", body)
        except Refused as error:
            return _refused(str(error), folder)
        milliseconds.append(1000 * (time.perf_counter() - start))
    for served in (*adapters, base):
        answered = await _answering_model(server, served)
        if answered != served:
            return Finding(
                NAME, "wrong", f"{served} was requested, and {answered} answered",
                "promotions would serve another version than they name: update the server",
            )  # fmt: skip
    first = next(iter(adapters))
    await _unload(server, first)
    if await _answering_model(server, first) is not None:
        return Finding(
            NAME, "note", "an adapter still answers after it was unloaded",
            "start the server again after many promotions, so that it frees their memory",
        )  # fmt: skip
    slowest = max(milliseconds)
    return Finding(
        NAME, "ok",
        f"two adapters were loaded in at most {slowest:.0f} ms while the server ran, and answered"
        " under their names beside the base", "", {"load_milliseconds": slowest},
    )  # fmt: skip


def _refused(message: str, folder: Path) -> Finding:
    known = PROBE in message or "adapter" in message.lower() or "lora" in message.lower()
    if not known:
        detail = "the server cannot load adapters while it runs"
        return Finding(NAME, "note", detail, ADVICE)
    return Finding(
        NAME, "note", f"the server refuses an adapter in {folder.parent}: {message}",
        "it must read the folders of this machine under the same paths, and accept adapters for the"
        f" language model of this architecture; {ADVICE}",
    )  # fmt: skip


async def _answering_model(server: Connection, name: str) -> str | None:
    """The name in the response; None where the server has no such model."""
    image = LimitedSize(224).data_url(blocky(22))
    request = completion_request(DESCRIBE_FREELY, [image], model=name, max_tokens=2)
    try:
        return str((await server.complete(request)).get("model"))
    except NotFound:
        return None


async def _unload(server: Connection, name: str) -> None:
    try:
        await server.post(f"{ROUTES}/unload_lora_adapter", {"lora_name": name})
    except (*Refused, Unavailable):
        return


async def _check_route(server: Connection) -> Finding:
    """A name without a folder is refused where the route exists."""
    body = {"lora_name": PROBE, "lora_path": f"/{PROBE}"}
    can = "adapters can be loaded while the server runs; name the checkpoint in PREFERSTREAM_MODEL"
    can += " to try it"
    try:
        await server.post(f"{ROUTES}/load_lora_adapter", body)
    except NotFound as error:
        # The route itself is missing, or vLLM answers 404 because the folder is.
        if "adapter" in str(error).lower() or PROBE in str(error):
            return Finding(NAME, "ok", can)
        return Finding(NAME, "note", "the server cannot load adapters while it runs", ADVICE)
    except (Unprocessable, ServerError):
        return Finding(NAME, "ok", can)
    return Finding(
        NAME,
        "note",
        "the server accepts adapters that do not exist",
        "promotions cannot be checked",
    )
