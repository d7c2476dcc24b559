"""A night from its collection to its verdict; however it goes, a champion serves and we say why."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from services.retrain.jobs.dependencies import BY_HAND, NOW, SCHEDULED, NightParts, NightPlan, named
from services.retrain.jobs.finalization import NightEnd, Trained, Trial
from services.retrain.jobs.folders import NightFolders
from services.retrain.jobs.lock import HeldElsewhere, night_lock
from services.retrain.jobs.settings import NightSettings
from services.retrain.jobs.training_process import NightCrashed, NightStopped
from services.retrain.registry.folders import NewVersion, NoSuchVersion
from shared.domain.errors import Unavailable
from shared.files.atomic_write import atomic_write
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
Say = Callable[[JobStep], None]


class Night:
    """Runs nights, one at a time among all instances."""

    def __init__(self, parts: NightParts, settings: NightSettings) -> None:
        self._parts = parts
        self._settings = settings
        self._folders = NightFolders(settings.nights)
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the night that runs to end; it goes on when the service is back."""
        self._stop.set()

    def run(self, plan: NightPlan = NOW, *, say: Say = lambda step: None) -> NightEnd:
        """Never raises what it can tell. `skipped` ends are not written down: nothing has run."""
        now = self._parts.clock()
        try:
            with night_lock(self._parts.models_dir, now=now):
                return self._alone(plan, now, say)
        except HeldElsewhere as error:
            return self._skipped(plan, now, "held", f"{error}; one night runs at a time")
        except Unavailable as error:
            name = plan.name or named(now)
            return self._kept(name, "registry", error.detail)

    def _alone(self, plan: NightPlan, now: datetime, say: Say) -> NightEnd:
        if plan.name is not None and self._folders.is_over(plan.name):
            return self._skipped(plan, now, "done", f"the night {plan.name} has been already")
        begun = time.monotonic()
        self._parts.metrics.running.set(1)
        kind = SCHEDULED if plan.name else BY_HAND
        request = None if plan.dry_run else self._folders.unfinished(kind, now=now)
        name = request.night if request else plan.name or named(now)
        try:
            end = self._judged(name, request, plan, now, self._beating(say))
        except NightStopped as error:
            return NightEnd("", now.isoformat(), "stopped", str(error), night=name, code="stopped")
        except Unavailable as error:
            end = self._kept(name, error.part, error.detail)
        except NightCrashed as error:
            end = self._kept(name, "crash", str(error))
        except (BadCheckpoint, NoSuchVersion) as error:
            end = self._kept(name, "champion", str(error))
        except OSError as error:
            what = f"{error.strerror or error}: {error.filename or self._settings.nights}"
            end = self._kept(name, "machine", what)
        except Exception as error:
            log.exception("the night %s failed", name)
            end = self._kept(name, "crash", f"{type(error).__name__}: {error}")
        finally:
            self._parts.metrics.running.set(0)
        self._parts.metrics.seconds.observe(time.monotonic() - begun)
        self._close(name, end)
        return end

    def _judged(
        self,
        name: str,
        request: TrainingJobRequest | None,
        plan: NightPlan,
        now: datetime,
        say: Say,
    ) -> NightEnd:
        if request is None:
            say(_step("collect", "bringing the lake up to date"))
            problems = self._parts.collect().problems
            if problems:
                told = "; ".join(map(str, problems))
                return self._kept(name, "collect", f"the lake is not up to date: {told}")
            request = self._asked(name, plan, now)
        else:
            say(_step("resume", f"going on with the night {name} where it was ended"))
        folder = self._folders.new(name)
        atomic_write(folder / REQUEST, request.model_dump_json(indent=1))
        result = self._parts.train(folder, minutes=request.minutes, say=say, stop=self._stop)
        if result.challenger is None or result.evidence is None:
            return self._kept(name, result.code, result.reason)
        say(_step("gate", f"judging {result.challenger.version}"))
        return self._ended(name, request, result)

    def _ended(self, name: str, request: TrainingJobRequest, result: TrainingJobResult) -> NightEnd:
        assert result.challenger is not None
        assert result.evidence is not None
        version, champion = result.challenger.version, self._parts.promoter.champion()
        now = self._parts.clock()
        if champion == version:
            # We were killed between the announcement and this line.
            return self._parts.end.remember(
                NightEnd(version, now.isoformat(), "promoted", result.reason, night=name)
            )
        if champion != request.champion.version:
            return self._kept(
                name, "champion",
                f"{request.champion.version} was the champion when the night began, and {champion}"
                f" is now: {version} was held against the wrong one",
            )  # fmt: skip
        new = NewVersion(
            version=version,
            kind=result.challenger.kind,
            name=self._parts.folders.release.name,
            made_at=now,
            base_version=result.base_version,
            previous_version=champion,
        )
        trial = Trial(self._settings.night_canary_share, self._settings.night_shadow_share)
        return self._parts.end(
            Trained(result.challenger.folder, result.evidence, new, self._settings.nights / name),
            now=now,
            trial=trial,
            night=name,
        )

    def _asked(self, name: str, plan: NightPlan, now: datetime) -> TrainingJobRequest:
        parts, settings = self._parts, self._settings
        champion = parts.folders.find(parts.promoter.champion())
        return TrainingJobRequest(
            night=name,
            asked_at=now,
            lake=_absolute(parts.lake.uri),
            s3_endpoint=parts.lake.s3_endpoint,
            allowed_file_roots=parts.lake.allowed_file_roots,
            release=_folder(parts.folders.release),
            champion=_folder(champion),
            minutes=plan.minutes or settings.night_minutes,
            seed=int(now.timestamp()),
            dry_run=plan.dry_run,
            sft_config=settings.night_sft_config,
            grpo_config=settings.night_grpo_config,
        )

    def _kept(self, name: str, code: str, why: str) -> NightEnd:
        end = NightEnd(
            "", self._parts.clock().isoformat(), "kept",
            f"The champion keeps serving, because {why.rstrip('.')}.", night=name, code=code,
        )  # fmt: skip
        return self._parts.end.remember(end)

    def _skipped(self, plan: NightPlan, now: datetime, code: str, why: str) -> NightEnd:
        self._parts.metrics.skipped.inc()
        log.info("night: skipped: %s", why)
        return NightEnd("", now.isoformat(), "skipped", why, night=plan.name or "", code=code)

    def _close(self, name: str, end: NightEnd) -> None:
        at = datetime.fromisoformat(end.ended_at)
        self._parts.metrics.ended(verdict=end.verdict, code=end.code or end.verdict, at=at)
        try:
            self._folders.new(name)
            self._folders.close(name, asdict(end), kept=self._settings.nights_kept)
        except OSError as error:
            log.warning("the night %s could not be marked as over: %s", name, error)

    def _beating(self, say: Say) -> Say:
        def told(step: JobStep) -> None:
            self._parts.metrics.heartbeat.set(self._parts.clock().timestamp())
            self._parts.metrics.spent.set(step.seconds_spent)
            log.info("night: %s: %s", step.stage, step.text)
            say(step)

        return told


def _folder(artefact: ModelPackage) -> ModelFolder:
    return ModelFolder(
        folder=artefact.folder.resolve(), version=artefact.version, kind=artefact.kind
    )


def _absolute(uri: str) -> str:
    return uri if "://" in uri else str(Path(uri).resolve())


def _step(stage: str, text: str) -> JobStep:
    return JobStep(stage=stage, text=text, seconds_spent=0.0)
