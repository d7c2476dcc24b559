"""End a night: the gate judges, the version is kept, the winner is announced, the rest is told."""

import json
import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from services.retrain.jobs.gate_process import Gate, GateVerdict
from services.retrain.registry.folders import ModelFolders, NewVersion, NoSuchVersion
from services.retrain.registry.promotion import CannotPromote, Promoter
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

log = logging.getLogger(__name__)
NIGHTS = "nights.jsonl"
"""One line a night, beside the versions."""


@dataclass(frozen=True)
class Trained:
    """What a night has made, and the evidence on it."""

    folder: Path
    evidence: Path
    new: NewVersion
    night: Path | None = None
    """The night's folder, with the curves of its trainings."""


@dataclass(frozen=True)
class Trial:
    """The shares that a winner gets before it takes over; both 0: it takes over at once."""

    canary_share: float = 0.0
    shadow_share: float = 0.0


@dataclass(frozen=True)
class NightEnd:
    """What became of a night."""

    version: str
    ended_at: str
    verdict: str
    """`promoted`, `tried_out` or `kept`; `skipped` and `stopped` where none came to an end."""
    reason: str
    warnings: tuple[str, ...] = ()
    night: str = ""
    code: str = ""
    """The reason in one word, for machines."""
    report: str = ""
    """Folder of the gate's report."""


class EndOfNight:
    """From a trained folder to a verdict that everybody can read."""

    def __init__(
        self, gate: Gate, folders: ModelFolders, promoter: Promoter, *, work: Path, log_in: Path
    ) -> None:
        self._gate = gate
        self._folders = folders
        self._promoter = promoter
        self._work = work
        self._log_in = log_in

    def __call__(
        self, trained: Trained, *, now: datetime, trial: Trial | None = None, night: str = ""
    ) -> NightEnd:
        """Never raises what it can tell: a night that cannot end well changes nothing.

        A version that the gate kept out is kept in its folder too: `models show` tells why, and a
        person may still promote it.
        """
        verdict = self._gate(trained.evidence, out=self._work / "gate" / trained.new.version)
        end = self._judged(trained, verdict, now, trial or Trial())
        report = str(verdict.report) if verdict.report else ""
        return self.remember(
            replace(end, night=night, code=end.code or verdict.code, report=report)
        )

    def remember(self, end: NightEnd) -> NightEnd:
        """Add a line to the nights; one that cannot be written is told in the log."""
        log.info("night: %s %s: %s", end.version or end.night, end.verdict, end.reason)
        self._remember(end)
        return end

    def _judged(
        self, trained: Trained, verdict: GateVerdict, now: datetime, trial: Trial
    ) -> NightEnd:
        version = trained.new.version
        kept = NightEnd(version, now.isoformat(), "kept", verdict.reason)
        new = replace(trained.new, metrics=verdict.metrics, reason=verdict.reason)
        try:
            self._keep(trained, new, verdict)
            if not verdict.promotes:
                return kept
            if trial.canary_share or trial.shadow_share:
                done = self._promoter.try_out(
                    version, canary_share=trial.canary_share, shadow_share=trial.shadow_share,
                    reason=verdict.reason,
                )  # fmt: skip
                return replace(kept, verdict="tried_out", warnings=done.warnings)
            done = self._promoter.promote(version, reason=verdict.reason)
            return replace(kept, verdict="promoted", warnings=done.warnings)
        except Unavailable as error:
            why = error.detail
        except (BadCheckpoint, CannotPromote, NoSuchVersion, FileExistsError, ValueError) as error:
            why = str(error)
        return replace(
            kept,
            code="not_announced",
            reason=f"The champion keeps serving: {version} was not promoted, because {why}."
            f" The gate had said: {verdict.reason}",
        )

    def _keep(self, trained: Trained, new: NewVersion, verdict: GateVerdict) -> None:
        """The folder may be there: a night that was killed right after it goes on here."""
        try:
            self._folders.add(trained.folder, new, report=verdict.report, night=trained.night)
        except FileExistsError:
            if self._folders.find(new.version).previous_version != new.previous_version:
                raise

    def _remember(self, end: NightEnd) -> None:
        try:
            self._log_in.mkdir(parents=True, exist_ok=True)
            with (self._log_in / NIGHTS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(end), ensure_ascii=False) + "\n")
        except OSError as error:
            log.warning("the night's end could not be written down: %s", error)
