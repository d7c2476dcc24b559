"""Keep the folders of training jobs: create, find a killed job, close, delete old ones."""

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
from shared.jobs.training_methods import METHODS

NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
END: Final = "end.json"
"""Written last: a job whose folder has this file has ended."""
DELETED_AT_END: Final = (*METHODS, "merged", "dataset/images")
"""Large folders that nothing reads after the end; the winner was copied to the models."""
RESUMABLE_FOR: Final = timedelta(hours=20)
"""A killed job is resumed within this time; later there is newer feedback, and a new job starts."""
SET_BACK: Final = timedelta(minutes=90)
"""How far a clock may be set back between a job's start and its resumption: by an hour where it had
the wrong local time, by seconds where a time server corrects it."""


@dataclass(frozen=True)
class JobFolders:
    """All training jobs below one folder."""

    root: Path

    def create(self, name: str) -> Path:
        """The folder of a job, created if it is missing; raises OSError."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid name of a training job")
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def unfinished(self, kind: str, *, now: datetime) -> TrainingJobRequest | None:
        """The newest killed job of a kind that can still be resumed."""
        requests = []
        for file in self.root.glob(f"{kind}*/{REQUEST}"):
            if (file.parent / END).exists():
                continue
            try:
                request = TrainingJobRequest.model_validate_json(file.read_text(encoding="utf-8"))
            except (OSError, ValidationError):
                continue
            # A job from far in the future comes from a clock that was wrong. A job from the last
            # minutes may be in the future too, where the clock was set back meanwhile.
            if -SET_BACK <= now - request.requested_at <= RESUMABLE_FOR:
                requests.append(request)
        return max(requests, key=lambda request: request.requested_at, default=None)

    def has_ended(self, name: str) -> bool:
        """Whether the job of that name has ended."""
        return (self.root / name / END).exists()

    def close(self, name: str, outcome: dict[str, Any], *, kept: int) -> None:
        """Mark a job as ended; delete its large folders, and all but `kept` ended jobs."""
        folder = self.root / name
        atomic_write(folder / END, json.dumps(outcome, ensure_ascii=False, indent=1))
        with suppress(OSError):  # a full disk must not keep the large folders from being deleted
            keep_curves(folder)
        for large in DELETED_AT_END:
            shutil.rmtree(folder / large, ignore_errors=True)
        ended = sorted(self.root.glob(f"*/{END}"), key=lambda file: file.stat().st_mtime)
        for file in ended[:-kept]:
            # After the clock was set back, this job looks older than the jobs before it.
            if file.parent != folder:
                shutil.rmtree(file.parent, ignore_errors=True)
