"""Draw the plots of the dataset report from its values."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from training.plots import charts
from training.plots.charts import Series

COLUMNS: Final = 10
"""Columns of the histogram of pairs per user."""


def report_plots(report: Mapping[str, Any]) -> dict[str, Markup]:
    """SVG by name; `training.plots` escapes every text inside."""
    plots = {
        "positions": _positions(report["positions"]),
        "uses": charts.bars(_falling(report["feedback"]), title="feedback by use"),
        "excluded": charts.bars(_falling(report["excluded"]), title="excluded pairs by reason"),
        "pairs_per_user": _pairs_per_user(report["pairs_per_user"]),
    }
    return {name: Markup(svg) for name, svg in plots.items()}


def drift_plot(drift: Mapping[str, Any]) -> Markup:
    """Distributions of one element's scores in the earlier and the later half of the slates."""
    series = [Series("earlier half", drift["earlier"]), Series("later half", drift["later"])]
    ticks = [str(score) for score in range(6)]
    title = f"scores of {drift['element']}"
    return Markup(charts.distributions(series, ticks, title=title))


def _positions(rows: Sequence[Mapping[str, Any]]) -> str:
    """Share of shown images that were viewed, and of viewed images that were clicked, by rank."""
    title = "views and clicks by position"
    if not rows:
        return charts.empty(title, "no slates yet")
    viewed = [_share(row["viewed"], row["shown"]) for row in rows]
    clicked = [_share(row["clicked"], row["viewed"]) for row in rows]
    series = [Series("viewed / shown", viewed), Series("clicked / viewed", clicked)]
    return charts.columns(series, [str(row["rank"]) for row in rows], title=title)


def _pairs_per_user(rows: Sequence[Sequence[int]]) -> str:
    """How many users have how many pairs."""
    title = "pairs per user"
    if not rows:
        return charts.empty(title, "no users yet")
    width = max(1, -(-max(pairs for pairs, _ in rows) // COLUMNS))
    counts = [0] * COLUMNS
    for pairs, users in rows:
        counts[min((pairs - 1) // width, COLUMNS - 1)] += users
    labels = {at: str(at * width + 1) for at in range(0, COLUMNS, 3)}
    return charts.histogram(counts, labels, title=title)


def _falling(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(name.replace("_", " "), count) for name, count in ordered]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
