"""Make models of what a server serves, and of the adapters that promotions announce."""

import asyncio
import logging
import weakref
from functools import partial
from pathlib import Path
from typing import Self

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import (
    RELEASE,
    ModelPackage,
    folder_of,
    read_model_package,
    release,
)
from shared.vlm.server.adapters import Adapters, check_reach
from shared.vlm.server.capability_check import try_apart, try_scores
from shared.vlm.server.connection import ROUTES, Connection, NotFound
from shared.vlm.server.data_urls import AsTheModelSees, AtMost, Pictures
from shared.vlm.server.forced_scores import ForcedScores, forced_scores
from shared.vlm.server.model import ServerModel
from shared.vlm.server.served_model import Served, served
from shared.vlm.settings import ModelSettings

log = logging.getLogger(__name__)


class ServerLoader:
    """Versions of one model at one server: the base it was started with, and adapters on it."""

    def __init__(
        self, server: Connection, found: Served, *, forced: ForcedScores, pictures: Pictures,
        orders: int,
    ) -> None:  # fmt: skip
        self._server = server
        self._served = found
        self._forced = forced
        self._pictures = pictures
        self._orders = orders
        self._adapters = Adapters(server)
        self._loop = asyncio.get_running_loop()
        self._leaving: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, settings: ModelSettings) -> Self:
        """Ask the server what it is, and once for scores; raises `BadCheckpoint`, `Unavailable`."""
        known = await asyncio.to_thread(release, settings.model)
        server = Connection(settings)
        try:
            found = await look(server, settings, known)
            longest = settings.model_server_longest_side
            pictures: Pictures = AtMost(longest)
            if found.artefact is not None:
                pictures = AsTheModelSees(found.artefact.folder, longest)
            forced = await _forced(server, found)
            made = cls(
                server, found, forced=forced, pictures=pictures,
                orders=settings.model_prediction_orders,
            )  # fmt: skip
            await try_scores(made.load_release(), address=str(server.address))
        except BaseException:
            await server.close()
            raise
        log.info("%s answers at %s", found.version, server.address)
        return made

    @property
    def name(self) -> str:
        """Of the model, whatever its version."""
        return self._served.name

    def load_release(self) -> ServerModel:
        """The model that the server was started with."""
        known = self._served.artefact
        weights = known.element_weights if known else EQUAL_WEIGHTS
        return self._model(self._served.id, self._served.version, weights)

    def load(self, *, uri: str, sha256: str) -> ServerModel:
        """The announced model, its files checked first; blocks, and not on the loop's own thread.

        Raises `BadCheckpoint` and `Unavailable`.
        """
        if uri.startswith(RELEASE):
            self._check_release(uri, sha256)
            return self.load_release()
        artefact = read_model_package(folder_of(uri), sha256=sha256)
        self._check(artefact)
        return asyncio.run_coroutine_threadsafe(self._take(artefact), self._loop).result()

    async def close(self) -> None:
        """Leave the server; adapters stay there, since others may ask them."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._server.close()

    def _model(
        self, name: str, version: str, weights: ElementWeights, adapter: Path | None = None
    ) -> ServerModel:
        return ServerModel(
            self._server,
            name=name,
            version=version,
            forced=self._forced,
            pictures=self._pictures,
            load=partial(self._bring_back, name, adapter) if adapter else None,
            element_weights=weights,
            orders=self._orders,
        )

    async def _take(self, artefact: ModelPackage) -> ServerModel:
        version, folder = artefact.version, artefact.folder.resolve()
        await self._adapters.take(version, folder)
        model = self._model(version, version, artefact.element_weights, adapter=folder)
        # As an engine's memory in this process: gone with the last request that holds the model.
        weakref.finalize(model, self._gone, version).atexit = False
        await try_apart(self.load_release(), model, address=str(self._server.address))
        return model

    async def _bring_back(self, name: str, folder: Path) -> None:
        log.warning("%s has lost %s; it is loaded anew", self._server.address, name)
        try:
            await self._adapters.load(name, folder)
        except BadCheckpoint as error:
            raise Unavailable("model", str(error)) from error

    def _gone(self, name: str) -> None:
        """Called by whichever thread drops a model's last reference."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._leave, name)

    def _leave(self, name: str) -> None:
        task = asyncio.create_task(self._adapters.leave(name))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _check(self, artefact: ModelPackage) -> None:
        base = self._served.version
        if artefact.kind != "adapter":
            raise BadCheckpoint(
                f"{artefact.version} is a whole checkpoint, which {self._server.address} cannot"
                " take over while it serves; start a server with it, or promote an adapter"
            )
        if artefact.base_version != base:
            raise BadCheckpoint(
                f"{artefact.version} changes {artefact.base_version}, but {self._server.address}"
                f" serves {base}; start it with that model"
            )
        check_reach(artefact.folder)

    def _check_release(self, uri: str, sha256: str) -> None:
        known = self._served.artefact
        if uri != f"{RELEASE}{self._served.version}" or (known and sha256 != known.sha256):
            raise BadCheckpoint(
                f"{uri} was announced, but {self._server.address} was started with"
                f" {self._served.version}; serve the same release everywhere, or promote a folder"
            )


async def look(server: Connection, settings: ModelSettings, known: ModelPackage) -> Served:
    """What the server serves; raises `BadCheckpoint` and `Unavailable`."""
    try:
        cards = (await server.get(f"{ROUTES}/models"))["data"]
    except (NotFound, TypeError, KeyError) as error:
        raise BadCheckpoint(
            f"{server.address} lists no models under /v1/models; PREFERSTREAM_MODEL_SERVER must"
            " name a server that speaks OpenAI's protocol, as http://host:8000"
        ) from error
    return served(
        cards,
        known=known,
        known_is_meant=settings.model is not None,
        called=settings.model_server_model,
        address=str(server.address),
    )


async def _forced(server: Connection, found: Served) -> ForcedScores:
    try:
        return await forced_scores(server, model=found.id)
    except NotFound as error:
        raise BadCheckpoint(
            f"{server.address} has no /tokenize, by which the scores' places are found; serve the"
            " model with vLLM"
        ) from error
