"""Stages 3 and 4: train SFT and GRPO within their time, and name the challenger that results."""

from pathlib import Path
from typing import Any

from shared.domain.element_weights import ElementWeights
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from training.finetuning.run.policy import style_of
from training.finetuning.run.run_folder import RunFolder
from training.job.context import Job, JobAborted
from training.job.evidence.models import default_style, pixel_limits
from training.job.examples.grpo_cases import GRPO_CASES
from training.job.plan import MachineTimings, divide_time, grpo_seconds, minutes_needed
from training.job.train.trainer_processes import TrainingTask, default_config


def run_sft(job: Job, timings: MachineTimings, weights: ElementWeights) -> dict[str, Any]:
    """The result of SFT; raises `JobAborted` where training and verdict do not fit the budget."""
    return job.stages.once("3-sft", lambda: _sft(job, timings, weights))


def run_grpo(
    job: Job, timings: MachineTimings, weights: ElementWeights, *, sft: dict[str, Any]
) -> dict[str, Any]:
    """The result of GRPO after SFT; 0 steps where its time is too short."""
    return job.stages.once("4-grpo", lambda: _grpo(job, timings, weights, sft=sft))


def challenger_folder(job: Job, training: dict[str, Any]) -> ModelFolder:
    """The challenger that the last training leaves.

    An adapter on the release is served as it is. No server could load an adapter on another
    checkpoint, so that one is merged into its base.
    """
    adapter, version = Path(training["adapter"]), str(training["version"])
    base, _ = _starting_point(job.request)
    if base == job.request.release.folder:
        return ModelFolder(folder=adapter, version=version, kind="adapter")
    from training.finetuning.merge import merge  # loads transformers

    style = default_style(job.request)
    merged = merge(base=base, adapter=adapter, to=job.folder / "merged", style=style)
    return ModelFolder(folder=merged, version=version, kind="checkpoint")


def _sft(job: Job, timings: MachineTimings, weights: ElementWeights) -> dict[str, Any]:
    left = job.stages.budget.left
    seconds = divide_time(left, timings).sft
    if not seconds and RunFolder(job.folder / "sft").progress() is None:
        raise JobAborted(
            "no_time",
            f"of a budget of {job.request.minutes:g} minutes {left:.0f} s are left; this machine"
            f" needs {timings.verdict:.0f} s to judge a challenger and"
            f" {timings.start_training:.0f} s to start a training. Set --minutes"
            f" {minutes_needed(job.spent, timings)} or more",
        )
    base, adapter = _starting_point(job.request)
    return _train(
        job,
        TrainingTask(
            training="sft",
            config=job.request.sft_config or default_config("sft"),
            folder=job.folder / "sft",
            base=base,
            adapter=adapter,
            data=job.dataset / "examples.jsonl",
            minutes=_minutes(job.folder / "sft", seconds),
            element_weights=weights,
            pixel_limits=pixel_limits(job.request),
            **_prompts(job.request),
        ),
    )


def _grpo(
    job: Job, timings: MachineTimings, weights: ElementWeights, *, sft: dict[str, Any]
) -> dict[str, Any]:
    left = job.stages.budget.left
    seconds = grpo_seconds(left, timings, sft_start=float(sft.get("start_seconds", 0.0)))
    if not seconds and RunFolder(job.folder / "grpo").progress() is None:
        job.stages.report("grpo", f"skipped: the evidence needs the {left:.0f} s that are left")
        return {"steps": 0}
    return _train(
        job,
        TrainingTask(
            training="grpo",
            config=job.request.grpo_config or default_config("grpo"),
            folder=job.folder / "grpo",
            base=_starting_point(job.request)[0],
            adapter=Path(sft["adapter"]),
            data=job.dataset / GRPO_CASES,
            minutes=_minutes(job.folder / "grpo", seconds),
            element_weights=weights,
            pixel_limits=pixel_limits(job.request),
            **_prompts(job.request),
        ),
    )


def _train(job: Job, task: TrainingTask) -> dict[str, Any]:
    job.stages.report(task.training, "starting")
    run = RunFolder(task.folder)
    start = job.spent
    start_seconds: float | None = None

    def say(line: str) -> None:
        nonlocal start_seconds
        if start_seconds is None:
            start_seconds = job.spent - start
        progress = run.progress()
        left = progress.seconds_left if progress else None
        job.stages.report(task.training, line, seconds_left=left)

    trained = job.dependencies.train(task, say=say)
    return {
        "adapter": str(trained.adapter), "version": trained.version, "steps": trained.steps,
        "start_seconds": round(start_seconds or 0.0, 1),
    }  # fmt: skip


def _minutes(folder: Path, seconds: float) -> float:
    """Limit of a training: a run counts its time before a kill, and so does the job's budget."""
    progress = RunFolder(folder).progress()
    return ((progress.seconds_spent if progress else 0.0) + (seconds or 1.0)) / 60


def _prompts(request: TrainingJobRequest) -> dict[str, Any]:
    """The prompts to train where no manifest names them: those with which the release serves."""
    if style_of(*_starting_point(request)) is not None:
        return {}
    return {"prompt_style": request.prompt_style, "prompt_template": request.prompt_template}


def _starting_point(request: TrainingJobRequest) -> tuple[Path, Path | None]:
    """Base and adapter to start from; a champion that is a whole checkpoint is the base."""
    if request.champion.kind == "adapter":
        return request.release.folder, request.champion.folder
    return request.champion.folder, None
