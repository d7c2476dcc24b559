"""Fixtures of a real vLLM server on the CPU: installed and started once."""

import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.vllm_environment import ROOT, python_of, unsupported_reason

if TYPE_CHECKING:
    from services.local.kafka.supervised_process import SupervisedProcess

READY_SECONDS = 900.0
"""A quiet machine with two cores needs 40 to 100; training may run on the same machine."""
KEY = "sesame"
MAX_ADAPTERS = 32
"""More than the tests load. On a CPU, when all places are taken, the adapter in the last place
changes the base model's answers in a common batch (vLLM 0.32, pull request 48421)."""
needs_vllm = pytest.mark.skipif(unsupported_reason() is not None, reason=str(unsupported_reason()))


@dataclass(frozen=True)
class RunningServer:
    """The server's address, the name of the shipped model in requests, and the API key."""

    address: str
    model: str
    key: str = KEY


@pytest.fixture(scope="session")
def vllm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The shipped model at a server; a test that needs it fails when it cannot start."""
    from services.local.kafka.supervised_process import SupervisedProcess
    from shared.vlm.checkpoint.model_package import release

    python = python_of(ROOT / ".venv-vllm")
    shipped = release(None)
    folder = tmp_path_factory.mktemp("vllm")
    log, port = folder / "server.log", _free_port()
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    process = SupervisedProcess(
        command(python, model=shipped.folder, name=shipped.version, port=port),
        folder=folder, log=log, lock=lock,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process, log)
        yield RunningServer(address, shipped.version)
    finally:
        process.stop()
        os.close(lock)


def command(python: Path, *, model: Path, name: str, port: int) -> list[str]:
    """The command of a small server; in full precision, so that its scores equal the engine's."""
    variables = {
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1", "VLLM_API_KEY": KEY, "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "HF_HUB_OFFLINE": "1",
        # On a busy machine, threads that synchronize at every layer cost more than they gain.
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    return [
        "env", *(f"{name}={value}" for name, value in variables.items()),
        # `vllm serve` does not start in the package for the CPU.
        str(python), "-m", "vllm.entrypoints.openai.api_server",
        "--model", str(model), "--served-model-name", name,
        "--host", "127.0.0.1", "--port", str(port),
        "--dtype", "float32", "--enforce-eager", "--max-model-len", "2048",
        "--max-num-seqs", "32", "--limit-mm-per-prompt", '{"image": 12, "video": 0}',
        "--generation-config", "vllm",
        "--enable-lora", "--max-loras", str(MAX_ADAPTERS), "--max-lora-rank", "16",
    ]  # fmt: skip


def _wait_for(address: str, process: "SupervisedProcess", log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.is_alive():
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError(f"the model server did not start:\n{log.read_text()[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
