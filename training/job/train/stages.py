"""Run the training methods of a job in order, each within its time, and name the challenger."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.element_weights import ElementWeights
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from shared.jobs.training_methods import Method
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.language_model_only import check_changes_language_model_only
from training.finetuning.run.policy import style_of
from training.finetuning.run.run_folder import RunFolder
from training.job.context import Job, JobAborted
from training.job.evidence.models import default_style, pixel_limits
from training.job.examples.grpo_cases import GRPO_CASES, GRPO_GROUPS
from training.job.plan import MachineTimings, method_seconds, minutes_needed
from training.job.train.trainer_processes import TrainingTask, default_config

FIRST_STAGE: Final = 3
"""Number of the first method's stage: dataset and examples come before it."""
DATA: Final[dict[Method, str]] = {
    "sft": "examples.jsonl",
    "grpo": GRPO_CASES,
    "dpo": "profile_pairs.jsonl",
}
"""Files of the dataset folder from which each method learns."""
LEAST_LINES: Final[dict[Method, int]] = {"sft": 1, "grpo": GRPO_GROUPS, "dpo": 8}
"""Lines with which a method can start: one step of its job configuration."""
Trained = dict[str, Any]
"""The result of one method: steps, and adapter and version where it has learned."""


@dataclass(frozen=True)
class Start:
    """What is common to the trainings of one job."""

    job: Job
    timings: MachineTimings
    weights: ElementWeights


def run_methods(
    job: Job, timings: MachineTimings, weights: ElementWeights
) -> list[tuple[Method, Trained]]:
    """Each method with its result, in order; a method without steps was skipped.

    Raises `JobAborted` where nothing was trained.
    """
    methods = job.request.methods
    results: list[tuple[Method, Trained]] = []
    start = Start(job, timings, weights)
    for number, method in enumerate(methods):
        before = [trained for _, trained in results]
        left = len(methods) - number
        stage = f"{FIRST_STAGE + number}-{method}"
        work = _Work(start, method, before, left)
        results.append((method, job.stages.once(stage, work)))
    if not any(trained["steps"] for _, trained in results):
        _abort(start, results)
    return results


def describe_methods(results: Sequence[tuple[Method, Trained]]) -> str:
    """The steps of each method, with its note where it ended early or was skipped."""
    return ", ".join(
        f"{method.upper()} {trained['steps']} steps"
        + (f" ({trained['note']})" if trained.get("note") else "")
        for method, trained in results
    )


def challenger_folder(job: Job, training: Trained) -> ModelFolder:
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


@dataclass(frozen=True)
class _Work:
    """The work of one method's stage."""

    start: Start
    method: Method
    before: Sequence[Trained]
    """Results of the methods before it."""
    methods_left: int
    """This method and those after it."""

    def __call__(self) -> Trained:
        job, method = self.start.job, self.method
        folder = job.folder / method
        lines = _lines(job.dataset / DATA[method])
        if lines < LEAST_LINES[method]:
            note = f"skipped: {lines} cases, and {LEAST_LINES[method]} are needed"
            return self._skipped(note, short_of="data")
        left = job.stages.budget.left
        starts = [float(trained.get("start_seconds", 0.0)) for trained in self.before]
        seconds = method_seconds(
            left, self.start.timings,
            methods_left=self.methods_left, slowest_start=max(starts, default=0.0),
        )  # fmt: skip
        if not seconds and RunFolder(folder).progress() is None:
            note = f"skipped: the evidence needs the {left:.0f} s that are left"
            return self._skipped(note, short_of="time") | {"left": round(left, 1)}
        base, adapter = _starting_point(job.request)
        adapters = [Path(trained["adapter"]) for trained in self.before if trained["steps"]]
        return _train(
            job,
            TrainingTask(
                training=method,
                config=_config(job.request, method),
                folder=folder,
                base=base,
                adapter=adapters[-1] if adapters else adapter,
                data=job.dataset / DATA[method],
                minutes=_minutes(folder, seconds),
                element_weights=self.start.weights,
                pixel_limits=pixel_limits(job.request),
                language_model_only=job.request.served_by_server,
                **_prompts(job.request),
            ),
        )

    def _skipped(self, note: str, *, short_of: str) -> Trained:
        self.start.job.stages.report(self.method, note)
        return {"steps": 0, "note": note, "short_of": short_of}


def _abort(start: Start, results: Sequence[tuple[Method, Trained]]) -> None:
    """Raise `JobAborted` with the reason why no method has learned."""
    job, timings = start.job, start.timings
    lefts = [trained["left"] for _, trained in results if trained.get("short_of") == "time"]
    if lefts:
        raise JobAborted(
            "no_time",
            f"of a budget of {job.request.minutes:g} minutes {lefts[0]:.0f} s are left; this"
            f" machine needs {timings.verdict:.0f} s to judge a challenger and"
            f" {timings.start_training:.0f} s to start a training. Set --minutes"
            f" {minutes_needed(job.spent, timings)} or more",
        )
    raise JobAborted("no_signal", f"no training method has learned: {describe_methods(results)}")


def _train(job: Job, task: TrainingTask) -> Trained:
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
        "note": trained.note, "start_seconds": round(start_seconds or 0.0, 1),
    }  # fmt: skip


def _lines(file: Path) -> int:
    """Lines of a file of cases; 0 without the file."""
    if not file.is_file():
        return 0
    with file.open(encoding="utf-8") as lines:
        return sum(1 for line in lines if line.strip())


def _config(request: TrainingJobRequest, method: Method) -> Path:
    own = {"sft": request.sft_config, "grpo": request.grpo_config, "dpo": request.dpo_config}
    return own[method] or default_config(method)


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
    """Base and adapter that the job's first method starts from.

    SFT starts from the champion: its examples come from all kept feedback, so that a night has
    nothing to continue, and nights do not add up what each of them forgets. GRPO and DPO learn
    little in a night and continue the candidate of the nights before, if there is one.

    A model that is a whole checkpoint is the base. An adapter that the model server could not serve
    is left out: training starts from the release then.
    """
    continued = None if request.methods[0] == "sft" else request.candidate
    start = continued or request.champion
    if start.kind != "adapter":
        return start.folder, None
    if request.served_by_server and not _server_can_serve(start):
        return request.release.folder, None
    return request.release.folder, start.folder


def _server_can_serve(adapter: ModelFolder) -> bool:
    try:
        check_changes_language_model_only(adapter.folder)
    except BadCheckpoint:
        return False
    return True
