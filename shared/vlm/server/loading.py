"""Load models at a server: the model with which it was started, and promoted adapters."""

import asyncio
import logging
import weakref
from functools import partial
from pathlib import Path
from typing import Self

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.errors import Unavailable
from shared.embedding import stance_reader
from shared.prompting.styles.registry import GENERAL
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.default_style import default_style
from shared.vlm.checkpoint.language_model_only import check_changes_language_model_only
from shared.vlm.checkpoint.model_package import (
    RELEASE,
    ModelPackage,
    folder_from_uri,
    read_model_package,
    release,
)
from shared.vlm.checkpoint.vision_config import has_vision_config
from shared.vlm.server.adapters import Adapters
from shared.vlm.server.capability_check import check_scores, check_version_isolation
from shared.vlm.server.connection import ROUTES, Connection, NotFound
from shared.vlm.server.data_urls import ImageEncoder, LimitedSize, ModelSize
from shared.vlm.server.dialect import dialect_of
from shared.vlm.server.model import ServerModel
from shared.vlm.server.score_readers import ScoreReaders
from shared.vlm.server.served_model import ServedModel, identify_served_model
from shared.vlm.server.thinking import Thinking, ThinkingSwitch
from shared.vlm.settings import ModelSettings

log = logging.getLogger(__name__)


class ServerLoader:
    """Loads versions of one model at one server: its base model, and adapters on it."""

    def __init__(
        self, server: Connection, served: ServedModel, *, score_readers: ScoreReaders,
        encoder: ImageEncoder, orders: int, thinking: Thinking,
    ) -> None:  # fmt: skip
        self._server = server
        self._served = served
        self._score_readers = score_readers
        self._encoder = encoder
        self._orders = orders
        self._thinking = thinking
        self._thinking_switch = ThinkingSwitch()
        self._adapters = Adapters(server)
        self._loop = asyncio.get_running_loop()
        self._releases: set[asyncio.Task[None]] = set()
        """Running releases of adapters that no model uses any more."""

    @classmethod
    async def open(cls, settings: ModelSettings) -> Self:
        """Identify the server's model and check it; raises `BadCheckpoint` and `Unavailable`."""
        package = await asyncio.to_thread(release, settings.model)
        server = Connection(settings)
        try:
            served = await fetch_served_model(server, settings, package)
            longest_side = settings.model_server_longest_side
            encoder: ImageEncoder = LimitedSize(longest_side)
            if served.package is not None and has_vision_config(served.package.folder):
                encoder = ModelSize(served.package.folder, longest_side)
            loader = cls(
                server, served, encoder=encoder, orders=settings.model_prediction_orders,
                thinking=Thinking(settings.model_thinking, settings.model_thinking_tokens),
                score_readers=ScoreReaders(
                    server, served.id, dialect=await dialect_of(server),
                    default_style=default_style(settings),
                ),
            )  # fmt: skip
            await loader._score_readers.open(served.package)
            await check_scores(loader.load_release(), address=str(server.address))
            if loader._score_readers.style(served.package).name == GENERAL.name:
                # It reads every rationale of the model, and takes a second to load.
                await asyncio.to_thread(stance_reader.load)
        except BaseException:
            await server.close()
            raise
        log.info("%s is served at %s", served.version, server.address)
        return loader

    @property
    def name(self) -> str:
        """The model's name, the same for all its versions."""
        return self._served.name

    def load_release(self) -> ServerModel:
        """The model with which the server was started."""
        return self._model(self._served.version, self._served.package, name=self._served.id)

    def load(self, *, uri: str, sha256: str) -> ServerModel:
        """The promoted model, after a check of its files; blocks, so not on the loop's thread.

        Raises `BadCheckpoint` and `Unavailable`.
        """
        if uri.startswith(RELEASE):
            self._check_release(uri, sha256)
            return self.load_release()
        package = read_model_package(folder_from_uri(uri), sha256=sha256)
        self._check(package)
        return asyncio.run_coroutine_threadsafe(self._load_adapter(package), self._loop).result()

    async def close(self) -> None:
        """Close the connection; adapters stay loaded, since other instances may use them."""
        for task in self._releases:
            task.cancel()
        await asyncio.gather(*self._releases, return_exceptions=True)
        await self._server.close()

    def _model(
        self, version: str, package: ModelPackage | None, adapter: Path | None = None,
        *, name: str | None = None,
    ) -> ServerModel:  # fmt: skip
        """`name` is the version's name at the server, the version itself by default."""
        name = name or version
        return ServerModel(
            self._server,
            name=name,
            version=version,
            score_reader=self._score_readers.reader(package),
            style=self._score_readers.style(package),
            dialect=self._score_readers.dialect,
            encoder=self._encoder,
            reload=partial(self._reload, name, adapter) if adapter else None,
            element_weights=package.element_weights if package else EQUAL_WEIGHTS,
            orders=self._orders,
            thinking=self._thinking,
            thinking_switch=self._thinking_switch,
        )

    async def _load_adapter(self, package: ModelPackage) -> ServerModel:
        version, folder = package.version, package.folder.resolve()
        await self._adapters.acquire(version, folder)
        await self._score_readers.open(package)
        model = self._model(version, package, folder)
        # The adapter is released with the last request that uses the model object, as the memory
        # of an engine in this process is.
        weakref.finalize(model, self._on_unused, version).atexit = False
        await check_version_isolation(self.load_release(), model, address=str(self._server.address))
        return model

    async def _reload(self, name: str, folder: Path) -> None:
        log.warning("%s has lost %s; it is loaded again", self._server.address, name)
        try:
            await self._adapters.load(name, folder)
        except BadCheckpoint as error:
            raise Unavailable("model", str(error)) from error

    def _on_unused(self, name: str) -> None:
        """Called on the thread that drops a model's last reference, which may be any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._release, name)

    def _release(self, name: str) -> None:
        task = asyncio.create_task(self._adapters.release(name))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)

    def _check(self, package: ModelPackage) -> None:
        base = self._served.version
        if package.kind != "adapter":
            raise BadCheckpoint(
                f"{package.version} is a whole checkpoint, which {self._server.address} cannot"
                " load while it serves; start a server with it, or promote an adapter"
            )
        if package.base_version != base:
            raise BadCheckpoint(
                f"{package.version} changes {package.base_version}, but {self._server.address}"
                f" serves {base}; start it with that model"
            )
        check_changes_language_model_only(package.folder)

    def _check_release(self, uri: str, sha256: str) -> None:
        package = self._served.package
        if uri != f"{RELEASE}{self._served.version}" or (package and sha256 != package.sha256):
            raise BadCheckpoint(
                f"{uri} was announced, but {self._server.address} was started with"
                f" {self._served.version}; serve the same release everywhere, or promote a folder"
            )


async def fetch_served_model(
    server: Connection, settings: ModelSettings, package: ModelPackage
) -> ServedModel:
    """The model that the server serves; raises `BadCheckpoint` and `Unavailable`."""
    try:
        cards = (await server.get(f"{ROUTES}/models"))["data"]
    except (NotFound, TypeError, KeyError) as error:
        raise BadCheckpoint(
            f"{server.address} lists no models under /v1/models; PREFERSTREAM_MODEL_SERVER must"
            " name a server with the OpenAI API, such as http://host:8000"
        ) from error
    return identify_served_model(
        cards,
        package=package,
        from_settings=settings.model is not None,
        server_name=settings.model_server_model,
        address=str(server.address),
    )
