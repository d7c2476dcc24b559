"""Keep the scores of files on disk, so that an interrupted run continues where it ended."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.runtime.file_scorer import ElementWord, FileScore

FOLDER: Final = "rate"


class ScoreCache:
    """Scores of one scorer version, one line of JSON for each file.

    A file is known by its path, size and time of change. A line that an interruption has cut is
    ignored. Without a writable folder nothing is kept.
    """

    def __init__(self, data_dir: Path, *, version: str) -> None:
        self._file = data_dir / FOLDER / f"{version}.jsonl"
        self._scores = _read(self._file)
        self.can_write = True

    def __len__(self) -> int:
        return len(self._scores)

    def get(self, path: Path) -> FileScore | None:
        return self._scores.get(_key(path))

    def put(self, scores: Mapping[Path, FileScore]) -> None:
        """Append scores; an unwritable folder is noted in `can_write`."""
        lines = [
            json.dumps({"file": _key(path), "total": s.total, "words": s.words}) + "\n"
            for path, s in scores.items()
        ]
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.writelines(lines)
        except OSError:
            self.can_write = False


def _key(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return f"{path.absolute()}|"
    return f"{path.absolute()}|{status.st_size}|{status.st_mtime_ns}"


def _score(row: dict[str, Any]) -> FileScore:
    words = tuple(ElementWord(str(element), str(word)) for element, word in row["words"])
    return FileScore(float(row["total"]), words)


def _read(file: Path) -> dict[str, FileScore]:
    scores: dict[str, FileScore] = {}
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return scores
    for line in lines:
        try:
            row: dict[str, Any] = json.loads(line)
            scores[row["file"]] = _score(row)
        except (ValueError, KeyError, TypeError):
            continue
    return scores
