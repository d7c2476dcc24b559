"""Write the lines that cannot be imported into a file, with their file, line and reason."""

import json
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from shared.events.interchange.values import Problem


class RefusedLines:
    """A file of JSON lines, created with the first refused line and replaced by each run."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        """None: the lines are counted only."""
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, problem: Problem) -> None:
        """Append one line; raises `OSError`."""
        if self.path is None:
            return
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace")
        fields = {
            "file": problem.file, "line": problem.line, "reason": problem.reason,
            "detail": problem.detail, "text": problem.text,
        }  # fmt: skip
        self._file.write(json.dumps(fields, ensure_ascii=False) + "\n")
        self._file.flush()
