"""Erase a user from the files of training jobs: datasets, examples, evidence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from shared.domain.erasures import erased_user_hash
from shared.domain.user import User
from shared.files.atomic_write import atomic_write

LINES: Final = ".jsonl"
DOCUMENTS: Final = ".json"
IMAGE_FOLDER: Final = "images"


class JobErasure:
    """Erases from the folders of all jobs, also of a running one, which continues without the user.

    Lines of JSONL files about the user are deleted, and the images that only such lines name. In a
    JSON document, whose structure others rely on, a hash replaces the name. Trained weights stay.
    """

    def __init__(self, jobs_dir: Path) -> None:
        self._jobs_dir = jobs_dir

    def erase(self, user: User) -> dict[str, int]:
        """Number of removed lines, names in documents, and images; raises OSError."""
        lines = images = names = 0
        for folder in self._folders(user):
            counts = _remove_lines(folder, user)
            lines, images = lines + counts[0], images + counts[1]
        for file in self._files(DOCUMENTS):
            names += _rename(file, user)
        return {"job_lines": lines, "job_names": names, "job_images": images}

    def remaining(self, user: User) -> dict[str, int]:
        """Number of files that still name the user: a search of all text files of the jobs."""
        kinds = (LINES, DOCUMENTS, ".txt", ".html", ".md", ".csv", ".log")
        spellings = _spellings(user)
        files = (f for kind in kinds for f in self._files(kind) if _contains(f, spellings))
        return {"job_files": sum(1 for _ in files)}

    def _files(self, kind: str) -> Iterator[Path]:
        return (file for file in sorted(self._jobs_dir.rglob(f"*{kind}")) if file.is_file())

    def _folders(self, user: User) -> list[Path]:
        spellings = _spellings(user)
        return sorted({f.parent for f in self._files(LINES) if _contains(f, spellings)})


def _remove_lines(folder: Path, user: User) -> tuple[int, int]:
    """Rewrite the JSONL files of a folder; return the numbers of removed lines and images."""
    kept_images: set[str] = set()
    removed_images: set[str] = set()
    removed_lines = 0
    for file in sorted(folder.glob(f"*{LINES}")):
        kept = []
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            try:
                content = json.loads(line)
            except ValueError:
                content = line
            names_user = any(_is_name(text, user) for text in _texts(content))
            images = {t for t in _texts(content) if t.startswith(f"{IMAGE_FOLDER}/")}
            (removed_images if names_user else kept_images).update(images)
            removed_lines += names_user
            if not names_user:
                kept.append(line)
        atomic_write(file, "".join(kept))
    deleted = 0
    for name in removed_images - kept_images:
        file = folder / name
        if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
            file.unlink()
            deleted += 1
    return removed_lines, deleted


def _rename(file: Path, user: User) -> int:
    """Replace the user's name in a JSON document; return how often."""
    if not _contains(file, _spellings(user)):
        return 0
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return 0
    count = sum(_is_name(text, user) for text in _texts(document))
    if count:
        atomic_write(file, json.dumps(_renamed(document, user), ensure_ascii=False))
    return count


def _renamed(value: Any, user: User) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, user) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, user) for item in value]
    if isinstance(value, str) and _is_name(value, user):
        return erased_user_hash(tenant=user.tenant, user_id=user.user_id)
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _is_name(text: str, user: User) -> bool:
    """Jobs write a user as `tenant/user_id`."""
    return text == "/".join(user)


def _spellings(user: User) -> tuple[bytes, ...]:
    name = "/".join(user)
    return tuple({json.dumps(name, ensure_ascii=plain).encode() for plain in (True, False)})


def _contains(file: Path, spellings: tuple[bytes, ...]) -> bool:
    content = file.read_bytes()
    return any(text in content for text in spellings)
