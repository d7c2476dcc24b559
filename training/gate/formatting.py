"""Numbers as an operator reads them: per cent, points, and an interval in words."""

from training.statistics.interval import Interval


def percent(share: float) -> str:
    """`0.7312` is `73.1 %`; whole ones have no decimals, and a line never breaks inside."""
    value = 100 * share
    number = f"{value:.0f}" if abs(value - round(value)) < 0.005 else f"{value:.1f}"
    return f"{number}\N{NO-BREAK SPACE}%"


def points(share: float) -> str:
    value = 100 * share
    return f"{value:.2f}".rstrip("0").rstrip(".") + " points"


def signed(share: float) -> str:
    """`+3.1`, `-0.4`, `0.0`."""
    value = round(100 * share, 1) + 0.0
    return f"{value:+.1f}" if value else "0.0"


def change(interval: Interval) -> str:
    return (
        f"{signed(interval.value)} points (95 % interval {signed(interval.low)} to"
        f" {signed(interval.high)})"
    )


def within(interval: Interval) -> str:
    low, high = (f"{100 * end:.1f}" for end in (interval.low, interval.high))
    return f"{percent(interval.value)} ({low} to {high})"
