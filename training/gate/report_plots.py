"""Draw the plots of a gate report from its findings."""

from itertools import pairwise
from typing import Final

from markupsafe import Markup

from training.gate.findings import HISTOGRAM_EDGES, Comparison, Findings
from training.plots import charts
from training.statistics.interval import Interval

CONTROL_NAMES: Final = {
    "user_blind": "without a profile", "other_user": "with another user's profile",
}  # fmt: skip
"""What the challenger has in place of the user's own profile."""
UNCHANGED: Final = 0.04
"""Users whose mean changes by less are drawn in the neutral color."""


def report_plots(findings: Findings) -> dict[str, Markup]:
    """SVG by name; empty where there is nothing to draw."""
    plots = {
        "differences": _differences(findings),
        "shares": _shares(findings),
        "changes": _changes(findings),
        "reliability": _reliability(findings),
    }
    # `training.plots` has escaped every text inside.
    return {name: Markup(svg) for name, svg in plots.items()}


def _differences(findings: Findings) -> str:
    rows: list[tuple[str, Interval | None]] = [
        *_held_out(findings),
        ("Later days of training users", _difference(findings.later_days)),
        ("Simulated benchmark", _difference(findings.benchmark)),
        *(
            (f"  {name.replace('_', ' ')}", split.difference)
            for name, split in findings.splits.items()
        ),
        ("Same answer in both orders", _difference(findings.order)),
    ]
    measured = [(name, interval) for name, interval in rows if interval is not None]
    title = "Challenger minus champion, in points"
    return charts.intervals(measured, title=title) if measured else ""


def _held_out(findings: Findings) -> list[tuple[str, Interval | None]]:
    stored: list[tuple[str, Interval | None]] = [
        ("Held-out users", _difference(findings.held_out_users)),
        ("The same, winsorized by user", findings.winsorized),
    ]
    if findings.pooled is None:
        return stored
    names = {
        "challenger": "Right answers tonight",
        "adapter_alone": "  adapter alone",
        "weights_alone": "  weights alone",
    }
    tonight = findings.pooled.differences
    return [
        ("Predicted profiles, all nights", findings.pooled.gain),
        *((name, tonight.get(arm)) for arm, name in names.items()),
        ("Stored profiles", _difference(findings.held_out_users)),
    ]


def _difference(comparison: Comparison | None) -> Interval | None:
    return None if comparison is None else comparison.difference


def _shares(findings: Findings) -> str:
    if findings.held_out_users is None:
        return ""
    means = findings.held_out_users.means
    rows = [
        (f"Champion {findings.champion}", means["champion"], "first"),
        (f"Challenger {findings.challenger}", means["challenger"], "second"),
    ]
    rows += [
        (f"Control: challenger {profile}", means[name], "seventh")
        for name, profile in CONTROL_NAMES.items()
        if name in means
    ]
    return charts.shares(rows, title="Share of held-out choices that each agrees with")


def _changes(findings: Findings) -> str:
    """Users by how much the challenger changes for them."""
    counts = findings.changes
    if not any(counts):
        return ""
    middles = [(low + high) / 2 for low, high in pairwise(HISTOGRAM_EDGES)]
    return charts.histogram(
        counts,
        {0: "all lost", len(counts) // 2: "unchanged", len(counts) - 2: "all gained"},
        title="Users by change",
        states=[
            "good" if middle > UNCHANGED else "bad" if middle < -UNCHANGED else "open"
            for middle in middles
        ],
        tooltips=[
            f"{count} users, {charts.signed(middle)} points"
            for count, middle in zip(counts, middles, strict=True)
        ],
    )


def _reliability(findings: Findings) -> str:
    if not findings.calibrations:
        return ""
    return charts.reliability(findings.calibrations, title="Accuracy by confidence")
