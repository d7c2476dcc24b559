"""Serve the model of the settings on this machine, and let the services of this process use it."""

import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.local.errors import CannotRun
from services.local.model_server.command import serve_command, serve_environment, vllm_python
from services.local.model_server.managed_server import ManagedServer, managed_server
from shared.settings import PREFIX, from_environment
from shared.vlm.checkpoint.model_package import release
from shared.vlm.settings import ModelSettings


@asynccontextmanager
async def local_model_server(
    folder: Path, on_progress: Callable[[str], None]
) -> AsyncIterator[ManagedServer]:
    """The server; its address is a setting of this process until the end of the block.

    Raises `CannotRun` and `BadCheckpoint`.
    """
    settings = from_environment(ModelSettings)
    if settings.model_server is not None:
        raise CannotRun(
            f"PREFERSTREAM_MODEL_SERVER already names {settings.model_server}; unset it, or start"
            " without --model-server"
        )
    package = release(settings.model)
    python, on_cpu = vllm_python()
    port, key = _free_port(), secrets.token_urlsafe(16)
    address = f"http://127.0.0.1:{port}"
    command = serve_command(
        python, model=package.folder.resolve(), name=package.version, port=port, on_cpu=on_cpu
    )  # fmt: skip
    # vLLM leaves its sockets behind when it is killed, and the path of a socket must be short.
    with TemporaryDirectory(prefix="preferstream-") as sockets:
        async with managed_server(
            command, environment=serve_environment(key=key, on_cpu=on_cpu, sockets=Path(sockets)),
            address=address, key=key, model=package.version, folder=folder,
            on_progress=on_progress,
        ) as server:  # fmt: skip
            names = {f"{PREFIX}MODEL_SERVER": address, f"{PREFIX}MODEL_SERVER_KEY": key}
            os.environ.update(names)
            try:
                yield server
            finally:
                for name in names:
                    os.environ.pop(name, None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
