"""Share out the evidence's time over what the gate wants to know, and write what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from shared.vlm.checkpoint.model_package import read_model_package
from shared.vlm.engine.transformers_engine import TransformersEngine
from training.job.evidence.benchmark_items import Frozen
from training.job.evidence.cases import read_heard
from training.job.evidence.deadline import Turn
from training.job.evidence.evidence_file import (
    Counted,
    Models,
    count_descriptions,
    count_reasons,
    write_evidence,
)
from training.job.evidence.feedback_pairs import heard_pairs
from training.job.evidence.frozen_benchmark import benchmark_pairs
from training.job.evidence.pair_scoring import Model
from training.job.plan import CONTROLLED_PAIRS

PEOPLE_A_SPLIT: Final = 15
"""Asked from references, in either order: a person costs ten scores' time and more."""
PLACES: Final = 190
"""Of the benchmark, each an easy and a hard pair of four sets: 1,520 pairs, of which a loss of two
points can be ruled out where one in seven changed."""
REASONS: Final = 64
"""Reasons cost a hundred scores each; predictions and descriptions are counted beside them."""
SHARES: Final = {
    "held-out people": 0.4, "later days": 0.5, "people": 0.65, "benchmark": 0.9, "reasons": 0.96,
}  # fmt: skip
"""Until which share of the time each part may go on; what one leaves over goes to the next."""
AT_ALL_COSTS: Final = 0.7
"""Until here held-out people are asked while they are fewer than a verdict takes."""


@dataclass(frozen=True)
class Opened:
    """The models of one comparison."""

    models: Models
    people_a_split: int = PEOPLE_A_SPLIT
    places: int = PLACES


class Tell(Protocol):
    def __call__(self, stage: str, text: str, *, seconds_left: float | None = None) -> None: ...


def gather(
    folder: Path,
    opened: Opened,
    frozen: Frozen,
    *,
    least_pairs: int,
    seconds: float,
    now: Callable[[], float],
    tell: Tell,
) -> dict[str, Any]:
    """`evidence.json`; what did not fit into the time is left out evenly, and the gate counts."""
    begun = now()
    turns = {part: Turn(now, end=begun + share * seconds) for part, share in SHARES.items()}
    first = turns["held-out people"]
    enough, first.end = first.end, begun + AT_ALL_COSTS * seconds

    def advance(what: str, done: int, of: int) -> None:
        if what == "held-out people" and done >= least_pairs:
            first.end = enough
        tell("evidence", f"{what}: {done} of {of}", seconds_left=seconds - (now() - begun))

    counted, models, data = Counted(), opened.models, folder / "dataset"
    cases = list(read_heard(data / "held_out.jsonl"))
    held_out = heard_pairs(
        models, cases, what="held-out people", controlled=CONTROLLED_PAIRS,
        late=first, advance=advance,
    )  # fmt: skip
    later = heard_pairs(
        models, list(read_heard(data / "later.jsonl")), what="later days", controlled=0,
        late=turns["later days"], advance=advance,
    )  # fmt: skip
    benchmarked = benchmark_pairs(
        models, frozen, people=opened.people_a_split, items=opened.places, counted=counted,
        late=turns.__getitem__, advance=advance,
    )  # fmt: skip
    count_reasons(models, cases, counted, most=REASONS, late=turns["reasons"], advance=advance)
    count_descriptions(models, cases, counted)
    write_evidence(
        folder / "evidence.json", champion=models.champion_version,
        challenger=models.challenger_version, held_out=held_out, later=later,
        benchmark=benchmarked.splits, order=benchmarked.order, counted=counted,
        element_weights={
            "champion": models.champion.element_weights,
            "challenger": models.challenger.element_weights,
        },
    )  # fmt: skip
    return {
        "held_out": held_out.pairs,
        "later": later.pairs,
        "benchmark": sum(pairs.pairs for pairs in benchmarked.splits.values()),
        "answers": counted.challenger.answers,
    }


def open_model(request: TrainingJobRequest, model: ModelFolder) -> Model:
    """In this process, as serving opens it; raises `BadCheckpoint`."""
    if model.kind == "adapter":
        return TransformersEngine(request.release.folder, adapter=read_model_package(model.folder))
    return TransformersEngine(model.folder)


def open_models(request: TrainingJobRequest, challenger: ModelFolder) -> Opened:
    champion = open_model(request, request.champion)
    first = request.champion.version == request.release.version
    return Opened(
        Models(
            champion=champion,
            challenger=open_model(request, challenger),
            release=None if first else open_model(request, request.release),
        )
    )
