"""The two trainings of a night, within their shares of its time, and the challenger they leave."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from shared.domain.element_weights import ElementWeights
from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from training.finetuning.run.run_folder import RunFolder
from training.job.dependencies import TRIED_PAIRS, Ends, Parts
from training.job.plan import Speed, grpo_seconds, minutes_needed, share_out
from training.job.stages import Stages
from training.job.train.trainer_processes import Task, default_config


def choose_tried(dataset: Path, *, seed: int) -> None:
    """Clicked pairs by weight and all simulated ones, mixed: GRPO goes through them in order."""
    rng = np.random.default_rng((seed, 0x6290))
    lines = (dataset / "train.jsonl").read_text(encoding="utf-8").splitlines()
    told = [(line, json.loads(line)) for line in lines]
    clicked = [(line, float(case["weight"])) for line, case in told if case["source"] == "clicks"]
    keys = [rng.exponential() / max(weight, 1e-9) for _, weight in clicked]
    chosen = [clicked[n][0] for n in np.argsort(keys, kind="stable")[:TRIED_PAIRS]]
    chosen += [line for line, case in told if case["source"] != "clicks"]
    mixed = [chosen[n] for n in rng.permutation(len(chosen))]
    atomic_write(dataset / "tried.jsonl", "".join(f"{line}\n" for line in mixed))


def sft(
    folder: Path, request: TrainingJobRequest, parts: Parts, stages: Stages, speed: Speed,
    weights: ElementWeights,
) -> dict[str, Any]:  # fmt: skip
    seconds = share_out(stages.budget.left, speed).sft
    if not seconds and RunFolder(folder / "sft").progress() is None:
        raise Ends(
            "no_time",
            f"of a budget of {request.minutes:g} minutes {stages.budget.left:.0f} s are left, and"
            f" this machine takes {speed.verdict:.0f} s to judge a challenger and"
            f" {speed.starting:.0f} s to begin a training: give --minutes"
            f" {minutes_needed(stages.budget.spent, speed)} or more",
        )
    base, adapter = _begins_with(request)
    return _train(
        Task(
            stage="sft",
            config=request.sft_config or default_config("sft"),
            folder=folder / "sft",
            base=base,
            adapter=adapter,
            data=folder / "dataset" / "examples.jsonl",
            minutes=_minutes(folder / "sft", seconds),
            element_weights=weights,
        ),
        parts,
        stages,
    )


def grpo(
    folder: Path, request: TrainingJobRequest, parts: Parts, stages: Stages, speed: Speed,
    weights: ElementWeights, *, after: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Left out where there is no time for it: what SFT has learned can be judged by itself."""
    seconds = grpo_seconds(stages.budget.left, speed, starting=float(after.get("starting", 0.0)))
    if not seconds and RunFolder(folder / "grpo").progress() is None:
        stages.tell("grpo", f"left out: the {stages.budget.left:.0f} s left go to the evidence")
        return {"steps": 0}
    return _train(
        Task(
            stage="grpo",
            config=request.grpo_config or default_config("grpo"),
            folder=folder / "grpo",
            base=_begins_with(request)[0],
            adapter=Path(after["adapter"]),
            data=folder / "dataset" / "tried.jsonl",
            minutes=_minutes(folder / "grpo", seconds),
            element_weights=weights,
        ),
        parts,
        stages,
    )


def _minutes(folder: Path, seconds: float) -> float:
    """A run counts what it spent before it was killed; the night's budget has counted that too."""
    before = RunFolder(folder).progress()
    return ((before.seconds_spent if before else 0.0) + (seconds or 1.0)) / 60


def _train(task: Task, parts: Parts, stages: Stages) -> dict[str, Any]:
    stages.tell(task.stage, "starting")
    run = RunFolder(task.folder)
    begun, first = stages.budget.spent, list[float]()

    def say(line: str) -> None:
        first.append(stages.budget.spent - begun)
        stages.tell(task.stage, line, seconds_left=_left(run))

    trained = parts.train(task, say=say)
    return {
        "adapter": str(trained.adapter), "version": trained.version, "steps": trained.steps,
        "starting": round(first[0], 1) if first else 0.0,
    }  # fmt: skip


def _begins_with(request: TrainingJobRequest) -> tuple[Path, Path | None]:
    """The base and the adapter to go on with; a champion that is a whole checkpoint is a base."""
    if request.champion.kind == "adapter":
        return request.release.folder, request.champion.folder
    return request.champion.folder, None


def challenger(
    folder: Path, request: TrainingJobRequest, adapter: Path, version: str
) -> ModelFolder:
    """The adapter on the release; on another checkpoint nobody could serve it, so it is merged."""
    base, _ = _begins_with(request)
    if base == request.release.folder:
        return ModelFolder(folder=adapter, version=version, kind="adapter")
    from training.merge import merge

    merged = merge(base=base, adapter=adapter, to=folder / "merged")
    return ModelFolder(folder=merged, version=version, kind="checkpoint")


def _left(run: RunFolder) -> float | None:
    progress = run.progress()
    return progress.seconds_left if progress else None
