"""Turn answers into the report: accuracy by split and control, with intervals over users."""

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
from shared.prompting.prompt import PROMPT_VERSION
from training.evaluation.benchmark.answers import CONTROLS, Answers, Outcome, Whose
from training.evaluation.benchmark.items import Benchmark
from training.statistics.bootstrap import share


@dataclass(frozen=True)
class Run:
    """How the answers were asked for."""

    protocol: Protocol
    level: Level | None
    model_version: str
    element_weights: ElementWeights
    template_checksum: str | None
    seed: int
    limit: int | None
    references: int
    seconds: float


def report(answers: Mapping[str, Answers], benchmark: Benchmark, run: Run) -> Report:
    """Everything counted; every split must have an outcome."""
    splits = {name: _accuracy(told.outcomes, "own", run.seed) for name, told in answers.items()}
    together = [outcome for told in answers.values() for outcome in told.outcomes]
    asked_of_all = {
        control for control in CONTROLS if all(control in outcome.won for outcome in together)
    }
    controls: dict[Control, ControlResult] = {
        control: ControlResult(
            **_accuracy(together, control, run.seed).model_dump(),
            splits={n: _accuracy(told.outcomes, control, run.seed) for n, told in answers.items()},
        )
        for control in CONTROLS
        if control in asked_of_all
    }
    left_out = Counter(benchmark.left_out)
    for told in answers.values():
        left_out += told.left_out
    return Report(
        splits=splits,
        mean=sum(split.accuracy for split in splits.values()) / len(splits),
        level=run.level,
        protocol=run.protocol,
        controls=controls,
        checksum=benchmark.checksum,
        model_version=run.model_version,
        element_weights=run.element_weights if run.protocol == "score" else None,
        prompt_version=PROMPT_VERSION,
        template=run.template_checksum,
        seed=run.seed,
        limit=run.limit,
        references=run.references,
        format_failures=_format_failures(answers.values()),
        order_consistency=_mean([s for told in answers.values() for s in told.same_in_both_orders]),
        agrees_with_totals=_mean([a for told in answers.values() for a in told.agree_with_totals]),
        left_out=dict(left_out),
        unknown_keys=benchmark.unknown_keys,
        seconds=round(run.seconds, 1),
    )


def _accuracy(outcomes: Sequence[Outcome], whose: Whose, seed: int) -> Accuracy:
    by_user: dict[str, list[float]] = {}
    for outcome in outcomes:
        by_user.setdefault(outcome.item.user, []).append(outcome.won[whose])
    told = share(list(by_user.values()), seed=seed)
    return Accuracy(
        n=told.count, users=told.users, accuracy=told.value, interval=(told.low, told.high)
    )


def _format_failures(answers: Iterable[Answers]) -> FormatFailures:
    splits = list(answers)
    listed = [failures for told in splits for failures in told.failures]
    reasons = Counter(reason for answer in listed for reason in answer)
    failed = sum(bool(answer) for answer in listed)
    return FormatFailures(
        answers=len(listed),
        failed=failed,
        unanswered=sum(told.unanswered for told in splits),
        reasons=dict(reasons.most_common()),
    )


def _mean(of: Sequence[bool]) -> float | None:
    return sum(of) / len(of) if of else None
