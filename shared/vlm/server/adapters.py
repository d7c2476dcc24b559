"""Load a version's adapter into a running server, and unload it when no model uses it."""

import asyncio
import logging
from collections import Counter
from pathlib import Path

from shared.domain.errors import Unavailable, Unprocessable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.server.connection import ROUTES, Connection, NotFound, ServerError

log = logging.getLogger(__name__)


class Adapters:
    """The adapters that this process uses, each under its version's name and in its own folder.

    A name and a folder belong to one version for ever: the server caches computed prompts under
    both, and would continue with the cache of the old weights after a change in place.
    """

    def __init__(self, server: Connection) -> None:
        self._server = server
        self._users: Counter[str] = Counter()
        self._change_lock = asyncio.Lock()

    async def acquire(self, name: str, folder: Path) -> None:
        """Load it for one more model object; raises `BadCheckpoint` and `Unavailable`."""
        async with self._change_lock:
            await self._load(name, folder)
            self._users[name] += 1

    async def load(self, name: str, folder: Path) -> None:
        """Load it if the server does not have it; raises `BadCheckpoint` and `Unavailable`."""
        async with self._change_lock:
            await self._load(name, folder)

    async def release(self, name: str) -> None:
        """Note that a model object ended; unload the adapter after the last one. Never fails."""
        async with self._change_lock:
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
                f"{self._server.address} cannot load {path}: {error}. Start the server with"
                " --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, and with this folder under"
                " the same path"
            ) from error
        except (Unprocessable, ServerError) as error:
            # Another instance of ours may have loaded it meanwhile. The server also answers 500 to
            # an adapter that it cannot use; a retry would not help.
            if (await loaded_adapters(self._server)).get(name) != path:
                raise BadCheckpoint(f"the server refuses {path}: {error.detail}") from error
        log.info("%s was loaded into %s", name, self._server.address)


async def loaded_adapters(server: Connection) -> dict[str, str]:
    """The folder of each loaded adapter, by name."""
    cards = (await server.get(f"{ROUTES}/models"))["data"]
    return {str(card["id"]): str(card.get("root")) for card in cards if card.get("parent")}
