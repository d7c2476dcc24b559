"""Compare the pictures with the recorded list of their hashes, so that figures can be repeated."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from training.evaluation.real_pictures.pictures.selection import Picture

RECORD: Final = Path(__file__).parent.parent / "pictures.json"
"""By set: the path and the first 16 digits of the SHA-256 of each picture."""
DIGITS: Final = 16


def recorded(file: Path = RECORD) -> dict[str, dict[str, str]]:
    """The recorded pictures: by set, then path to hash."""
    content: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return content


def as_record(pictures: Mapping[str, Sequence[Picture]]) -> dict[str, dict[str, str]]:
    return {
        name: {picture.path: picture.sha256[:DIGITS] for picture in members}
        for name, members in pictures.items()
    }


def differences(pictures: Mapping[str, Sequence[Picture]], file: Path = RECORD) -> list[str]:
    """One sentence for each set whose pictures are not the recorded ones."""
    known, present = recorded(file), as_record(pictures)
    return [
        f"{name}: {_changes(known.get(name, {}), present[name])} pictures differ from the record:"
        " the package has another version, and figures cannot be compared"
        for name in present
        if present[name] != known.get(name)
    ]


def write(pictures: Mapping[str, Sequence[Picture]], file: Path = RECORD) -> None:
    content = json.dumps(as_record(pictures), indent=0, sort_keys=True)
    file.write_text(content + "\n", encoding="utf-8")


def _changes(known: Mapping[str, str], present: Mapping[str, str]) -> int:
    return len(dict(known.items() ^ present.items()))
