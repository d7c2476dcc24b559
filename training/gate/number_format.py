"""Format numbers for operators: percent, points, and a change with its interval."""

from training.plots.charts import signed
from training.statistics.interval import Interval


def percent(share: float) -> str:
    """`0.7312` -> `73.1 %`; whole numbers have no decimals, and no line break is possible."""
    value = 100 * share
    number = f"{value:.0f}" if abs(value - round(value)) < 0.005 else f"{value:.1f}"
    return f"{number}\N{NO-BREAK SPACE}%"


def points(share: float) -> str:
    """`0.003` -> `0.3 points`."""
    value = 100 * share
    return f"{value:.2f}".rstrip("0").rstrip(".") + " points"


def count(number: int, one: str, many: str) -> str:
    """`1 night`, `2 nights`."""
    return f"{number} {one if number == 1 else many}"


def change(interval: Interval) -> str:
    """A difference in points with its 95 % interval."""
    return (
        f"{signed(interval.value)} points (95 % interval {signed(interval.low)} to"
        f" {signed(interval.high)})"
    )


def percent_with_interval(interval: Interval) -> str:
    """`73.1 % (70.2 to 75.9)`."""
    low, high = (f"{100 * end:.1f}" for end in (interval.low, interval.high))
    return f"{percent(interval.value)} ({low} to {high})"
