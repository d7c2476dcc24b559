"""Build the report of a benchmark: accuracy by split and control, with intervals over users."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.element_weights import ElementWeights
from shared.jobs.evaluation import (
    Accuracy,
    Control,
    ControlResult,
    FormatFailures,
    Level,
    Protocol,
    Report,
)
from shared.prompting.styles.protocol import PromptStyle
from training.evaluation.benchmark.answers import Answers, Condition, Outcome
from training.evaluation.benchmark.items import Benchmark
from training.evaluation.controls import CONTROLS
from training.statistics.bootstrap import share


@dataclass(frozen=True)
class Run:
    """How the answers were produced."""

    protocol: Protocol
    level: Level | None
    model_version: str
    element_weights: ElementWeights
    style: PromptStyle
    template_checksum: str | None
    seed: int
    limit: int | None
    references: int
    seconds: float


def report(answers: Mapping[str, Answers], benchmark: Benchmark, run: Run) -> Report:
    """The report of all splits; every split must have an outcome."""
    splits = {name: _accuracy(split.outcomes, "own", run.seed) for name, split in answers.items()}
    all_outcomes = [outcome for split in answers.values() for outcome in split.outcomes]
    controls: dict[Control, ControlResult] = {
        control: ControlResult(
            **_accuracy(all_outcomes, control, run.seed).model_dump(),
            splits={n: _accuracy(a.outcomes, control, run.seed) for n, a in answers.items()},
        )
        for control in CONTROLS
        if all(control in outcome.won for outcome in all_outcomes)
    }
    left_out = Counter(benchmark.left_out)
    for split in answers.values():
        left_out += split.left_out
    return Report(
        splits=splits,
        mean=sum(split.accuracy for split in splits.values()) / len(splits),
        level=run.level,
        protocol=run.protocol,
        controls=controls,
        checksum=benchmark.checksum,
        model_version=run.model_version,
        element_weights=run.element_weights if run.protocol == "score" else None,
        prompt_version=run.style.version,
        prompt_style=run.style.name,
        template=run.template_checksum,
        seed=run.seed,
        limit=run.limit,
        references=run.references,
        format_failures=_format_failures(answers.values()),
        order_consistency=_mean([s for a in answers.values() for s in a.same_in_both_orders]),
        agrees_with_totals=_mean([g for a in answers.values() for g in a.agree_with_totals]),
        left_out=dict(left_out),
        unknown_keys=benchmark.unknown_keys,
        seconds=round(run.seconds, 1),
    )


def _accuracy(outcomes: Sequence[Outcome], condition: Condition, seed: int) -> Accuracy:
    by_user: dict[str, list[float]] = {}
    for outcome in outcomes:
        by_user.setdefault(outcome.item.user, []).append(outcome.won[condition])
    accuracy = share(list(by_user.values()), seed=seed)
    return Accuracy(
        n=accuracy.count,
        users=accuracy.users,
        accuracy=accuracy.value,
        interval=(accuracy.low, accuracy.high),
    )


def _format_failures(answers: Iterable[Answers]) -> FormatFailures:
    splits = list(answers)
    by_answer = [failures for split in splits for failures in split.failures]
    reasons = Counter(reason for failures in by_answer for reason in failures)
    return FormatFailures(
        answers=len(by_answer),
        failed=sum(bool(failures) for failures in by_answer),
        unanswered=sum(split.unanswered for split in splits),
        reasons=dict(reasons.most_common()),
    )


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
