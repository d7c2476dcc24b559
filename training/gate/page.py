"""Lay a report out as one HTML page for a desk or a phone."""

from pathlib import Path
from typing import Final

from training.gate.findings import Findings
from training.gate.nights.checks import arms_table, nights_rule
from training.gate.number_format import percent, percent_with_interval
from training.gate.off_policy.section import NOTE, TITLE, off_policy_section
from training.gate.opening import opening
from training.gate.report import Report
from training.gate.report_plots import CONTROL_NAMES, report_plots
from training.plots.page import render_page

TEMPLATE: Final = Path(__file__).with_name("page.html")


def page(report: Report) -> str:
    """The whole page as one file, without scripts and without other files."""
    findings = report.findings
    return render_page(
        TEMPLATE,
        report=report,
        opening=opening(report),
        off_policy=off_policy_section(findings.off_policy) if findings else None,
        off_policy_note=NOTE,
        off_policy_title=TITLE,
        findings=findings,
        plots=report_plots(findings) if findings else {},
        percent=percent,
        element_weights=_element_weights(findings) if findings else (),
        controls=_controls(findings) if findings else (),
        arms=arms_table(findings.pooled) if findings and findings.pooled else (),
        nights_rule=nights_rule(report.rules),
        made_at=report.made_at.strftime("%Y-%m-%d %H:%M %Z"),
    )


def _element_weights(findings: Findings) -> tuple[tuple[str, str], ...]:
    """Weights of the elements of each model, in words; empty where all are equal in both."""
    by_model = findings.element_weights
    if all(weights.are_equal for weights in by_model.values()):
        return ()
    return tuple(
        (model, "all equal" if weights.are_equal else weights.summary)
        for model, weights in by_model.items()
    )


def _controls(findings: Findings) -> tuple[str, ...]:
    """The result of each control, and on how many pairs it was measured."""
    if findings.held_out_users is None:
        return ()
    means, pairs = findings.held_out_users.means, findings.held_out_users.control_pairs
    return tuple(
        f"{name}: the challenger {profile}, on {pairs[name]} pairs:"
        f" {percent_with_interval(means[name])}."
        for name, profile in CONTROL_NAMES.items()
        if name in pairs
    )
