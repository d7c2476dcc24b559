"""Write and read the file that says where a running local system listens."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.local.kafka.lock import is_alive
from shared.files.atomic_write import atomic_write

FILE = "up.json"


class RuntimeFile(BaseModel):
    """Addresses of a running system, written by `preferstream up` when everything is ready."""

    model_config = ConfigDict(frozen=True)

    ready: bool = True
    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    dashboard: str | None = None
    services: dict[str, str] = Field(default_factory=dict)
    """Name of each service, and the address of its health endpoints."""
    allowed_file_roots: tuple[str, ...] = ()
    model_server: str | None = None
    """Address of the model server that serves, where there is one."""
    pid: int = Field(default_factory=os.getpid)

    def ready_line(self) -> dict[str, Any]:
        """The line that `up --json` prints."""
        return self.model_dump(include={"ready", "kafka", "dashboard", "services"})


def write_runtime_file(data_dir: Path, runtime_file: RuntimeFile) -> None:
    """Replace the file in one step: a reader sees the old or the new one, never a part."""
    atomic_write(data_dir / FILE, runtime_file.model_dump_json())


def read_runtime_file(data_dir: Path) -> RuntimeFile | None:
    """The running system of this folder; None when there is none or its process has ended."""
    try:
        text = (data_dir / FILE).read_text(encoding="utf-8")
        runtime_file = RuntimeFile.model_validate_json(text)
    except (OSError, ValidationError):
        return None
    return runtime_file if is_alive(runtime_file.pid) else None


def remove_runtime_file(data_dir: Path) -> None:
    (data_dir / FILE).unlink(missing_ok=True)
