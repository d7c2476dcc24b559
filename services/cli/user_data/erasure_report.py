"""What a search for a person found, store by store; light, for the command that shows it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SearchResult:
    """One store, and how much of the person is in it; None where it could not be looked at."""

    store: str
    found: int | None
    note: str = ""

    @property
    def is_clean(self) -> bool:
        return self.found == 0


@dataclass(frozen=True)
class RetainedRecords:
    """Records about the person that Kafka keeps until their time is over; nobody reads them."""

    topic: str
    records: int
    until: datetime
