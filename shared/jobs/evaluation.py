"""What an evaluation found: accuracy by split with its interval, the controls, what went wrong.

Written by `training.evaluation`, read by the command line, by the gate and by anybody's scripts:
`report.json` is this. Shares are fractions 0-1.
"""

from typing import Literal

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Value

Protocol = Literal["score", "pair"]
Level = Literal["easy", "hard"]
Control = Literal["user_blind", "other_user"]


class Accuracy(Value):
    """How often the preferred image won; a tie counts half, an unreadable answer not at all."""

    n: int
    """Pairs of candidates."""
    users: int
    accuracy: float
    interval: tuple[float, float]
    """95 %, bootstrap over users; a Wilson interval where all users agree."""


class ControlResult(Accuracy):
    """A control over all splits together, and split by split; 0.5 is chance."""

    splits: dict[str, Accuracy]


class FormatFailures(Value):
    """Answers that were not in the format asked for; one answer may have several reasons."""

    answers: int
    failed: int
    unanswered: int
    """Those in which not even the choice (`score`: not one word of the profiles) could be read."""
    reasons: dict[str, int]


class Report(Value):
    """One model on one benchmark."""

    splits: dict[str, Accuracy]
    mean: float
    """Of the splits, each counting the same, as the paper averages."""
    level: Level | None
    """Of the simulated benchmark; None for any other."""
    protocol: Protocol
    controls: dict[Control, ControlResult]
    """`user_blind`: no references; `other_user`: another user's references, left out where the
    benchmark has a single user."""
    checksum: str
    """SHA-256 of the sets and images that were used, in order."""
    model_version: str
    element_weights: ElementWeights | None = None
    """`score`: how much each element counted in the totals, as it does when this version serves."""
    prompt_version: str
    template: str | None
    """SHA-256 of the prompt template that replaced ours."""
    seed: int
    limit: int | None
    references: int
    """Most reference images of a side that were looked at."""
    format_failures: FormatFailures
    """`score`: of the predicted profiles; `pair`: of the comparisons with the user's references."""
    order_consistency: float | None
    """`pair`: of the items whose two answers could be read, how many name the same image."""
    agrees_with_totals: float | None
    """`pair`: of the answers with two totals that differ, how many choose the higher one."""
    left_out: dict[str, int]
    """Items that could not be asked, by reason: missing or broken images."""
    unknown_keys: tuple[str, ...]
    """Keys of items that are none of the format's, and were not used."""
    seconds: float
