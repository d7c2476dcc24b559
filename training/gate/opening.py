"""Open the report with one sentence for an operator."""

from shared.jobs.opening_sentence import Gain, opening_sentence
from training.gate.report import Report


def opening(report: Report) -> str:
    """What the gate decided, how sure, and what to do."""
    findings = report.findings
    promotes = report.decision.verdict == "promote"
    return opening_sentence(
        "won" if promotes else "kept",
        report.decision.code,
        version=findings.challenger if findings else "",
        gain=gain_of(report),
    )


def gain_of(report: Report) -> Gain | None:
    """The gain that decided: over all nights with predicted profiles, or with stored ones."""
    findings = report.findings
    if findings is None:
        return None
    interval = findings.pooled.gain if findings.pooled is not None else None
    if interval is None and findings.held_out_users is not None:
        interval = findings.held_out_users.difference
    return Gain(interval.value, interval.low, interval.high) if interval else None
