"""Define the result of a speed benchmark: our speed, a baseline from the same run, their ratio.

Each benchmark runs in a child process and prints its result as one line of JSON.
"""

from shared.domain.taste import Value


class Measurement(Value):
    """One quantity, measured for this system and for a baseline in alternating runs."""

    what: str
    unit: str
    ours: float
    """The median of the runs."""
    baseline: float | None = None
    baseline_is: str = ""
    ratio: float | None = None
    """Ours divided by the baseline, the median of the ratios of the runs."""
    at_least: float | None = None
    """The required ratio."""
    at_most: float | None = None
    """The largest allowed value of `ours`, where there is no baseline."""

    @property
    def is_met(self) -> bool:
        """Whether the requirement is met."""
        enough = self.at_least is None or (self.ratio or 0.0) >= self.at_least
        return enough and (self.at_most is None or self.ours <= self.at_most)


class BenchmarkResult(Value):
    """All measurements of one benchmark."""

    benchmark: str
    measures: tuple[Measurement, ...]
    conditions: dict[str, str]
    """What the values depend on: model, threads, runs."""
