"""Plot NDCG@10 of the arms by night as one SVG file."""

from typing import Final

from training.plots.colors import SERIES
from training.plots.line_chart import Line, line_chart
from training.simulate.arms.report.comparisons import (
    ADAPTER,
    EMBEDDING,
    LATEST,
    SFT,
    SFT_DPO,
    SFT_GRPO,
    WEIGHTED,
    Recorded,
    level,
)
from training.simulate.arms.report.table import jobs_of
from training.simulate.measure.day_metrics import OURS

ORDER: Final = (WEIGHTED, SFT_GRPO, LATEST, OURS, EMBEDDING, SFT, SFT_DPO, ADAPTER)
"""Arms in the order of the colors, of which there are seven; the others stretch the axis."""


def plot(recorded: Recorded) -> str:
    """Means with 95 % intervals over users and seeds, on the days of the frozen model.

    Arms that lack one of these days have no line.
    """
    days = recorded.measured_days(WEIGHTED) or list(range(recorded.days))
    arms = [arm for arm in ORDER if all(recorded.has(arm, day) for day in days)]
    answer = SFT_GRPO if SFT_GRPO in arms else LATEST
    lines = []
    for arm in arms[: len(SERIES)]:
        levels = [level(recorded, arm, [day]) for day in days]
        lines.append(
            Line(
                arm,
                [one.value for one in levels],
                [one.low for one in levels],
                [one.high for one in levels],
                thick=arm == answer,
                marks=_promotions(recorded, days) if arm == OURS else {},
            )
        )
    return line_chart(
        lines, title="NDCG@10 against true tastes, by nights", x_title="nights",
        steps_at=[str(day) for day in days],
    )  # fmt: skip


def _promotions(recorded: Recorded, days: list[int]) -> dict[int, str]:
    """Steps of the plot before which a challenger was promoted since the step before."""
    promoted = {
        number
        for fields in recorded.by_seed.values()
        for number, job in enumerate(jobs_of(fields), start=1)
        if job["verdict"] == "promoted"
    }
    return {
        step: "a challenger was promoted"
        for step, day in enumerate(days)
        if step and promoted & set(range(days[step - 1] + 1, day + 1))
    }
