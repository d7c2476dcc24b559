"""What a benchmark measured: ours beside its baseline in one run, as a ratio.

Each benchmark runs in a process of its own and prints this as one line of JSON.
"""

from shared.domain.taste import Value


class Measure(Value):
    """One quantity, of ours and of a baseline from runs that took turns."""

    what: str
    unit: str
    ours: float
    """The median of the runs."""
    baseline: float | None = None
    baseline_is: str = ""
    ratio: float | None = None
    """Ours to the baseline, the median of the runs' ratios."""
    at_least: float | None = None
    """The ratio that is promised."""
    at_most: float | None = None
    """The most that `ours` may be, where there is no baseline."""

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        enough = self.at_least is None or (self.ratio or 0.0) >= self.at_least
        return enough and (self.at_most is None or self.ours <= self.at_most)


class Measured(Value):
    """Everything that one benchmark measured."""

    benchmark: str
    measures: tuple[Measure, ...]
    conditions: dict[str, str]
    """What the figures depend on: model, threads, runs."""
