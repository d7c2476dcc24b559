"""What the page of models asks of the registry, whose service this one does not know."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Version(Protocol):
    """One version of the model."""

    @property
    def version(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def made_at(self) -> str: ...
    @property
    def previous_version(self) -> str | None: ...
    @property
    def metrics(self) -> Mapping[str, float]: ...
    @property
    def reason(self) -> str: ...


class RegistryState(Protocol):
    """Who serves, who is tried out, and every version."""

    @property
    def champion(self) -> str: ...
    @property
    def challenger(self) -> str | None: ...
    @property
    def canary_share(self) -> float: ...
    @property
    def shadow_share(self) -> float: ...
    @property
    def versions(self) -> Sequence[Version]: ...


class RegistryChange(Protocol):
    """What was announced, and what could not follow."""

    @property
    def version(self) -> str: ...
    @property
    def warnings(self) -> Sequence[str]: ...


class Models(Protocol):
    """The registry; all of it raises `Unavailable`, changes also `Unprocessable`."""

    async def registry_state(self) -> RegistryState: ...

    async def report(self, version: str) -> dict[str, Any] | None:
        """The gate's report of a version; None without one."""
        ...

    async def curves(self, version: str) -> Mapping[str, Sequence[Mapping[str, float]]]:
        """By training, what was measured at each step; empty where nobody has kept it."""
        ...

    async def promote(self, version: str, *, reason: str, force: bool) -> RegistryChange: ...

    async def rollback(self, *, reason: str) -> RegistryChange: ...
