"""Judge a challenger; hold the decision and what it rests on as plain values."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from training.gate.decision import Decision, decide, kept_after_crash
from training.gate.evidence import Evidence
from training.gate.findings import Findings, examine
from training.gate.nights.verdict import PooledNights
from training.gate.rules import Rules

FORMAT: Final = 2
"""Version of `report.json`."""


@dataclass(frozen=True)
class Report:
    """The decision and what it rests on; no findings after a crash."""

    decision: Decision
    findings: Findings | None
    rules: Rules
    seed: int
    made_at: datetime


def judge(evidence: Evidence, rules: Rules, *, seed: int, now: datetime) -> Report:
    """The same evidence, rules and seed give the same decision."""
    findings = examine(evidence, rules, seed=seed)
    return Report(decide(findings, rules), findings, rules, seed, now)


def report_after_crash(problem: str, rules: Rules, *, seed: int, now: datetime) -> Report:
    """The report on a challenger that could not be judged: the champion stays."""
    return Report(kept_after_crash(problem), None, rules, seed, now)


def as_json(report: Report) -> dict[str, Any]:
    """Everything, as plain values."""
    return {
        "format": FORMAT,
        "made_at": report.made_at.isoformat(),
        "seed": report.seed,
        "decision": asdict(report.decision),
        "metrics": metrics(report),
        "findings": _findings(report.findings) if report.findings else None,
        "rules": asdict(report.rules),
    }


def metrics(report: Report) -> dict[str, float]:
    """The few numbers that go into `model.promoted.v1` and the registry."""
    findings = report.findings
    if findings is None:
        return {}
    predicted = _predicted(findings.pooled) if findings.pooled else {}
    if findings.held_out_users is None:
        return predicted
    values = {
        "held_out_pairs": float(findings.held_out_users.pairs),
        "held_out_users": float(findings.held_out_users.users),
        "well_formed": findings.formats["challenger"].share,
    }
    for name, interval in findings.held_out_users.means.items():
        values[f"held_out_{name}"] = interval.value
    values["held_out_difference_low"] = findings.held_out_users.difference.low
    values["held_out_difference_high"] = findings.held_out_users.difference.high
    for name, comparison in (
        ("benchmark", findings.benchmark),
        ("later_days", findings.later_days),
    ):
        if comparison is not None:
            values[f"{name}_difference"] = comparison.difference.value
    if "challenger" in findings.calibrations:
        values["calibration_error"] = findings.calibrations["challenger"].error
    return {name: round(value, 6) for name, value in values.items()} | predicted


def _predicted(pooled: PooledNights) -> dict[str, float]:
    """The gain of all nights, and tonight's shares of right answers of each arm."""
    values = {
        "predicted_gain": pooled.gain.value,
        "predicted_gain_low": pooled.gain.low,
        "predicted_gain_high": pooled.gain.high,
        "predicted_nights": float(len(pooled.nights)),
        "predicted_pairs": float(pooled.pairs),
        "predicted_capital": pooled.capital,
    }
    values |= {f"predicted_{arm}": share.value for arm, share in pooled.arms.items()}
    return {name: round(value, 6) for name, value in values.items()}


def _findings(findings: Findings) -> dict[str, Any]:
    weights = {model: one.model_dump() for model, one in findings.element_weights.items()}
    return {**asdict(findings), "element_weights": weights}
