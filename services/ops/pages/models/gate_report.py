"""Prepare a gate report for the model page: verdict, checks, and intervals on one scale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.ops.pages.models.off_policy import OffPolicyValues, off_policy_values
from services.ops.pages.models.reliability import Reliability, reliabilities

NAMES: Final = {
    "champion": "champion",
    "challenger": "challenger",
    "user_blind": "without a profile",
    "other_user": "with another user's profile",
}
WIDTH: Final = 100.0


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval, and their positions on the plot (0-100)."""

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
    """The parts of a gate report that the page shows."""

    verdict: str
    reason: str
    made_at: str
    users: int
    pairs: int
    checks: tuple[Mapping[str, Any], ...]
    accuracies: tuple[Interval, ...]
    differences: tuple[Interval, ...]
    reliabilities: tuple[Reliability, ...]
    off_policy: OffPolicyValues | None = None
    """Clicks a slate of each order, where the report has them."""
    opening: str = ""
    """One sentence: what the gate decided, how sure, and what to do."""


def gate_report(report: Mapping[str, Any]) -> GateReport:
    """Read a report. Unknown parts of a later format are ignored."""
    decision = report.get("decision") or {}
    findings = report.get("findings") or {}
    held_out = findings.get("held_out_users") or {}
    means = held_out.get("means") or {}
    pooled = findings.get("pooled") or {}
    parts = {
        "predicted profiles, all nights": _part(pooled.get("gain")),
        "right answers tonight": _part((pooled.get("differences") or {}).get("challenger")),
        "adapter alone": _part((pooled.get("differences") or {}).get("adapter_alone")),
        "weights alone": _part((pooled.get("differences") or {}).get("weights_alone")),
        "stored profiles" if pooled else "held-out users": held_out,
        "later days": findings.get("later_days"),
    }
    parts |= {"benchmark": findings.get("benchmark")}
    parts |= {
        f"benchmark, {_spaced(name)}": split
        for name, split in (findings.get("splits") or {}).items()
    }
    return GateReport(
        verdict=str(decision.get("verdict", "unknown")),
        reason=str(decision.get("reason", "")),
        made_at=str(report.get("made_at", "")),
        users=int(pooled.get("most_people", held_out.get("users", 0))),
        pairs=int(pooled.get("pairs", held_out.get("pairs", 0))),
        checks=tuple(decision.get("checks") or ()),
        accuracies=_on_one_scale(
            {_named(n, held_out): means[n] for n in NAMES if n in means}, around=0.5
        ),
        differences=_on_one_scale(
            {
                name: part["means"]["difference"]
                for name, part in parts.items()
                if part and "difference" in (part.get("means") or {})
            },
            around=0.0,
        ),
        reliabilities=reliabilities(findings),
        off_policy=off_policy_values(findings),
        opening=str(report.get("opening", "")),
    )


def _part(interval: Mapping[str, float] | None) -> dict[str, Any]:
    return {"means": {"difference": interval}} if interval else {}


def _named(name: str, held_out: Mapping[str, Any]) -> str:
    """Return the label of a model or a control, with the number of its pairs if it is reported."""
    pairs = (held_out.get("control_pairs") or {}).get(name)
    return f"{NAMES[name]}, on {pairs} pairs" if pairs else NAMES[name]


def _spaced(name: object) -> str:
    return str(name).replace("_", " ")


def _on_one_scale(
    means: Mapping[str, Mapping[str, float]], *, around: float
) -> tuple[Interval, ...]:
    """Put all intervals on one scale that includes `around`, with a margin at both ends."""
    if not means:
        return ()
    lows = [mean["low"] for mean in means.values()]
    highs = [mean["high"] for mean in means.values()]
    left, right = min(*lows, around), max(*highs, around)
    margin = max((right - left) * 0.06, 0.01)
    scale = (left - margin, right + margin)
    return tuple(
        Interval(name, mean["value"], mean["low"], mean["high"], scale)
        for name, mean in means.items()
    )
