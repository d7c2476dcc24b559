"""Plot NDCG@10 of the arms by night as one SVG file."""

from typing import Final

from training.plots.line_chart import Line, line_chart
from training.simulate.arms.report.comparisons import (
    ADAPTER,
    EMBEDDING,
    SFT,
    SFT_DPO,
    SFT_GRPO,
    WEIGHTED,
    Recorded,
    level,
)
from training.simulate.arms.report.table import jobs_of
from training.simulate.measure.day_metrics import OURS

ORDER: Final = (WEIGHTED, SFT_GRPO, SFT, SFT_DPO, EMBEDDING, ADAPTER, OURS)
"""Arms in the order of the seven colors; the others would only stretch the axis."""


def plot(recorded: Recorded) -> str:
    """Means with 95 % intervals over users and seeds, of arms that were measured on every day."""
    days = list(range(recorded.days))
    promoted = {
        number: "a challenger was promoted"
        for fields in recorded.by_seed.values()
        for number, job in enumerate(jobs_of(fields), start=1)
        if job["verdict"] == "promoted" and number < recorded.days
    }
    lines = []
    for arm in ORDER:
        if not all(recorded.has(arm, day) for day in days):
            continue
        levels = [level(recorded, arm, [day]) for day in days]
        lines.append(
            Line(
                arm,
                [one.value for one in levels],
                [one.low for one in levels],
                [one.high for one in levels],
                thick=arm == SFT_GRPO,
                marks=promoted if arm == OURS else {},
            )
        )
    return line_chart(lines, title="NDCG@10 against true tastes, by nights", x_title="nights")
