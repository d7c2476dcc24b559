"""Where nights work: one folder each, found again after a crash, tidied when it is over."""

import json
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from services.retrain.jobs.training_curves import keep_curves
from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import REQUEST, TrainingJobRequest

NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
END: Final = "end.json"
"""Written last of all: a night whose folder has it is over."""
HEAVY: Final = ("sft", "grpo", "merged", "dataset/images")
"""What nobody reads once the night is over; the winner lies with the models."""
GOES_ON_FOR: Final = timedelta(hours=20)
"""A killed night goes on within this time; later there are newer clicks, and a new one begins."""


@dataclass(frozen=True)
class NightFolders:
    """All nights under one root."""

    root: Path

    def new(self, name: str) -> Path:
        """The folder of a night that begins; raises OSError."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a night")
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def unfinished(self, kind: str, *, now: datetime) -> TrainingJobRequest | None:
        """The newest night of a kind that was killed not long ago, to be gone on with."""
        found = []
        for file in self.root.glob(f"{kind}*/{REQUEST}"):
            if (file.parent / END).exists():
                continue
            try:
                request = TrainingJobRequest.model_validate_json(file.read_text(encoding="utf-8"))
            except (OSError, ValidationError):
                continue
            # A clock that was set back must not bring a night of the future to life again.
            if timedelta(0) <= now - request.asked_at <= GOES_ON_FOR:
                found.append(request)
        return max(found, key=lambda request: request.asked_at, default=None)

    def is_over(self, name: str) -> bool:
        return (self.root / name / END).exists()

    def close(self, name: str, told: dict[str, Any], *, kept: int) -> None:
        """Mark a night as over, and remove what is no longer needed of it and of old ones."""
        folder = self.root / name
        atomic_write(folder / END, json.dumps(told, ensure_ascii=False, indent=1))
        with suppress(OSError):  # what fills the disk must go all the same
            keep_curves(folder)
        for heavy in HEAVY:
            shutil.rmtree(folder / heavy, ignore_errors=True)
        over = sorted(self.root.glob(f"*/{END}"), key=lambda file: file.stat().st_mtime)
        for file in over[:-kept]:
            shutil.rmtree(file.parent, ignore_errors=True)
