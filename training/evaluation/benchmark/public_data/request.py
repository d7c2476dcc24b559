"""Hold what an import of public data is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.events.types.base import DEFAULT_TENANT
from training.evaluation.benchmark.public_data.cases.protocol import Protocol


@dataclass(frozen=True)
class Request:
    """The choices of one import."""

    files: tuple[Path, ...]
    out: Path
    images: Path | None = None
    """The folder of the images, where it is not at its usual place beside the files."""
    set_name: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Names of columns by field, where they are not the released ones."""
    protocol: Protocol = field(default_factory=Protocol)
    tenant: str = DEFAULT_TENANT
    """The tenant of the events for training jobs."""
