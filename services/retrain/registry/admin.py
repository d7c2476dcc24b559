"""Let an operator see the registry and change what serves, from an event loop."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.retrain.jobs.training_curves import Curves
from services.retrain.registry.folders import Listed, ModelFolders, NoSuchVersion
from services.retrain.registry.promotion import CannotPromote, Done, Promoter
from shared.domain.errors import Unprocessable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint


@dataclass(frozen=True)
class Standing:
    """Who serves, who is tried out, and every version there is, the newest first."""

    champion: str
    challenger: str | None
    canary_share: float
    shadow_share: float
    versions: Sequence[Listed]


@dataclass(frozen=True)
class Changed:
    """What was announced, and what could not follow."""

    version: str
    warnings: Sequence[str]


class ModelDesk:
    """Folders and promotions; every call is made in a thread of its own."""

    def __init__(self, folders: ModelFolders, promoter: Promoter) -> None:
        self._folders = folders
        self._promoter = promoter

    async def standing(self) -> Standing:
        """Raises `Unavailable`."""

        def read() -> Standing:
            tried = self._promoter.tried_out()
            return Standing(
                champion=self._promoter.champion(),
                challenger=tried.model_version if tried else None,
                canary_share=tried.canary_share if tried else 0.0,
                shadow_share=tried.shadow_share if tried else 0.0,
                versions=self._folders.versions()[::-1],
            )

        return await asyncio.to_thread(read)

    async def report(self, version: str) -> dict[str, Any] | None:
        """The gate's report of a version; None without one."""
        return await asyncio.to_thread(self._report, version)

    async def curves(self, version: str) -> Curves:
        """How a version was learning; empty where nobody has kept it."""

        def read() -> Curves:
            return self._folders.curves_of(version) if self._knows(version) else {}

        return await asyncio.to_thread(read)

    def _report(self, version: str) -> dict[str, Any] | None:
        return self._folders.report_of(version) if self._knows(version) else None

    def _knows(self, version: str) -> bool:
        """A version names a folder: only one that is listed is looked up."""
        return any(one.version == version for one in self._folders.versions())

    async def promote(self, version: str, *, reason: str, anyway: bool) -> Changed:
        """Make a version the champion; what the gate has kept out only `anyway`.

        Raises `Unavailable` and `Unprocessable`, and then the champion goes on serving.
        """

        def act() -> Done:
            decision = (self._report(version) or {}).get("decision", {})
            if decision.get("verdict") == "keep" and not anyway:
                raise Unprocessable(
                    "kept_by_the_gate",
                    f"the gate has kept {version} out: {decision.get('reason')} Say that it is to"
                    " be promoted all the same",
                )
            return self._promoter.promote(version, reason=reason)

        return await _done(act)

    async def rollback(self, *, reason: str) -> Changed:
        """End a trial, or go back to the version before; raises as `promote`."""
        return await _done(lambda: self._promoter.rollback(reason=reason))


async def _done(act: Callable[[], Done]) -> Changed:
    try:
        done = await asyncio.to_thread(act)
    except (NoSuchVersion, CannotPromote, BadCheckpoint) as error:
        told = f"{error}. The champion goes on serving."
        raise Unprocessable("cannot_promote", told) from error
    return Changed(done.event.model_version, done.warnings)
