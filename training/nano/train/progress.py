"""Say how far a training is, on one line at a time, with the time left."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Counts the steps of this run; a resumed one starts late and still says the time left."""

    stage: str
    steps: int
    first: int = 0
    started: float = field(default_factory=time.monotonic)

    def line(self, done: int, measures: Mapping[str, float]) -> str:
        """`vision 300/1200, 2 min 40 s, 8 min 0 s left: loss 1.203, color 0.991`."""
        elapsed = time.monotonic() - self.started
        left = elapsed / max(1, done - self.first) * (self.steps - done)
        told = ", ".join(f"{name} {value:.3f}" for name, value in measures.items())
        return f"{self.stage} {done}/{self.steps}, {spell(elapsed)}, {spell(left)} left: {told}"


def spell(seconds: float) -> str:
    """`2 min 40 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
