"""Decide whether a night is worth training, and how its time is shared out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

START_SECONDS: Final = 25.0
"""What the first training takes beside its steps: libraries are loaded, an adapter is written. The
second one is planned with what the first one took."""
LEAST_EVIDENCE_SECONDS: Final = 20.0
"""Two models are loaded in some seconds; then a gate wants hundreds of answers."""
LEAST_TRAINING_SECONDS: Final = 30.0
"""A shorter training is a few steps, which teach nothing."""
DATA_SHARE: Final = 0.2
"""Of the whole budget, for writing what SFT imitates."""
LEAST_TRAIN_PAIRS: Final = 100
"""Clicks of fewer pairs are anecdotes; SFT takes 2,400 examples in its 150 steps."""


@dataclass(frozen=True)
class Shares:
    """Seconds for each part of what is left once the examples are written."""

    sft: float
    grpo: float
    evidence: float


def share_out(left: float) -> Shares:
    """Evidence gets the most: a challenger that cannot be judged is of no use."""
    return Shares(sft=0.28 * left, grpo=0.28 * left, evidence=0.44 * left)


def training_seconds(share: float, *, overhead: float = START_SECONDS) -> float | None:
    """For the steps of one training; None where the share is too short to begin."""
    seconds = share - max(overhead, START_SECONDS)
    return seconds if seconds >= LEAST_TRAINING_SECONDS else None


def too_little_data(
    counts: Mapping[str, int], *, held_out_users: int, least_users: int, least_pairs: int
) -> str | None:
    """Why nothing is trained, or None: what the gate could never pass is not worth the time."""
    pairs = counts.get("held_out", 0)
    if pairs < least_pairs or held_out_users < least_users:
        return (
            f"there is too little data to judge a challenger by: {_count(pairs, 'pair')} of"
            f" {_count(held_out_users, 'held-out person', 'held-out people')}, where"
            f" {least_pairs} pairs of {least_users} people are needed. Wait for more clicks, or"
            " collect over more days"
        )
    clicked = counts.get("train", 0)
    if clicked < LEAST_TRAIN_PAIRS:
        return (
            f"there is too little data to learn from: {_count(clicked, 'pair')}, where"
            f" {LEAST_TRAIN_PAIRS} are needed. Wait for more clicks"
        )
    return None


def short_of_room(*, free_disk: int, needed_disk: int) -> str | None:
    """Why the work would not fit, or None. Bytes."""
    if free_disk >= needed_disk:
        return None
    return (
        f"{free_disk / 1e9:.1f} GB of disk are free, but a night takes {needed_disk / 1e9:.1f} GB:"
        " free some"
    )


def _count(number: int, one: str, more: str | None = None) -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"
