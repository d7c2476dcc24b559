"""Put a report on a page that an operator reads on a desk or on a phone."""

from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from training.gate.findings import Findings
from training.gate.formatting import percent, within
from training.gate.report import Report
from training.gate.report_plots import forest, histogram, reliability, shares

CONTROLS: Final = {"blind": "without any taste", "another": "with somebody else's taste"}
"""What the challenger was given in place of the user's own taste."""


def page(report: Report) -> str:
    """The whole page as one file, without scripts and without anything from elsewhere."""
    text = resources.files("training.gate").joinpath("page.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(text)
    found = report.findings
    return template.render(
        report=report,
        found=found,
        plots=_plots(found),
        percent=percent,
        counted=_counted(found) if found else (),
        controls=_controls(found) if found else (),
        made_at=report.made_at.strftime("%Y-%m-%d %H:%M %Z"),
    )


def _plots(found: Findings | None) -> dict[str, Markup]:
    """Empty where there is nothing to draw."""
    drawn = {
        "differences": _differences(found) if found else "",
        "shares": _shares(found) if found else "",
        "changes": histogram(found.changes, title="Users by change")
        if found and any(found.changes)
        else "",
        "reliability": reliability(found.calibrations, title="Confidence against truth")
        if found and found.calibrations
        else "",
    }
    # Every text inside was escaped where it was drawn.
    return {name: Markup(svg) for name, svg in drawn.items()}


def _counted(found: Findings) -> tuple[tuple[str, str], ...]:
    """What elements count to each model, in words; nothing where they count alike to both."""
    told = found.element_weights
    if all(weights.are_equal for weights in told.values()):
        return ()
    return tuple(
        (model, "all alike" if weights.are_equal else weights.told)
        for model, weights in told.items()
    )


def _controls(found: Findings) -> tuple[str, ...]:
    """How each control did, and on how many pairs."""
    if found.held_out_users is None:
        return ()
    means, asked = found.held_out_users.means, found.held_out_users.control_pairs
    return tuple(
        f"The challenger {told}, on {asked[name]} pairs: {within(means[name])}."
        for name, told in CONTROLS.items()
        if name in asked
    )


def _differences(found: Findings) -> str:
    rows = [
        ("Held-out users", found.held_out_users and found.held_out_users.difference),
        ("The same, no loud voices", found.quietened),
        ("Later days of known users", found.later_days and found.later_days.difference),
        ("Simulated benchmark", found.benchmark and found.benchmark.difference),
        *(
            (f"  {name.replace('_', ' ')}", split.difference)
            for name, split in found.splits.items()
        ),
        ("Same answer in both orders", found.order and found.order.difference),
    ]
    there = [(name, interval) for name, interval in rows if interval is not None]
    return forest(there, title="Challenger minus champion, in points") if there else ""


def _shares(found: Findings) -> str:
    if found.held_out_users is None:
        return ""
    means = found.held_out_users.means
    rows = [
        (f"Champion {found.champion}", means["champion"], "champion"),
        (f"Challenger {found.challenger}", means["challenger"], "challenger"),
    ]
    rows += [
        (f"Control: challenger {told}", means[name], "control")
        for name, told in CONTROLS.items()
        if name in means
    ]
    return shares(rows, title="Share of held-out choices that each agrees with")
