"""Lay a gate's report out for a page: the verdict, its checks, and intervals on one scale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.ops.pages.models.reliability import Reliability, reliabilities

NAMES: Final = {
    "champion": "champion",
    "challenger": "challenger",
    "user_blind": "without a profile",
    "other_user": "with another user's profile",
    # Names of the controls in reports of format 1.
    "blind": "without a profile",
    "another": "with another user's profile",
}
WIDTH: Final = 100.0


@dataclass(frozen=True)
class Interval:
    """A value between the ends of its interval, and where they stand on the plot (0-100)."""

    name: str
    value: float
    low: float
    high: float
    scale: tuple[float, float]

    def _at(self, value: float) -> float:
        left, right = self.scale
        return round((value - left) / (right - left) * WIDTH, 2)

    @property
    def x(self) -> float:
        return self._at(self.value)

    @property
    def x_low(self) -> float:
        return self._at(self.low)

    @property
    def x_high(self) -> float:
        return self._at(self.high)

    @property
    def zero(self) -> float:
        return self._at(0.0)


@dataclass(frozen=True)
class GateReport:
    """What the page shows of it."""

    verdict: str
    reason: str
    made_at: str
    users: int
    pairs: int
    checks: tuple[Mapping[str, Any], ...]
    accuracies: tuple[Interval, ...]
    differences: tuple[Interval, ...]
    reliabilities: tuple[Reliability, ...]


def gate_report(report: Mapping[str, Any]) -> GateReport:
    """A report of a later format is shown as far as it is known."""
    decision = report.get("decision") or {}
    found = report.get("findings") or {}
    held_out = found.get("held_out_users") or {}
    means = held_out.get("means") or {}
    parts = {"held-out people": held_out, "later days": found.get("later_days")}
    parts |= {"benchmark": found.get("benchmark")}
    parts |= {
        f"benchmark, {_spaced(name)}": one for name, one in (found.get("splits") or {}).items()
    }
    return GateReport(
        verdict=str(decision.get("verdict", "unknown")),
        reason=str(decision.get("reason", "")),
        made_at=str(report.get("made_at", "")),
        users=int(held_out.get("users", 0)),
        pairs=int(held_out.get("pairs", 0)),
        checks=tuple(decision.get("checks") or ()),
        accuracies=_on_one_scale(
            {_named(n, held_out): means[n] for n in NAMES if n in means}, around=0.5
        ),
        differences=_on_one_scale(
            {
                name: one["means"]["difference"]
                for name, one in parts.items()
                if one and "difference" in (one.get("means") or {})
            },
            around=0.0,
        ),
        reliabilities=reliabilities(found),
    )


def _named(name: str, held_out: Mapping[str, Any]) -> str:
    """A control with the pairs that it was asked on, where the report says so."""
    asked = (held_out.get("control_pairs") or {}).get(name)
    return f"{NAMES[name]}, on {asked} pairs" if asked else NAMES[name]


def _spaced(name: object) -> str:
    return str(name).replace("_", " ")


def _on_one_scale(
    found: Mapping[str, Mapping[str, float]], *, around: float
) -> tuple[Interval, ...]:
    """With some room at both ends, and `around` in sight."""
    if not found:
        return ()
    lows = [one["low"] for one in found.values()]
    highs = [one["high"] for one in found.values()]
    left, right = min(*lows, around), max(*highs, around)
    room = max((right - left) * 0.06, 0.01)
    scale = (left - room, right + room)
    return tuple(
        Interval(name, one["value"], one["low"], one["high"], scale) for name, one in found.items()
    )
