"""Where a running local system listens, written down for the commands that want to reach it."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.files.atomic_write import atomic_write

FILE = "up.json"


class Announcement(BaseModel):
    """What `preferstream up` says when everything is ready."""

    model_config = ConfigDict(frozen=True)

    ready: bool = True
    kafka: str
    dashboard: str | None = None
    services: dict[str, str] = Field(default_factory=dict)
    """Name of each service, and the address of its health endpoints."""
    allowed_file_roots: tuple[str, ...] = ()
    pid: int = Field(default_factory=os.getpid)

    def ready_line(self) -> dict[str, Any]:
        """The one line of `up --json`."""
        return self.model_dump(include={"ready", "kafka", "dashboard", "services"})


def write_announcement(data_dir: Path, announcement: Announcement) -> None:
    """Replace the file in one step: a reader sees the old one or the new one, never half."""
    atomic_write(data_dir / FILE, announcement.model_dump_json())


def read_announcement(data_dir: Path) -> Announcement | None:
    """The running system of this folder; None when none was announced or its process has ended."""
    try:
        found = Announcement.model_validate_json((data_dir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
    return found if _alive(found.pid) else None


def remove_announcement(data_dir: Path) -> None:
    (data_dir / FILE).unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
