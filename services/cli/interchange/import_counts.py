"""Count what an import reads, sends and refuses."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from shared.events.interchange.values import Imported, Problem, ShownList, Skipped
from shared.events.types.catalog import CatalogImage
from shared.events.types.feedback import Feedback

SHOWN_PROBLEMS: Final = 5


@dataclass
class ImportCounts:
    """The figures of one import; it is read while the import runs, for the progress."""

    records: int = 0
    """Records of the files, also broken ones."""
    events: Counter[str] = field(default_factory=Counter)
    """By topic and, for feedback, by type."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Valid records of no use here, by kind."""
    refused: Counter[str] = field(default_factory=Counter)
    """By reason."""
    first_problems: list[Problem] = field(default_factory=list)
    sent: int = 0
    sent_before: int = 0
    """Events of records that an earlier run of this import has sent."""

    def add(self, result: Imported | Skipped | Problem) -> None:
        match result:
            case CatalogImage():
                self.events["images"] += 1
            case Feedback():
                self.events[f"feedback {result.type}"] += 1
            case ShownList():
                self.events["ranked lists"] += 1
            case Skipped():
                self.skipped[result.kind] += 1
            case Problem():
                self.refused[result.reason] += 1
                if len(self.first_problems) < SHOWN_PROBLEMS:
                    self.first_problems.append(result)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "records": self.records,
            "events": dict(self.events),
            "skipped": dict(self.skipped),
            "refused": dict(self.refused),
            "sent": self.sent,
            "sent_before": self.sent_before,
            "first_problems": [
                {"file": p.file, "line": p.line, "reason": p.reason, "detail": p.detail}
                for p in self.first_problems
            ],
        }

    def sentence(self) -> str:
        """What an interrupted import has done."""
        return (
            f"read {self.records} records and sent {self.sent} events. Run the same command again:"
            " it resumes, and no event counts twice"
        )
