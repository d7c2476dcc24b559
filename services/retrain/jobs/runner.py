"""Run one training job: lock, collect, train, run the gate, finalize; resume a killed job."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from services.retrain.jobs.dependencies import (
    MANUAL,
    MANUAL_JOB,
    NIGHTLY,
    JobDependencies,
    JobPlan,
    manual_name,
)
from services.retrain.jobs.finalization import JobOutcome, TrainedModel, TrialShares
from services.retrain.jobs.folders import JobFolders
from services.retrain.jobs.lock import LockHeld, job_lock
from services.retrain.jobs.settings import JobSettings
from services.retrain.jobs.training_process import TrainingCrashed, TrainingStopped
from services.retrain.registry.candidate import Candidate
from services.retrain.registry.folders import NewVersion, NoSuchVersion
from shared.domain.errors import Unavailable
from shared.files.atomic_write import atomic_write
from shared.files.lake_address import local_folder
from shared.files.write_errors import describe
from shared.jobs.result_codes import JobCode, job_code
from shared.jobs.training_job import (
    REQUEST,
    JobStep,
    ModelFolder,
    TrainingJobRequest,
    TrainingJobResult,
)
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import ModelPackage

log = logging.getLogger(__name__)
OnStep = Callable[[JobStep], None]
"""Receives each step of progress."""


class JobRunner:
    """Runs training jobs, one at a time among all instances."""

    def __init__(self, dependencies: JobDependencies, settings: JobSettings) -> None:
        self._dependencies = dependencies
        self._settings = settings
        self._folders = JobFolders(settings.jobs_dir)
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the running job to end; it is resumed when the service starts again."""
        self._stop.set()

    def run(self, plan: JobPlan = MANUAL_JOB, *, on_step: OnStep = lambda step: None) -> JobOutcome:
        """Run a job to its outcome; failures are outcomes too.

        A skipped job is not added to the history, because nothing has run.
        """
        now = self._dependencies.clock()
        try:
            with job_lock(self._dependencies.models_dir, now=now):
                return self._run_locked(plan, now, on_step)
        except LockHeld as error:
            return self._skipped(plan, now, "held", f"{error}; only one job runs at a time")
        except Unavailable as error:
            return self._kept(plan.name or manual_name(now), "registry", error.detail)

    def _run_locked(self, plan: JobPlan, now: datetime, on_step: OnStep) -> JobOutcome:
        if plan.name is not None and self._folders.has_ended(plan.name):
            return self._skipped(plan, now, "done", f"the job {plan.name} has ended before")
        started = time.monotonic()
        metrics = self._dependencies.metrics
        metrics.running.set(1)
        kind = NIGHTLY if plan.name else MANUAL
        request = None if plan.dry_run else self._folders.unfinished(kind, now=now)
        name = request.job if request else plan.name or manual_name(now)
        try:
            outcome = self._stages(name, request, plan, now, self._with_metrics(on_step))
        except TrainingStopped as error:
            return JobOutcome("", now.isoformat(), "stopped", str(error), "stopped", job=name)
        except Unavailable as error:
            outcome = self._kept(name, job_code(error.part), error.detail)
        except TrainingCrashed as error:
            outcome = self._kept(name, "crash", str(error))
        except (BadCheckpoint, NoSuchVersion) as error:
            outcome = self._kept(name, "champion", str(error))
        except OSError as error:
            outcome = self._kept(name, "machine", describe(error, where=self._settings.jobs_dir))
        except Exception as error:
            log.exception("the training job %s failed", name)
            outcome = self._kept(name, "crash", f"{type(error).__name__}: {error}")
        finally:
            metrics.running.set(0)
        metrics.seconds.observe(time.monotonic() - started)
        self._close(name, outcome)
        return outcome

    def _stages(
        self,
        name: str,
        request: TrainingJobRequest | None,
        plan: JobPlan,
        now: datetime,
        on_step: OnStep,
    ) -> JobOutcome:
        """Collect (or resume), train, and finalize the trained model."""
        if request is None:
            on_step(_step("collect", "collecting new events into the lake"))
            problems = self._dependencies.collect().problems
            if problems:
                details = "; ".join(map(str, problems))
                return self._kept(name, "collect", f"the lake is not up to date: {details}")
            request = self._request(name, plan, now)
        else:
            on_step(_step("resume", f"resuming the job {name}"))
            # A job of an earlier release does not know it, and the way of serving may have changed.
            request = request.model_copy(update={"served_by_server": self._served_by_server})
        folder = self._folders.create(name)
        atomic_write(folder / REQUEST, request.model_dump_json(indent=1))
        result = self._dependencies.train(
            folder, minutes=request.minutes, on_step=on_step, stop=self._stop
        )
        if result.challenger is None or result.evidence is None:
            if result.code == "data":
                # The candidate's adapter or evidence may be what cannot be used.
                self._dependencies.finalize.candidates.write(None)
            return self._kept(name, result.code, result.reason)
        on_step(_step("gate", f"running the gate on {result.challenger.version}"))
        return self._finalize(name, request, result)

    def _finalize(
        self, name: str, request: TrainingJobRequest, result: TrainingJobResult
    ) -> JobOutcome:
        assert result.challenger is not None
        assert result.evidence is not None
        dependencies = self._dependencies
        version, champion = result.challenger.version, dependencies.promoter.champion()
        now = dependencies.clock()
        if champion == version:
            # The job was killed after its promotion and before its entry in the history.
            dependencies.finalize.candidates.write(None)
            return dependencies.finalize.record(
                JobOutcome(
                    version, now.isoformat(), "promoted", result.reason, "promoted", job=name
                )
            )
        if champion != request.champion.version:
            return self._kept(
                name, "champion",
                f"{request.champion.version} was the champion when the job started, and {champion}"
                f" is the champion now: {version} was compared with the wrong one",
            )  # fmt: skip
        new = NewVersion(
            version=version,
            kind=result.challenger.kind,
            name=dependencies.folders.release.name,
            made_at=now,
            base_version=result.base_version,
            previous_version=champion,
        )
        shares = TrialShares(
            self._settings.promotion_canary_share, self._settings.promotion_shadow_share
        )
        folder = self._settings.jobs_dir / name
        return dependencies.finalize(
            TrainedModel(
                result.challenger.folder, result.evidence, new, folder, request.nights_before + 1
            ),
            now=now,
            shares=shares,
            job=name,
        )

    def _request(self, name: str, plan: JobPlan, now: datetime) -> TrainingJobRequest:
        dependencies, settings = self._dependencies, self._settings
        champion = dependencies.folders.find(dependencies.promoter.champion())
        known = dependencies.finalize.candidates.read(champion=champion.version)
        candidate = self._candidate(known)
        template = dependencies.model.prompt_template
        return TrainingJobRequest(
            job=name,
            requested_at=now,
            lake=_absolute(dependencies.lake.uri),
            s3_endpoint=dependencies.lake.s3_endpoint,
            allowed_file_roots=dependencies.lake.allowed_file_roots,
            release=_folder(dependencies.folders.release),
            champion=_folder(champion),
            candidate=candidate,
            earlier_evidence=Path(known.evidence) if known and candidate else None,
            nights_before=known.nights if known and candidate else 0,
            prediction_orders=dependencies.model.model_prediction_orders,
            prompt_style=dependencies.model.prompt_style,
            prompt_template=template.absolute() if template else None,
            min_pixels=dependencies.model.model_min_pixels,
            max_pixels=dependencies.model.model_max_pixels,
            served_by_server=self._served_by_server,
            minutes=plan.minutes or settings.training_minutes,
            seed=int(now.timestamp()),
            dry_run=plan.dry_run,
            methods=plan.methods or settings.training_methods,
            sft_config=settings.training_sft_config,
            grpo_config=settings.training_grpo_config,
            dpo_config=settings.training_dpo_config,
            least_users=settings.gate_min_users,
            least_pairs=settings.gate_min_pairs,
        )

    @property
    def _served_by_server(self) -> bool:
        return self._dependencies.model.model_server is not None

    def _candidate(self, known: Candidate | None) -> ModelFolder | None:
        """The folder of the candidate; None where it is unknown or its version is gone."""
        if known is None:
            return None
        try:
            return _folder(self._dependencies.folders.find(known.version))
        except (NoSuchVersion, BadCheckpoint) as error:
            log.warning("the candidate %s is given up: %s", known.version, error)
            return None

    def _kept(self, name: str, code: JobCode, cause: str) -> JobOutcome:
        reason = f"The champion keeps serving, because {cause.rstrip('.')}."
        now = self._dependencies.clock()
        outcome = JobOutcome("", now.isoformat(), "kept", reason, code, job=name)
        return self._dependencies.finalize.record(outcome)

    def _skipped(self, plan: JobPlan, now: datetime, code: JobCode, reason: str) -> JobOutcome:
        self._dependencies.metrics.skipped.inc()
        log.info("training job: skipped: %s", reason)
        return JobOutcome("", now.isoformat(), "skipped", reason, code, job=plan.name or "")

    def _close(self, name: str, outcome: JobOutcome) -> None:
        at = datetime.fromisoformat(outcome.ended_at)
        self._dependencies.metrics.ended(verdict=outcome.verdict, code=outcome.code, at=at)
        try:
            self._folders.create(name)
            self._folders.close(name, asdict(outcome), kept=self._settings.training_jobs_kept)
        except OSError as error:
            log.warning("the training job %s is not marked as ended: %s", name, describe(error))

    def _with_metrics(self, on_step: OnStep) -> OnStep:
        def count_and_pass_on(step: JobStep) -> None:
            self._dependencies.metrics.heartbeat.set(self._dependencies.clock().timestamp())
            self._dependencies.metrics.spent.set(step.seconds_spent)
            log.info("training job: %s: %s", step.stage, step.text)
            on_step(step)

        return count_and_pass_on


def _folder(package: ModelPackage) -> ModelFolder:
    return ModelFolder(folder=package.folder.resolve(), version=package.version, kind=package.kind)


def _absolute(uri: str) -> str:
    folder = local_folder(uri)
    return uri if folder is None else str(folder.resolve())


def _step(stage: str, text: str) -> JobStep:
    return JobStep(stage=stage, text=text, seconds_spent=0.0)
