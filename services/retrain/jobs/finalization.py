"""Finalize a job: run the gate, keep the version, promote or try out the winner, record it."""

import json
import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from services.retrain.jobs.gate_process import Gate, GateVerdict
from services.retrain.registry.candidate import Candidate, CandidateFile, next_candidate
from services.retrain.registry.folders import ModelFolders, NewVersion, NoSuchVersion
from services.retrain.registry.promotion import CannotPromote, Promoter
from shared.domain.errors import Unavailable
from shared.files.append_line import append_line
from shared.files.write_errors import describe
from shared.jobs.opening_sentence import Gain, opening_sentence
from shared.jobs.result_codes import JobCode, JobVerdict
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

log = logging.getLogger(__name__)
HISTORY = "training_jobs.jsonl"
"""The history of jobs in the folder of the models, one line for each job."""


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, and the file of evidence about it."""

    folder: Path
    evidence: Path
    new: NewVersion
    job: Path | None = None
    """The job's folder, which has the training curves."""
    nights: int = 1
    """Nights that the candidate has been judged on, this one included."""


@dataclass(frozen=True)
class TrialShares:
    """Shares that a winner serves before it is promoted; both 0 promote it at once."""

    canary_share: float = 0.0
    shadow_share: float = 0.0


@dataclass(frozen=True)
class JobOutcome:
    """The outcome of a job."""

    version: str
    ended_at: str
    verdict: JobVerdict
    reason: str
    code: JobCode
    """The reason as one word, for programs."""
    warnings: tuple[str, ...] = ()
    job: str = ""
    report: str = ""
    """Folder of the gate's report."""
    opening: str = ""
    """The outcome in one sentence for an operator, with what to do."""


class JobFinalization:
    """Turns a trained model into an outcome that is recorded."""

    def __init__(
        self,
        gate: Gate,
        folders: ModelFolders,
        promoter: Promoter,
        *,
        jobs_dir: Path,
        history_dir: Path,
    ) -> None:
        self._gate = gate
        self._folders = folders
        self._promoter = promoter
        self._jobs_dir = jobs_dir
        self._history_dir = history_dir
        self.candidates = CandidateFile(history_dir)

    def __call__(
        self,
        trained: TrainedModel,
        *,
        now: datetime,
        shares: TrialShares | None = None,
        job: str = "",
    ) -> JobOutcome:
        """Decide, act and record; a failure is an outcome that keeps the champion.

        A version that the gate rejects is kept in its folder too: `models show` gives the reason,
        and an operator may still promote it.
        """
        decision = self._gate(trained.evidence, out=self._jobs_dir / "gate" / trained.new.version)
        outcome = self._act(trained, decision, now, shares or TrialShares())
        judged = Candidate(
            champion=trained.new.previous_version or "",
            version=trained.new.version,
            evidence=str(trained.evidence.absolute()),
            nights=trained.nights,
        )
        self.candidates.write(next_candidate(judged, outcome.code))
        report = str(decision.report) if decision.report else ""
        return self.record(replace(outcome, job=job, report=report), gain=decision.gain)

    def record(self, outcome: JobOutcome, *, gain: Gain | None = None) -> JobOutcome:
        """Append the outcome with its sentence to the history; a failure to do so is logged."""
        sentence = opening_sentence(
            outcome.verdict, outcome.code, version=outcome.version, gain=gain
        )
        outcome = replace(outcome, opening=sentence)
        name = outcome.version or outcome.job
        log.info("training job: %s %s: %s", name, outcome.verdict, outcome.reason)
        try:
            self._history_dir.mkdir(parents=True, exist_ok=True)
            append_line(
                self._history_dir / HISTORY, json.dumps(asdict(outcome), ensure_ascii=False)
            )
        except OSError as error:
            log.warning(
                "the outcome of the job could not be recorded: %s",
                describe(error, where=self._history_dir),
            )
        return outcome

    def _act(
        self, trained: TrainedModel, decision: GateVerdict, now: datetime, shares: TrialShares
    ) -> JobOutcome:
        version, reason = trained.new.version, decision.reason
        kept = JobOutcome(version, now.isoformat(), "kept", reason, decision.code)
        new = replace(trained.new, metrics=decision.metrics, reason=reason)
        try:
            self._keep_version(trained, new, decision)
            if not decision.promotes:
                return kept
            if shares.canary_share or shares.shadow_share:
                promotion = self._promoter.start_trial(
                    version, canary_share=shares.canary_share, shadow_share=shares.shadow_share,
                    reason=reason,
                )  # fmt: skip
                return replace(kept, verdict="tried_out", warnings=promotion.warnings)
            promotion = self._promoter.promote(version, reason=reason)
            return replace(kept, verdict="promoted", warnings=promotion.warnings)
        except Unavailable as error:
            problem = error.detail
        except (BadCheckpoint, CannotPromote, NoSuchVersion, FileExistsError, ValueError) as error:
            problem = str(error)
        return replace(
            kept,
            code="not_announced",
            reason=f"The champion keeps serving: {version} was not promoted, because {problem}."
            f" The gate's decision: {reason}",
        )

    def _keep_version(self, trained: TrainedModel, new: NewVersion, decision: GateVerdict) -> None:
        """Add the version; it exists already when the job was killed right after adding it."""
        try:
            self._folders.add(trained.folder, new, report=decision.report, job=trained.job)
        except FileExistsError:
            if self._folders.find(new.version).previous_version != new.previous_version:
                raise
