"""Show the registry to an operator, and change which version serves."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.retrain.jobs.training_curves import Curves
from services.retrain.registry.folders import ModelFolders, NoSuchVersion, VersionSummary
from services.retrain.registry.promotion import CannotPromote, Promoter, Promotion
from shared.domain.errors import Unprocessable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint


@dataclass(frozen=True)
class RegistryState:
    """Champion, challenger with its shares, and all versions, newest first."""

    champion: str
    challenger: str | None
    canary_share: float
    shadow_share: float
    versions: Sequence[VersionSummary]


@dataclass(frozen=True)
class RegistryChange:
    """The version in the published event, and a warning for each alias that was not moved."""

    version: str
    warnings: Sequence[str]


class RegistryAdmin:
    """Folders and promotions; every call runs in a thread, because it reads files and Kafka."""

    def __init__(self, folders: ModelFolders, promoter: Promoter) -> None:
        self._folders = folders
        self._promoter = promoter

    async def state(self) -> RegistryState:
        """The current state; raises `Unavailable`."""

        def read() -> RegistryState:
            challenger = self._promoter.challenger()
            return RegistryState(
                champion=self._promoter.champion(),
                challenger=challenger.model_version if challenger else None,
                canary_share=challenger.canary_share if challenger else 0.0,
                shadow_share=challenger.shadow_share if challenger else 0.0,
                versions=self._folders.versions()[::-1],
            )

        return await asyncio.to_thread(read)

    async def report(self, version: str) -> dict[str, Any] | None:
        """The gate's report of a version; None without one."""
        return await asyncio.to_thread(self._report, version)

    async def curves(self, version: str) -> Curves:
        """The training curves of a version; empty where none were kept."""

        def read() -> Curves:
            return self._folders.curves_of(version) if self._exists(version) else {}

        return await asyncio.to_thread(read)

    async def promote(self, version: str, *, reason: str, force: bool) -> RegistryChange:
        """Make a version the champion; `force` is needed where the gate decided to keep.

        Raises `Unavailable` and `Unprocessable`; the champion then keeps serving.
        """

        def act() -> Promotion:
            decision = (self._report(version) or {}).get("decision", {})
            if decision.get("verdict") == "keep" and not force:
                raise Unprocessable(
                    "kept_by_the_gate",
                    f"the gate decided against {version}: {decision.get('reason')} Confirm that"
                    " you want to promote it anyway",
                )
            return self._promoter.promote(version, reason=reason)

        return await _change(act)

    async def rollback(self, *, reason: str) -> RegistryChange:
        """End a trial, or return to the previous version; raises as `promote`."""
        return await _change(lambda: self._promoter.rollback(reason=reason))

    def _report(self, version: str) -> dict[str, Any] | None:
        return self._folders.report_of(version) if self._exists(version) else None

    def _exists(self, version: str) -> bool:
        """Whether the version is listed: a version names a folder, and may come from a URL."""
        return any(summary.version == version for summary in self._folders.versions())


async def _change(act: Callable[[], Promotion]) -> RegistryChange:
    try:
        promotion = await asyncio.to_thread(act)
    except (NoSuchVersion, CannotPromote, BadCheckpoint) as error:
        raise Unprocessable("cannot_promote", f"{error}. The champion keeps serving.") from error
    return RegistryChange(promotion.event.model_version, promotion.warnings)
