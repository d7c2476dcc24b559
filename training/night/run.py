"""A night, chapter by chapter: dataset, examples, SFT, GRPO, evidence. Killed anywhere, it goes on.

Every chapter leaves a marker, written last, and is not done again. What ends a night early without
being a failure of the program (too little data, no time, no room) becomes a result with its reason.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.night import Code, ModelFolder, NightRequest, NightResult
from shared.settings import from_environment
from training.dataset.build import build
from training.dataset.images import Images
from training.dataset.lake import LakeUnreadable
from training.dataset.settings import DatasetSettings
from training.night.cases import BadCases, read_heard
from training.night.judging import Opened, gather
from training.night.plan import (
    DATA_SHARE,
    share_out,
    short_of_room,
    too_little_data,
    training_seconds,
)
from training.night.reasoning import write_examples
from training.night.stages import Budget, Say, Stages
from training.night.trainers import CannotTrain, Stage, Task, Trainer, default_config
from training.tuning.adapter import BadAdapter
from training.tuning.run_folder import RunFolder, write_whole

NEEDED_DISK: Final = 2 * 10**9
"""Bytes: images of 30 days of clicks, two runs with their checkpoints, and room to spare."""
MOST_PAIRS: Final = 1_000
"""Pairs that examples are written from: more than SFT's steps can take."""
TRIED_PAIRS: Final = 420
"""Clicked pairs that GRPO tries: 60 steps take 240."""
DATASET: Final = DatasetSettings(replay_at_most=180)
"""With `TRIED_PAIRS`, three tenths of what GRPO tries are simulated."""


class Ends(Exception):
    """The night ends here without a challenger."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Parts:
    """What a night works with; tests bring smaller ones."""

    images: Callable[[NightRequest], Images]
    open_models: Callable[[NightRequest, ModelFolder], Opened]
    open_champion: Callable[[NightRequest], Any]
    train: Trainer
    dataset: DatasetSettings = DATASET


def run_night(folder: Path, request: NightRequest, parts: Parts, *, say: Say) -> NightResult:
    """The result of a night, whatever it is; raises only what is a bug or a broken machine."""
    budget = Budget(folder, seconds=request.minutes * 60)
    stages = Stages(folder, budget, say)
    counts: dict[str, int] = {}
    try:
        return _chapters(folder, request, parts, stages, counts)
    except Ends as error:
        code, reason = error.code, str(error)
    except LakeUnreadable as error:
        code, reason = "lake", str(error)
    except (BadCases, BadAdapter) as error:
        code, reason = "data", str(error)
    except CannotTrain as error:
        code, reason = "machine", str(error)
    except MemoryError:
        code, reason = "machine", "the machine's memory does not hold it; close other programs"
    except OSError as error:
        code, reason = "machine", f"{error.strerror or error}: {error.filename or folder}"
    return NightResult(
        code=code, reason=reason, seconds=stages.seconds(), counts=counts, ended_at=_now()
    )


def _chapters(
    folder: Path, request: NightRequest, parts: Parts, stages: Stages, counts: dict[str, int]
) -> NightResult:
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
    left = share_out(stages.budget.left)
    sft = stages.once("3-sft", lambda: _train("sft", folder, request, parts, stages, left.sft))
    started_with = Path(sft["adapter"])
    grpo = stages.once(
        "4-grpo",
        lambda: _train("grpo", folder, request, parts, stages, left.grpo, after=started_with),
    )
    challenger = _challenger(folder, request, Path(grpo["adapter"]), str(grpo["version"]))
    stages.once("5-evidence", lambda: _evidence(folder, request, parts, stages, challenger))
    return NightResult(
        code="trained",
        reason=f"{challenger.version} was trained from {_told(counts)}; {examples['told']}; SFT"
        f" {sft['steps']} steps, GRPO {grpo['steps']} steps",
        challenger=challenger,
        base_version=request.release.version if challenger.kind == "adapter" else None,
        evidence=folder / "evidence.json",
        seconds=stages.seconds(),
        counts=counts,
        ended_at=_now(),
    )


def _dataset(folder: Path, request: NightRequest, parts: Parts, stages: Stages) -> dict[str, int]:
    def work() -> dict[str, Any]:
        made = build(
            request.lake,
            folder / "dataset",
            parts.images(request),
            now=request.asked_at,
            settings=parts.dataset,
            storage_options=_storage(request),
            say=lambda step: stages.tell("dataset", step),
        )
        return {"counts": dict(made.counts), "verdict": made.report.verdict}

    counts: dict[str, int] = stages.once("1-dataset", work)["counts"]
    return counts


def _examples(folder: Path, request: NightRequest, parts: Parts, stages: Stages) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        begun = stages.budget.spent
        most = DATA_SHARE * request.minutes * 60
        stages.tell("examples", "asking the champion about the clicked pairs")
        written = write_examples(
            folder / "dataset" / "examples.jsonl",
            [c for c in read_heard(folder / "dataset" / "train.jsonl") if c.source == "clicks"],
            parts.open_champion(request),
            seed=request.seed,
            most_pairs=MOST_PAIRS,
            advance=lambda done, of: stages.tell(
                "examples", f"{done} of {of} pairs",
                seconds_left=(stages.budget.spent - begun) / done * (of - done),
            ),
            late=lambda: stages.budget.spent - begun > most,
        )  # fmt: skip
        _choose_tried(folder / "dataset", seed=request.seed)
        stages.tell("examples", written.told)
        return {"pairs": written.pairs, "kept": written.kept, "told": written.told}

    return stages.once("2-examples", work)


def _choose_tried(dataset: Path, *, seed: int) -> None:
    """Clicked pairs by weight and all simulated ones, mixed: GRPO goes through them in order."""
    rng = np.random.default_rng((seed, 0x6290))
    lines = (dataset / "train.jsonl").read_text(encoding="utf-8").splitlines()
    told = [(line, json.loads(line)) for line in lines]
    clicked = [(line, float(case["weight"])) for line, case in told if case["source"] == "clicks"]
    keys = [rng.exponential() / max(weight, 1e-9) for _, weight in clicked]
    chosen = [clicked[n][0] for n in np.argsort(keys, kind="stable")[:TRIED_PAIRS]]
    chosen += [line for line, case in told if case["source"] != "clicks"]
    mixed = [chosen[n] for n in rng.permutation(len(chosen))]
    write_whole(dataset / "tried.jsonl", "".join(f"{line}\n" for line in mixed))


def _train(
    stage: Stage, folder: Path, request: NightRequest, parts: Parts, stages: Stages,
    share: float, *, after: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    run = RunFolder(folder / stage)
    before = run.progress()
    seconds = training_seconds(share)
    if seconds is None and before is None:
        raise Ends(
            "no_time",
            f"a budget of {request.minutes:g} minutes leaves {share:.0f} s to {stage.upper()}, too"
            " little to begin: give more with --minutes",
        )
    base, adapter = _begins_with(request)
    configs = {"sft": request.sft_config, "grpo": request.grpo_config}
    data = {"sft": "examples.jsonl", "grpo": "tried.jsonl"}[stage]
    stages.tell(stage, "starting")
    trained = parts.train(
        Task(
            stage=stage,
            config=configs[stage] or default_config(stage),
            folder=run.path,
            base=base,
            adapter=after or adapter,
            data=folder / "dataset" / data,
            # A run counts what it spent before it was killed; the budget has counted that too.
            minutes=((before.seconds_spent if before else 0.0) + (seconds or 1.0)) / 60,
        ),
        say=lambda line: stages.tell(stage, line, seconds_left=_left(run)),
    )
    return {
        "adapter": str(trained.adapter), "version": trained.version, "steps": trained.steps,
    }  # fmt: skip


def _evidence(
    folder: Path, request: NightRequest, parts: Parts, stages: Stages, challenger: ModelFolder
) -> dict[str, Any]:
    stages.tell("evidence", "loading champion and challenger")
    told = gather(
        folder,
        parts.open_models(request, challenger),
        champion=request.champion.version,
        challenger=challenger.version,
        seconds=stages.budget.left,
        now=lambda: stages.budget.spent,
        tell=stages.tell,
    )
    return dict(told)


def _begins_with(request: NightRequest) -> tuple[Path, Path | None]:
    """The base and the adapter to go on with; a champion that is a whole checkpoint is a base."""
    if request.champion.kind == "adapter":
        return request.release.folder, request.champion.folder
    return request.champion.folder, None


def _challenger(folder: Path, request: NightRequest, adapter: Path, version: str) -> ModelFolder:
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


def _told(counts: dict[str, int]) -> str:
    return (
        f"{counts.get('train', 0)} pairs to learn from, {counts.get('held_out', 0)} of held-out"
        f" people, {counts.get('later', 0)} of later days"
    )


def _storage(request: NightRequest) -> dict[str, str]:
    if request.s3_endpoint is None:
        return {}
    plain = request.s3_endpoint.startswith("http:")
    return {"AWS_ENDPOINT_URL": request.s3_endpoint, "AWS_ALLOW_HTTP": str(plain).lower()}


def _now() -> datetime:
    return datetime.now(UTC)


def load_images(request: NightRequest) -> Images:
    """Reads images as the services do, below the folders that the running system allows too."""
    settings = from_environment(ImageSettings)
    roots = (*settings.allowed_file_roots, *request.allowed_file_roots)
    return ImageLoader(settings.model_copy(update={"allowed_file_roots": roots}))
