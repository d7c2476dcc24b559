"""Lay the report out as one page that needs nothing else: plots inline, light and dark."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.dataset import report_plots as plots


def page(report: Mapping[str, Any]) -> str:
    """The page of a report as plain values."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["number"] = _number
    return environment.get_template("page.html").render(
        report=report,
        positions=Markup(plots.positions(report["positions"], title="views and clicks by place")),
        uses=Markup(plots.counts(_falling(report["feedback"]), title="what feedback was good for")),
        left_out=Markup(plots.counts(_falling(report["left_out"]), title="pairs left out")),
        people=Markup(plots.people(report["pairs_per_user"], title="pairs a person")),
        drifts=[
            (
                drift,
                Markup(
                    plots.before_and_after(
                        drift["earlier"], drift["later"], title=f"scores of {drift['element']}"
                    )
                ),
            )
            for drift in report["drift"]
        ],
    )


def _falling(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
