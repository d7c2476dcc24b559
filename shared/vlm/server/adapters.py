"""Load a version's adapter into a running server, and send it away when nobody asks it."""

import asyncio
import logging
from collections import Counter
from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open

from shared.domain.errors import Unavailable, Unprocessable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.server.connection import ROUTES, Connection, Failed, NotFound

log = logging.getLogger(__name__)
REACHED: Final = ".language_model."
"""Part of the name of every weight that a server changes; it leaves out others without a word."""


class Adapters:
    """The adapters that this process uses, each under its version's name and in its own folder.

    One name and one folder a version, never another's: the server keeps what it computed of a
    prompt under both, and would go on with the old weights' after a change in place.
    """

    def __init__(self, server: Connection) -> None:
        self._server = server
        self._users: Counter[str] = Counter()
        self._changing = asyncio.Lock()

    async def take(self, name: str, folder: Path) -> None:
        """Have it loaded for one more model object; raises `BadCheckpoint` and `Unavailable`."""
        async with self._changing:
            await self._load(name, folder)
            self._users[name] += 1

    async def load(self, name: str, folder: Path) -> None:
        """Have it loaded; raises `BadCheckpoint` and `Unavailable`."""
        async with self._changing:
            await self._load(name, folder)

    async def leave(self, name: str) -> None:
        """One model object fewer; the last one's adapter is unloaded. Never fails."""
        async with self._changing:
            self._users[name] -= 1
            if self._users[name] > 0:
                return
            del self._users[name]
            try:
                await self._server.post(f"{ROUTES}/unload_lora_adapter", {"lora_name": name})
                log.info("%s was unloaded from %s", name, self._server.address)
            except (NotFound, Unprocessable):
                log.info("%s was not loaded at %s any more", name, self._server.address)
            except Unavailable as error:
                log.warning("%s stays loaded: %s", name, error)

    async def _load(self, name: str, folder: Path) -> None:
        path = str(folder)
        loaded = await loaded_adapters(self._server)
        if name in loaded:
            if loaded[name] != path:
                raise BadCheckpoint(
                    f"{self._server.address} serves another adapter as {name}, from"
                    f" {loaded[name]} and not from {path}; a version has one folder"
                )
            return
        try:
            await self._server.post(
                f"{ROUTES}/load_lora_adapter", {"lora_name": name, "lora_path": path}
            )
        except NotFound as error:
            raise BadCheckpoint(
                f"{self._server.address} cannot load {path}: {error}. It must be started with"
                " --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, and see this folder under"
                " the same path"
            ) from error
        except (Unprocessable, Failed) as error:
            # Another instance of ours may have been faster. An adapter that the server cannot take
            # ends in 500 as well: no later try would help.
            if (await loaded_adapters(self._server)).get(name) != path:
                raise BadCheckpoint(f"{path} is refused: {error.detail}") from error
        log.info("%s was loaded into %s", name, self._server.address)


async def loaded_adapters(server: Connection) -> dict[str, str]:
    """Folder of each adapter by its name."""
    cards = (await server.get(f"{ROUTES}/models"))["data"]
    return {str(c["id"]): str(c.get("root")) for c in cards if c.get("parent")}


def check_reach(folder: Path) -> None:
    """Raises `BadCheckpoint` for an adapter that changes more than the language model."""
    try:
        with safe_open(folder / "adapter_model.safetensors", "np") as weights:
            names = list(weights.keys())
    except (OSError, SafetensorError) as error:
        raise BadCheckpoint(f"{folder} cannot be read: {error}") from error
    beyond = sorted(name for name in names if REACHED not in name)
    if beyond or not names:
        raise BadCheckpoint(
            f"{folder} changes {beyond[0] if beyond else 'nothing'}, but a model server changes"
            " the language model alone; train it with target modules there"
        )
