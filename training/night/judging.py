"""Share out the evidence's time over what the gate wants to know, and write what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from shared.night import ModelFolder, NightRequest
from shared.vlm.artefact import read_artefact
from shared.vlm.transformers_engine import TransformersEngine
from training.night.asking import Model
from training.night.benchmarking import benchmark_pairs
from training.night.cases import read_heard
from training.night.evidence import (
    Counted,
    Models,
    count_reasons,
    heard_pairs,
    write_evidence,
)

PEOPLE_A_SPLIT: Final = 60
"""1,200 pairs in all: a loss of two points can be ruled out where one pair in twenty changed."""
REASONS: Final = 64
"""Reasons cost a hundred scores each; the predictions beside them are counted too."""
SHARES: Final = {"held-out people": 0.35, "later days": 0.5, "reasons": 0.75, "benchmark": 1.0}
"""Until which share of the time each part may go on; what one leaves over goes to the next."""


@dataclass(frozen=True)
class Opened:
    """The models of one comparison."""

    models: Models
    people_a_split: int = PEOPLE_A_SPLIT


class Tell(Protocol):
    def __call__(self, stage: str, text: str, *, seconds_left: float | None = None) -> None: ...


def gather(
    folder: Path,
    opened: Opened,
    *,
    champion: str,
    challenger: str,
    seconds: float,
    now: Callable[[], float],
    tell: Tell,
) -> dict[str, Any]:
    """`evidence.json`; what did not fit into the time is left out evenly, and the gate counts."""
    begun = now()

    def late_for(part: str) -> Callable[[], bool]:
        return lambda: now() - begun > SHARES[part] * seconds

    def advance(what: str, done: int, of: int) -> None:
        tell("evidence", f"{what}: {done} of {of}", seconds_left=seconds - (now() - begun))

    counted, models, data = Counted(), opened.models, folder / "dataset"
    cases = list(read_heard(data / "held_out.jsonl"))
    held_out = heard_pairs(
        models, cases, what="held-out people", late=late_for("held-out people"), advance=advance
    )
    later = heard_pairs(
        models, list(read_heard(data / "later.jsonl")), what="later days",
        late=late_for("later days"), advance=advance,
    )  # fmt: skip
    count_reasons(models, cases, counted, most=REASONS, late=late_for("reasons"), advance=advance)
    benchmarked = benchmark_pairs(
        models, a_split=opened.people_a_split, counted=counted, late=late_for("benchmark"),
        advance=advance,
    )  # fmt: skip
    write_evidence(
        folder / "evidence.json", champion=champion, challenger=challenger, held_out=held_out,
        later=later, benchmark=benchmarked.splits, order=benchmarked.order, counted=counted,
    )  # fmt: skip
    return {
        "held_out": held_out.pairs,
        "later": later.pairs,
        "benchmark": benchmarked.order.pairs,
        "answers": counted.challenger.answers,
    }


def open_model(request: NightRequest, model: ModelFolder) -> Model:
    """In this process, as serving opens it; raises `BadCheckpoint`."""
    if model.kind == "adapter":
        return TransformersEngine(request.release.folder, adapter=read_artefact(model.folder))
    return TransformersEngine(model.folder)


def open_models(request: NightRequest, challenger: ModelFolder) -> Opened:
    champion = open_model(request, request.champion)
    first = request.champion.version == request.release.version
    return Opened(
        Models(
            champion=champion,
            challenger=open_model(request, challenger),
            release=None if first else open_model(request, request.release),
        )
    )
