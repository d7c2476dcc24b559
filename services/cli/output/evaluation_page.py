"""Write an evaluation as a page: for each split, bars of the accuracy and of both controls."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from shared.jobs.evaluation import Accuracy, Report

CHANCE_PERCENT = 50.0
LABELS = {
    "own": "own references",
    "user_blind": "control user_blind: no references",
    "other_user": "control other_user: another user's references",
}


@dataclass(frozen=True)
class Bar:
    """One accuracy with its interval, in percent."""

    kind: str
    label: str
    percent: float
    low: float
    high: float

    @property
    def text(self) -> str:
        return f"{self.percent:.1f} % ({self.low:.1f} to {self.high:.1f})"


@dataclass(frozen=True)
class Row:
    """One split: the user's own references, then the controls."""

    title: str
    bars: tuple[Bar, ...]


def rows(report: Report) -> tuple[Row, ...]:
    """One row per split, in the order of the report."""
    return tuple(
        Row(
            f"{name} ({split.n} pairs of {split.users} users)",
            (
                _bar("own", split),
                *(_bar(kind, control.splits[name]) for kind, control in report.controls.items()),
            ),
        )
        for name, split in report.splits.items()
    )


def write_evaluation_page(path: Path, report: Report, *, bench: str) -> None:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(
        resources.files("services.cli.output")
        .joinpath("evaluation.html")
        .read_text(encoding="utf-8")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    page = template.render(
        report=report, bench=bench, rows=rows(report), facts=_facts(report),
        chance=CHANCE_PERCENT, ticks=(0, 25, 50, 75, 100), legend=_legend(report),
    )  # fmt: skip
    path.write_text(page, encoding="utf-8")


def _bar(kind: str, accuracy: Accuracy) -> Bar:
    low, high = accuracy.interval
    return Bar(kind, LABELS[kind], 100 * accuracy.accuracy, 100 * low, 100 * high)


def _legend(report: Report) -> Sequence[tuple[str, str]]:
    return [(kind, LABELS[kind]) for kind in ("own", *report.controls)]


def _facts(report: Report) -> Sequence[tuple[str, str]]:
    failures = report.format_failures
    reasons = ", ".join(f"{reason} {count}" for reason, count in failures.reasons.items())
    facts = [
        ("mean of the splits", f"{report.mean:.1%}"),
        ("format failures", f"{failures.failed} of {failures.answers} answers {reasons}".strip()),
        (
            "items left out",
            ", ".join(f"{reason} {count}" for reason, count in report.left_out.items()) or "none",
        ),
        (
            "prompts",
            f"version {report.prompt_version}" + (", custom template" if report.template else ""),
        ),
        ("seed", str(report.seed)),
        ("checksum", report.checksum),
    ]
    if report.order_consistency is not None:
        facts.insert(1, ("same image in both orders", f"{report.order_consistency:.1%}"))
    if report.agrees_with_totals is not None:
        facts.insert(
            2, ("answer matches the recomputed totals", f"{report.agrees_with_totals:.1%}")
        )
    return facts
