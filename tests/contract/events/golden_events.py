"""Read the golden events: exact bytes that were sent when the contract was frozen."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.events.topics import TOPICS, Topic
from shared.events.wire.record import Record

FOLDER: Final = Path(__file__).parent / "golden"
HEADERS: Final[dict[str, Any]] = json.loads((FOLDER / "headers.json").read_text("utf-8"))


@dataclass(frozen=True)
class Golden:
    """One frozen value of a topic; a `minimal` value has only the required fields."""

    topic: Topic
    name: str
    value: bytes

    def record(self) -> Record:
        """The value as plain JSON, without an envelope."""
        return Record(self.topic.name, 0, 0, 0, None, self.value)


def golden_events() -> tuple[Golden, ...]:
    return tuple(
        Golden(topic, name, compact(event))
        for topic in TOPICS
        for name, event in json.loads((FOLDER / f"{topic.name}.json").read_text("utf-8")).items()
    )


def compact(event: Any) -> bytes:
    """JSON as `encode` writes it: no spaces, names in the order of the file, plain Unicode."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
