"""What the page of nights asks of the service that trains, which this one does not know."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol


class NightLine(Protocol):
    """One night."""

    @property
    def name(self) -> str: ...
    @property
    def asked_at(self) -> datetime: ...
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


class Nights(Protocol):
    """The schedule, and the nights there are."""

    @property
    def next_at(self) -> datetime | None: ...
    @property
    def minutes(self) -> float: ...
    @property
    def nights(self) -> Sequence[NightLine]: ...


class TrainingJobRecords(Protocol):
    """Where nights are read."""

    async def nights(self) -> Nights: ...

    async def data_report(self, name: str) -> dict[str, Any] | None:
        """What a night's dataset held; None where none was built."""
        ...

    async def curves(self, name: str) -> Mapping[str, Sequence[Mapping[str, float]]]:
        """By training, what was measured at each step, also while it runs; `step` is among it."""
        ...
