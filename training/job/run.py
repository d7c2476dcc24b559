"""A night, chapter by chapter: dataset, examples, SFT, GRPO, evidence. Killed anywhere, it goes on.

Every chapter leaves a marker, written last, and is not done again. What ends a night early without
being a failure of the program (too little data, no time, no room) becomes a result with its reason.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from shared.domain.element_weights import ElementWeights
from shared.files.storage_options import delta_options
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.jobs.training_job import ModelFolder, TrainingJobRequest, TrainingJobResult
from shared.settings import from_environment
from training.dataset.build import build
from training.dataset.images import ImageSource
from training.dataset.lake import UnreadableLake
from training.finetuning.run.adapter import BadAdapter
from training.job.dependencies import Ends, Parts
from training.job.evidence.benchmark_items import Frozen
from training.job.evidence.cases import BadCases, read_heard
from training.job.evidence.collection import gather
from training.job.evidence.deadline import Turn
from training.job.examples.sft_examples import write_examples
from training.job.plan import (
    DATA_SHARE,
    SCORING_SHARE,
    Speed,
    short_of_room,
    too_little_data,
)
from training.job.stages import Budget, Say, Stages
from training.job.train import training_stages as learning
from training.job.train.trainer_processes import CannotTrain

NEEDED_DISK: Final = 2 * 10**9
"""Bytes: images of 30 days of clicks, two runs with their checkpoints, and room to spare."""
MOST_PAIRS: Final = 1_000
"""Pairs that examples are written from: more than SFT's steps can take."""


def run_night(
    folder: Path, request: TrainingJobRequest, parts: Parts, *, say: Say
) -> TrainingJobResult:
    """The result of a night, whatever it is; raises only what is a bug or a broken machine."""
    budget = Budget(folder, seconds=request.minutes * 60)
    stages = Stages(folder, budget, say)
    counts: dict[str, int] = {}
    try:
        return _chapters(folder, request, parts, stages, counts)
    except Ends as error:
        code, reason = error.code, str(error)
    except UnreadableLake as error:
        code, reason = "lake", str(error)
    except (BadCases, BadAdapter) as error:
        code, reason = "data", str(error)
    except CannotTrain as error:
        code, reason = "machine", str(error)
    except MemoryError:
        code, reason = "machine", "the machine's memory does not hold it; close other programs"
    except OSError as error:
        code, reason = "machine", f"{error.strerror or error}: {error.filename or folder}"
    return TrainingJobResult(
        code=code, reason=reason, seconds=stages.seconds(), counts=counts, ended_at=_now()
    )


def _chapters(
    folder: Path, request: TrainingJobRequest, parts: Parts, stages: Stages, counts: dict[str, int]
) -> TrainingJobResult:
    short = short_of_room(free_disk=shutil.disk_usage(folder).free, needed_disk=NEEDED_DISK)
    if short:
        raise Ends("machine", short)
    counts |= _dataset(folder, request, parts, stages)
    held_out = {case.user for case in read_heard(folder / "dataset" / "held_out.jsonl")}
    reason = too_little_data(
        counts, held_out_users=len(held_out),
        least_users=request.least_users, least_pairs=request.least_pairs,
    )  # fmt: skip
    if reason:
        raise Ends("too_little_data", reason)
    if request.dry_run:
        raise Ends("dry_run", f"nothing was trained, as asked; there is enough: {_told(counts)}")
    examples = _examples(folder, request, parts, stages)
    if not examples["kept"]:
        raise Ends(
            "no_signal",
            f"of {examples['pairs']} pairs there is none that the champion could be brought to"
            " agree with: the clicks say nothing that it could learn",
        )
    speed, weights = Speed(examples["opening"], examples["score"]), _counted(examples)
    sft = stages.once("3-sft", lambda: learning.sft(folder, request, parts, stages, speed, weights))
    grpo = stages.once(
        "4-grpo", lambda: learning.grpo(folder, request, parts, stages, speed, weights, after=sft)
    )
    last = grpo if grpo["steps"] else sft
    challenger = learning.challenger(folder, request, Path(last["adapter"]), str(last["version"]))
    found = stages.once("5-evidence", lambda: _evidence(folder, request, parts, stages, challenger))
    if found["held_out"] < request.least_pairs:
        raise Ends(
            "no_time",
            f"{challenger.version} was trained, but a budget of {request.minutes:g} minutes left"
            f" time for {found['held_out']} of {counts['held_out']} pairs of held-out people, and"
            f" {request.least_pairs} are needed to judge by: give more with --minutes",
        )
    return TrainingJobResult(
        code="trained",
        reason=f"{challenger.version} was trained from {_told(counts)}; {examples['told']}; SFT"
        f" {sft['steps']} steps, GRPO {grpo['steps']}",
        challenger=challenger,
        base_version=request.release.version if challenger.kind == "adapter" else None,
        evidence=folder / "evidence.json",
        seconds=stages.seconds(),
        counts=counts,
        ended_at=_now(),
    )


def _dataset(
    folder: Path, request: TrainingJobRequest, parts: Parts, stages: Stages
) -> dict[str, int]:
    def work() -> dict[str, Any]:
        made = build(
            request.lake,
            folder / "dataset",
            parts.images(request),
            now=request.asked_at,
            settings=parts.dataset,
            storage_options=delta_options(request.s3_endpoint),
            say=lambda step: stages.tell("dataset", step),
        )
        return {"counts": dict(made.counts), "verdict": made.report.verdict}

    counts: dict[str, int] = stages.once("1-dataset", work)["counts"]
    return counts


def _examples(
    folder: Path, request: TrainingJobRequest, parts: Parts, stages: Stages
) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        begun = stages.budget.spent
        most = DATA_SHARE * request.minutes * 60
        stages.tell("examples", "asking the champion about the clicked pairs")
        champion = parts.open_champion(request)
        opened = stages.budget.spent
        scored = [0.0]

        def advance(done: int, of: int, scores: int) -> None:
            took = stages.budget.spent - opened
            scored[0] = took / scores
            stages.tell("examples", f"{done} of {of} pairs", seconds_left=took / done * (of - done))

        written = write_examples(
            folder / "dataset" / "examples.jsonl",
            [c for c in read_heard(folder / "dataset" / "train.jsonl") if c.source == "clicks"],
            champion,
            seed=request.seed,
            most_pairs=MOST_PAIRS,
            advance=advance,
            late=Turn(lambda: stages.budget.spent, end=begun + SCORING_SHARE * most),
            late_to_explain=Turn(lambda: stages.budget.spent, end=begun + most),
        )
        learning.choose_tried(folder / "dataset", seed=request.seed)
        stages.tell("examples", written.told)
        return {
            "pairs": written.pairs, "kept": written.kept, "told": written.told,
            "element_weights": written.learned.weights.model_dump(),
            "gain": round(written.learned.gain, 5), "gain_error": round(written.learned.error, 5),
            "opening": round(opened - begun, 2), "score": round(scored[0], 5),
        }  # fmt: skip

    return stages.once("2-examples", work)


def _counted(examples: Mapping[str, Any]) -> ElementWeights:
    """How much elements count, as was learned with the examples.

    A release before weights travelled told them in the examples' digits: weighed too, a total would
    count them twice.
    """
    if "element_weights" not in examples:
        raise Ends(
            "data",
            "the night was begun by an earlier release, whose examples this one cannot go on with:"
            " the next night begins anew, or ask for one with `preferstream night`",
        )
    return ElementWeights.model_validate(examples["element_weights"])


def _evidence(
    folder: Path, request: TrainingJobRequest, parts: Parts, stages: Stages, challenger: ModelFolder
) -> dict[str, Any]:
    stages.tell("evidence", "loading champion and challenger")
    opened = parts.open_models(request, challenger)
    models = replace(
        opened.models,
        champion_version=request.champion.version,
        challenger_version=challenger.version,
        release_version=request.release.version,
    )
    return gather(
        folder,
        replace(opened, models=models),
        Frozen.beside(folder.parent),
        least_pairs=request.least_pairs,
        seconds=stages.budget.left,
        now=lambda: stages.budget.spent,
        tell=stages.tell,
    )


def _told(counts: dict[str, int]) -> str:
    return (
        f"{counts.get('train', 0)} pairs to learn from, {counts.get('held_out', 0)} of held-out"
        f" people, {counts.get('later', 0)} of later days"
    )


def _now() -> datetime:
    return datetime.now(UTC)


def load_images(request: TrainingJobRequest) -> ImageSource:
    """Reads images as the services do, below the folders that the running system allows too."""
    settings = from_environment(ImageSettings)
    roots = (*settings.allowed_file_roots, *request.allowed_file_roots)
    return ImageLoader(settings.model_copy(update={"allowed_file_roots": roots}))
