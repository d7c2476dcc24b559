"""A model server that ends, or fails on every request, is restarted within seconds."""

import asyncio
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.local.errors import CannotRun
from services.local.model_server.command import serve_command, serve_environment
from services.local.model_server.managed_server import LOG_FILE, Pace, managed_server
from services.local.model_server.probe import failure, is_healthy
from shared.vlm.checkpoint.checkpoint import shipped_folder

SCRIPT = Path(__file__).parents[2] / "support" / "failing_server.py"
PACE = Pace(probe_seconds=0.2, failures=2, restart_seconds=0.1, ready_seconds=30)
WAIT_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", ["ends", "fails"])
async def test_a_failing_server_is_restarted_and_answers_again(tmp_path: Path, fault: str) -> None:
    port = free_port()
    progress: list[str] = []
    address = f"http://127.0.0.1:{port}"
    starts = tmp_path / "starts"
    async with managed_server(
        [sys.executable, str(SCRIPT), str(port), str(tmp_path)],
        address=address, key="k", model="m", folder=tmp_path, on_progress=progress.append,
        pace=PACE,
    ) as server:  # fmt: skip
        assert await failure(address, key="k", model="m") is None
        (tmp_path / fault).touch()
        await until(lambda: len(starts.read_text()) == 2)
        await until(lambda: server.restarts == 1 and "is ready" in progress[-1])
        assert await failure(address, key="k", model="m") is None
    assert any("is restarted" in step for step in progress)
    assert not await is_healthy(address, key="k")


async def test_a_server_that_does_not_start_ends_with_its_last_lines(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such checkpoint')"]
    with pytest.raises(CannotRun, match="no such checkpoint"):
        async with managed_server(
            command, address="http://127.0.0.1:9", key="k", model="m", folder=tmp_path,
            on_progress=lambda _: None, pace=PACE,
        ):  # fmt: skip
            pass
    assert "no such checkpoint" in (tmp_path / LOG_FILE).read_text()


def test_the_command_serves_the_checkpoint_on_this_machine_only() -> None:
    command = serve_command(
        Path("/venv/bin/python"), model=shipped_folder(), name="nano", port=8001, on_cpu=True
    )
    text = " ".join(command)
    assert "--host 127.0.0.1 --port 8001" in text
    assert "--max-model-len 4096" in text, "no longer than the checkpoint allows"
    environment = serve_environment(key="secret", on_cpu=True, sockets=Path("/tmp/s"))
    assert environment["VLLM_API_KEY"] == "secret"
    assert environment["VLLM_RPC_BASE_PATH"] == "/tmp/s"
