"""Show the clicks a slate of each order as a table, with the reasons where there is no number."""

from dataclasses import dataclass
from typing import Final

from training.gate.off_policy.findings import OffPolicyFindings, OrderValue
from training.statistics.interval import Interval

TITLE: Final = "Clicks a slate, by the logs"
NAMES: Final = {
    "champion": "champion", "challenger": "challenger",
    "popularity": "best baseline: popular images first",
    "image_vectors": "best baseline: likeness of images",
}  # fmt: skip
NOTE: Final = (
    "What each order of the images would have earned in feeds that held-out users looked at,"
    " estimated from their views and clicks. It informs and does not decide. It assumes that a look"
    " depends on the rank only; random swaps of neighbors check that a click on a looked-at image"
    " does not depend on the rank."
)


@dataclass(frozen=True)
class OffPolicyRow:
    """One order, in words."""

    name: str
    snips: str
    dr: str
    gain: str
    """Doubly robust, minus the champion."""
    problem: str


@dataclass(frozen=True)
class OffPolicySection:
    """The section of the report."""

    based_on: str
    rows: tuple[OffPolicyRow, ...]
    problem: str
    """Why there is no number at all; empty with rows."""
    chosen_by: str


def off_policy_section(findings: OffPolicyFindings | None) -> OffPolicySection | None:
    """None for evidence without this part."""
    if findings is None:
        return None
    based_on = (
        f"{findings.slates} feeds of {findings.users} held-out users with {findings.looks} looks;"
        f" {findings.swapped_clicks} clicks on neighbors in random order"
    )
    if findings.problem is not None:
        return OffPolicySection(based_on, (), f"There is no estimate: {findings.problem}.", "")
    logged = findings.logged
    shown = OffPolicyRow("as shown", _with_interval(logged), _with_interval(logged), "", "")
    chosen = ", ".join(
        f"{NAMES[name].removeprefix('best baseline: ')} {value:.2f}"
        for name, value in findings.baselines.items()
    )
    return OffPolicySection(
        based_on,
        (shown, *map(_row, findings.orders)),
        "",
        f"The baseline was chosen on other users, by clicks a slate: {chosen}." if chosen else "",
    )


def _row(order: OrderValue) -> OffPolicyRow:
    if order.problem is not None:
        return OffPolicyRow(NAMES[order.name], "", "", "", f"no estimate: {order.problem}")
    gain = order.dr_gain
    return OffPolicyRow(
        NAMES[order.name],
        _with_interval(order.snips),
        _with_interval(order.dr),
        f"{gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})" if gain else "",
        "",
    )


def _with_interval(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f"{interval.value:.2f} ({max(interval.low, 0.0):.2f} to {interval.high:.2f})"
