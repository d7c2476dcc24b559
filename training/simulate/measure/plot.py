"""Plot NDCG@10 by training jobs and ranking as one SVG file for the README."""

from typing import Any, Final

from training.plots.line_chart import Line, line_chart
from training.simulate.measure.day_metrics import COLLAPSED, FROZEN, OURS

ORDER: Final[tuple[str, ...]] = (
    FROZEN, OURS, "similarity", "collaborative", "popularity", "oracle", "random",
)  # fmt: skip
"""Rankings in the order of the colors; the collapsed baseline would only stretch the axis."""


def plot(results: dict[str, Any]) -> str:
    """Means with 95 % intervals over seeds; a dot where a challenger was promoted."""
    by_ranking: dict[str, list[dict[str, float]]] = results["metrics"]["ndcg"]
    names = [name for name in ORDER if name in by_ranking]
    names += [name for name in by_ranking if name not in (*ORDER, COLLAPSED)]
    promoted = {
        number: "a challenger was promoted"
        for jobs in results["jobs"].values()
        for number, job in enumerate(jobs, start=1)
        if job["verdict"] == "promoted" and number < results["days"]
    }
    lines = [
        Line(
            name,
            [point["mean"] for point in by_ranking[name]],
            [point["low"] for point in by_ranking[name]],
            [point["high"] for point in by_ranking[name]],
            thick=name == OURS,
            marks=promoted if name == OURS else {},
        )
        for name in names
    ]
    drift = results.get("drift")
    event = (drift["before_day"], "the taste of some users changes") if drift else None
    return line_chart(
        lines, title="NDCG@10 against true tastes, by training jobs", x_title="training jobs",
        event=event,
    )  # fmt: skip
