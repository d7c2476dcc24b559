"""Interface to the model registry for the model pages. The retrain service implements it."""

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
    """Champion, challenger, and all versions."""

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
    """The version that was announced, and warnings about parts that were not updated."""

    @property
    def version(self) -> str: ...
    @property
    def warnings(self) -> Sequence[str]: ...


class ModelRegistry(Protocol):
    """The model registry. Methods raise `Unavailable`; changes also raise `Unprocessable`."""

    async def state(self) -> RegistryState: ...

    async def report(self, version: str) -> dict[str, Any] | None:
        """Return the gate report of a version; None if it has none."""
        ...

    async def curves(self, version: str) -> Mapping[str, Sequence[Mapping[str, float]]]:
        """Return by training stage the metrics of each step; empty if they are not stored."""
        ...

    async def promote(self, version: str, *, reason: str, force: bool) -> RegistryChange: ...

    async def rollback(self, *, reason: str) -> RegistryChange: ...
