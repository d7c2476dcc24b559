"""Remove a person from what nights have written: datasets, examples, evidence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from services.retrain.lake.erased_users import UserKey
from shared.domain.erasures import erased_user_hash
from shared.files.atomic_write import atomic_write

LINES: Final = ".jsonl"
DOCUMENTS: Final = ".json"
IMAGE_FOLDER: Final = "images"


class JobErasure:
    """Goes through the folders of all nights, also of one that runs: it does without the person.

    A line about the person goes, and the images that only such lines name. In a document, whose
    shape others rely on, a name that means nothing takes the place of the person's. Weights that
    were learned from the person stay as they are.
    """

    def __init__(self, nights: Path) -> None:
        self._nights = nights

    def erase(self, person: UserKey) -> dict[str, int]:
        """How many lines, names in documents and images were removed; raises OSError."""
        lines = images = names = 0
        for folder in self._folders(person):
            gone, without = _without_lines(folder, person)
            lines, images = lines + gone, images + without
        for file in self._files(DOCUMENTS):
            names += _rename(file, person)
        return {"night_lines": lines, "night_names": names, "night_images": images}

    def remaining(self, person: UserKey) -> dict[str, int]:
        """Files that still name the person, by a search of all text that nights have written."""
        kinds = (LINES, DOCUMENTS, ".txt", ".html", ".md", ".csv", ".log")
        spelled = _spelled(person)
        found = (f for kind in kinds for f in self._files(kind) if _names(f, spelled))
        return {"night_files": sum(1 for _ in found)}

    def _files(self, kind: str) -> Iterator[Path]:
        return (file for file in sorted(self._nights.rglob(f"*{kind}")) if file.is_file())

    def _folders(self, person: UserKey) -> list[Path]:
        spelled = _spelled(person)
        return sorted({file.parent for file in self._files(LINES) if _names(file, spelled)})


def _without_lines(folder: Path, person: UserKey) -> tuple[int, int]:
    """Write a folder's files of lines anew without the person; lines and images removed."""
    kept_images: set[str] = set()
    gone_images: set[str] = set()
    count = 0
    for file in sorted(folder.glob(f"*{LINES}")):
        kept = []
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            try:
                told = json.loads(line)
            except ValueError:
                told = line
            mine = any(_is_name(text, person) for text in _texts(told))
            images = {t for t in _texts(told) if t.startswith(f"{IMAGE_FOLDER}/")}
            (gone_images if mine else kept_images).update(images)
            count += mine
            if not mine:
                kept.append(line)
        atomic_write(file, "".join(kept))
    removed = 0
    for name in gone_images - kept_images:
        file = folder / name
        if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
            file.unlink()
            removed += 1
    return count, removed


def _rename(file: Path, person: UserKey) -> int:
    """Put a name that means nothing in the place of the person's; how often."""
    if not _names(file, _spelled(person)):
        return 0
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return 0
    found = sum(_is_name(text, person) for text in _texts(told))
    if found:
        atomic_write(file, json.dumps(_renamed(told, person), ensure_ascii=False))
    return found


def _renamed(told: Any, person: UserKey) -> Any:
    if isinstance(told, dict):
        return {key: _renamed(value, person) for key, value in told.items()}
    if isinstance(told, list):
        return [_renamed(value, person) for value in told]
    if isinstance(told, str) and _is_name(told, person):
        return erased_user_hash(tenant=person[0], user_id=person[1])
    return told


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for value in told.values():
            yield from _texts(value)
    elif isinstance(told, list):
        for value in told:
            yield from _texts(value)


def _is_name(text: str, person: UserKey) -> bool:
    """JobList write people as `tenant/user`."""
    return text == "/".join(person)


def _spelled(person: UserKey) -> tuple[bytes, ...]:
    name = "/".join(person)
    return tuple({json.dumps(name, ensure_ascii=plain).encode() for plain in (True, False)})


def _names(file: Path, spelled: tuple[bytes, ...]) -> bool:
    content = file.read_bytes()
    return any(text in content for text in spelled)
