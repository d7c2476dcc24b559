"""Judge a challenger and write what was found, for machines and to be read."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.files.atomic_write import atomic_write
from training.gate.decision import Decision, decide, kept_after_crash
from training.gate.evidence import Evidence
from training.gate.findings import Findings, examine
from training.gate.rules import Rules

FORMAT = 1
"""Of `report.json`; readers of a later one are told so."""


@dataclass(frozen=True)
class Report:
    """The decision and what it rests on; no findings after a crash."""

    decision: Decision
    findings: Findings | None
    rules: Rules
    seed: int
    made_at: datetime

    @property
    def promotes(self) -> bool:
        return self.decision.verdict == "promote"


def judge(evidence: Evidence, rules: Rules, *, seed: int, now: datetime) -> Report:
    """The same evidence, rules and seed give the same decision."""
    findings = examine(evidence, rules, seed=seed)
    return Report(decide(findings, rules), findings, rules, seed, now)


def crashed(what: str, rules: Rules, *, seed: int, now: datetime) -> Report:
    """For a night that could not be judged: the champion stays."""
    return Report(kept_after_crash(what), None, rules, seed, now)


def as_json(report: Report) -> dict[str, Any]:
    """Everything, as plain values."""
    return {
        "format": FORMAT,
        "made_at": report.made_at.isoformat(),
        "seed": report.seed,
        "decision": asdict(report.decision),
        "metrics": metrics(report),
        "findings": _found(report.findings) if report.findings else None,
        "rules": asdict(report.rules),
    }


def _found(findings: Findings) -> dict[str, Any]:
    weights = {model: one.model_dump() for model, one in findings.element_weights.items()}
    return {**asdict(findings), "element_weights": weights}


def metrics(report: Report) -> dict[str, float]:
    """The few numbers that go into `model.promoted.v1` and the registry."""
    found = report.findings
    if found is None or found.held_out_users is None:
        return {}
    told = {
        "held_out_pairs": float(found.held_out_users.pairs),
        "held_out_users": float(found.held_out_users.users),
        "well_formed": found.forms["challenger"].share,
    }
    for name, interval in found.held_out_users.means.items():
        told[f"held_out_{name}"] = interval.value
    told["held_out_difference_low"] = found.held_out_users.difference.low
    told["held_out_difference_high"] = found.held_out_users.difference.high
    for name, compared in (("benchmark", found.benchmark), ("later_days", found.later_days)):
        if compared is not None:
            told[f"{name}_difference"] = compared.difference.value
    if "challenger" in found.calibrations:
        told["calibration_error"] = found.calibrations["challenger"].error
    return {name: round(value, 6) for name, value in told.items()}


def write_report(report: Report, folder: Path) -> None:
    """Write both files; each appears whole or not at all."""
    from training.gate.page import page  # jinja2: not for those who only judge

    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "report.html", page(report))
    atomic_write(
        folder / "report.json", json.dumps(as_json(report), indent=1, ensure_ascii=False) + "\n"
    )
