"""Interface to training jobs for their pages. The retrain service implements it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol


class JobSummary(Protocol):
    """One training job."""

    @property
    def name(self) -> str: ...
    @property
    def requested_at(self) -> datetime: ...
    @property
    def minutes(self) -> float: ...
    @property
    def spent_seconds(self) -> float: ...
    @property
    def champion(self) -> str: ...
    @property
    def stages(self) -> Mapping[str, float]: ...
    @property
    def verdict(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def opening(self) -> str:
        """One sentence on the outcome; empty before the end."""
        ...


class JobList(Protocol):
    """The schedule, and all training jobs, newest first."""

    @property
    def next_at(self) -> datetime | None: ...
    @property
    def minutes(self) -> float: ...
    @property
    def jobs(self) -> Sequence[JobSummary]: ...


class TrainingJobRecords(Protocol):
    """Read access to training jobs."""

    async def jobs(self) -> JobList: ...

    async def data_report(self, name: str) -> dict[str, Any] | None:
        """Return the data report of a job; None if it has no dataset."""
        ...

    async def curves(self, name: str) -> Mapping[str, Sequence[Mapping[str, float]]]:
        """Return by training stage the metrics of each step, with `step`; also while it runs."""
        ...
