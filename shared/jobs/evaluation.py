"""Define the report of an evaluation: accuracy by split with intervals, controls, failures.

`training.evaluation` writes it as `report.json`; the command line, the gate and scripts read it.
Shares are fractions from 0 to 1.
"""

from typing import Literal

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Value

Protocol = Literal["score", "pair"]
Level = Literal["easy", "hard"]
Control = Literal["user_blind", "other_user"]


class Accuracy(Value):
    """How often the preferred image won; a tie counts half, an invalid answer does not count."""

    n: int
    """Pairs of candidates."""
    users: int
    accuracy: float
    interval: tuple[float, float]
    """95 %, bootstrap over users; a Wilson interval where all users agree."""


class ControlResult(Accuracy):
    """A control over all splits together, and for each split; 0.5 is chance."""

    splits: dict[str, Accuracy]


class FormatFailures(Value):
    """Answers that break the answer format; one answer may have several reasons."""

    answers: int
    failed: int
    unanswered: int
    """Answers without a readable choice (`score`: without a readable word of a profile)."""
    reasons: dict[str, int]


class Report(Value):
    """One model on one benchmark."""

    splits: dict[str, Accuracy]
    mean: float
    """Mean over the splits with equal weights, as in the paper."""
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
    """`score`: the weight of each element in the totals, as when this version serves."""
    prompt_version: str
    prompt_style: str = "compact"
    """The prompts of the model: their style, and the version of this style."""
    template: str | None
    """SHA-256 of the prompt template that replaced ours."""
    seed: int
    limit: int | None
    references: int
    """Largest number of reference images of a side that was used."""
    format_failures: FormatFailures
    """`score`: of the predicted profiles; `pair`: of the comparisons with the user's references."""
    order_consistency: float | None
    """`pair`: among the items with two valid answers, the share that names the same image twice."""
    agrees_with_totals: float | None
    """`pair`: share of the answers with two different totals that choose the higher one."""
    left_out: dict[str, int]
    """Items that were left out, by reason: missing or broken images."""
    unknown_keys: tuple[str, ...]
    """Keys of items that the format does not have; they were not used."""
    seconds: float
