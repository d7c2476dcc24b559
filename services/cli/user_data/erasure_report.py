"""Define the results of a search for an erased user; without heavy imports."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SearchResult:
    """Number of records about the user in one store; None when it could not be searched."""

    store: str
    count: int | None
    note: str = ""
    """Why the store could not be searched."""

    @property
    def is_clean(self) -> bool:
        return self.count == 0


@dataclass(frozen=True)
class RetainedRecords:
    """Records about the user that Kafka's logs keep until `until`; no service reads them."""

    topic: str
    records: int
    until: datetime
