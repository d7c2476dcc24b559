"""What a file of another system is made of: rows, problems, and what each row becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.events.types.catalog import CatalogImage
from shared.events.types.feedback import Feedback

SHOWN_TEXT: Final = 500
"""Characters of a broken line that its problem repeats: enough to find it, not a copy of it."""


@dataclass(frozen=True)
class Row:
    """One record of a file, not yet interpreted."""

    file: str
    line: int
    """Number of its first line, from 1."""
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """One record that cannot be imported, and why."""

    file: str
    line: int
    reason: str
    """A short, stable identifier for counters."""
    detail: str
    """What is wrong, and what to do."""
    text: str = ""
    """The beginning of the line."""


@dataclass(frozen=True)
class ShownList:
    """A ranked list that another system showed to a user."""

    tenant: str
    user_id: str
    request_id: str
    occurred_at: datetime
    image_ids: tuple[str, ...]
    """Best first; each once."""
    propensities: tuple[float, ...] = ()
    """Probability of each placement under the policy that chose it; empty where it is unknown."""
    explored: tuple[bool, ...] = ()
    """Whether chance chose between this image and its neighbor; empty where it is unknown."""
    has_own_views: bool = False
    """The file reports separately which of these images the user saw."""


Imported = CatalogImage | Feedback | ShownList


@dataclass(frozen=True)
class Skipped:
    """A row that is valid and of no use here, such as the age of a user."""

    kind: str
