"""Lay the dataset report out as one HTML page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from training.dataset.report_plots import drift_plot, report_plots
from training.plots.page import render_page

TEMPLATE: Final = Path(__file__).with_name("page.html")


def page(report: Mapping[str, Any]) -> str:
    """The page of a report that is given as plain values."""
    return render_page(
        TEMPLATE,
        report=report,
        plots=report_plots(report),
        drifts=[(drift, drift_plot(drift)) for drift in report["drift"]],
    )
