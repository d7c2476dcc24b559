"""Collect the evidence within a time limit: feedback pairs, benchmark, rationales, descriptions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from training.gate.nights.end_to_end import EarlierNight, EndToEnd
from training.gate.off_policy.evidence import OffPolicyEvidence
from training.job.evidence.benchmark_scoring import benchmark_pairs
from training.job.evidence.evidence_file import write_evidence
from training.job.evidence.feedback_pairs import feedback_pairs, round_robin
from training.job.evidence.format_checks import (
    FormatCounters,
    count_descriptions,
    count_rationales,
)
from training.job.evidence.frozen_benchmark import FrozenBenchmark
from training.job.evidence.later_pairs import end_of_feedback, people
from training.job.evidence.models import ComparedModels
from training.job.evidence.predicted_pairs import PART, predicted_pairs
from training.job.plan import CONTROLLED_PAIRS
from training.job.scoring.deadline import Advance, Deadline, IsLate
from training.job.scoring.feedback_cases import read_feedback_cases

RATIONALES: Final = 64
"""Rationales cost a hundred scores each; predictions and descriptions are checked as well."""
END_SHARES: Final = {
    PART: 0.35, "stored profiles": 0.43, "later days": 0.5, "predictions": 0.65, "benchmark": 0.9,
    "rationales": 0.92, "off-policy values": 0.98,
}  # fmt: skip
"""The part of the time at which each part of the evidence ends; unused time goes to the next."""
EXTENDED_END_SHARE: Final = 0.7
"""Held-out users may take up to this share while their pairs are too few for a verdict."""


@dataclass(frozen=True)
class BenchmarkSize:
    """How much of the benchmark is scored, if the time allows it."""

    users_per_set: int = 15
    """With a profile predicted from references: a user costs more than ten scores' time."""
    items_per_set: int = 190
    """Each with an easy and a hard pair in four sets: 1,520 pairs, which can rule out a loss of two
    points where one pair in seven changes."""


FULL_SIZE: Final = BenchmarkSize()


@dataclass(frozen=True)
class PredictionPart:
    """What the predictions of held-out people follow from."""

    orders: int = 1
    """Orders of the same references from which serving predicts."""
    earlier: tuple[EarlierNight, ...] = ()
    """Nights on which this candidate was judged before."""
    since: int = 0
    """End of the feedback that those nights used; tonight's pairs are from later slates.
    Microseconds since the epoch."""
    requested_at: int = 0
    """Start of tonight's job. Microseconds since the epoch."""


class Report(Protocol):
    def __call__(self, stage: str, text: str, *, seconds_left: float | None = None) -> None: ...


def collect_evidence(
    folder: Path,
    models: ComparedModels,
    frozen: FrozenBenchmark,
    size: BenchmarkSize,
    *,
    least_pairs: int,
    seconds: float,
    now: Callable[[], float],
    report: Report,
    off_policy: Callable[[IsLate, Advance], OffPolicyEvidence] | None = None,
    prediction: PredictionPart | None = None,
) -> dict[str, Any]:
    """Write `evidence.json`; return the number of pairs by part.

    What does not fit into the time is left out evenly over users and sets; the gate checks whether
    the rest is enough.
    """
    start = now()
    deadlines = {
        part: Deadline(now, end=start + share * seconds) for part, share in END_SHARES.items()
    }
    held_out_deadline = deadlines[PART]
    prediction = prediction or PredictionPart()
    earlier_pairs = sum(night.pairs for night in prediction.earlier)
    normal_end = held_out_deadline.end
    held_out_deadline.end = start + EXTENDED_END_SHARE * seconds

    def advance(part: str, done: int, total: int) -> None:
        if part == PART and done + earlier_pairs >= least_pairs:
            held_out_deadline.end = normal_end
        left = seconds - (now() - start)
        report("evidence", f"{part}: {done} of {total}", seconds_left=left)

    formats, dataset = FormatCounters(), folder / "dataset"
    cases = list(read_feedback_cases(dataset / "held_out.jsonl"))
    later_people = people(cases, since=prediction.since)
    until = end_of_feedback(cases, requested_at=prediction.requested_at)
    predicted = predicted_pairs(
        models, later_people, formats, orders=prediction.orders, is_late=held_out_deadline,
        advance=advance,
    )  # fmt: skip
    # The pairs with controls only: with stored profiles a better prediction cannot be seen.
    stored = feedback_pairs(
        models, round_robin(cases)[:CONTROLLED_PAIRS], part="stored profiles",
        controlled=CONTROLLED_PAIRS, is_late=deadlines["stored profiles"], advance=advance,
    )  # fmt: skip
    later = feedback_pairs(
        models, list(read_feedback_cases(dataset / "later.jsonl")), part="later days",
        controlled=0, is_late=deadlines["later days"], advance=advance,
    )  # fmt: skip
    benchmark = benchmark_pairs(
        models, frozen, users=size.users_per_set, items=size.items_per_set, formats=formats,
        is_late=deadlines.__getitem__, advance=advance,
    )  # fmt: skip
    count_rationales(
        models, cases, formats, most=RATIONALES, is_late=deadlines["rationales"], advance=advance
    )
    count_descriptions(models, cases, formats)
    # Last: it informs operators and decides nothing, so that it gets the time that is left.
    values = off_policy(deadlines["off-policy values"], advance) if off_policy else None
    write_evidence(
        folder / "evidence.json", models, held_out=stored, later=later,
        end_to_end=EndToEnd(predicted, prediction.earlier, until),
        benchmark=benchmark.splits, order=benchmark.order, formats=formats,
        off_policy=values,
    )  # fmt: skip
    return {
        "held_out": predicted.pairs,
        "held_out_people": predicted.user_count,
        "held_out_wanted": sum(len(person.pairs) for person in later_people),
        "earlier": earlier_pairs,
        "stored": stored.pairs,
        "later": later.pairs,
        "benchmark": sum(pairs.pairs for pairs in benchmark.splits.values()),
        "answers": formats.challenger.answers,
    }
