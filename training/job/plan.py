"""Decide whether a night is worth training, and how its time is shared out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

START_SECONDS: Final = 20.0
"""What a training takes at least beside its steps: libraries are loaded, an adapter is written."""
STARTS_IN_OPENINGS: Final = 4.0
"""The same, in the time that it takes to open a model: what else the machine does slows both."""
LEAST_TRAINING_SECONDS: Final = 30.0
"""A shorter training is a few steps, which teach nothing."""
DATA_SHARE: Final = 0.2
"""Of the whole budget, for writing what SFT imitates."""
SCORING_SHARE: Final = 0.7
"""Of that time for asking about pairs; reasons have what is left."""
EVIDENCE_SHARE: Final = 0.45
"""Of what is left once examples are written; more where a verdict takes more. A gain that cannot be
shown is as good as none, so that evidence has nearly as much time as what it is about."""
CONTROLLED_PAIRS: Final = 200
"""Pairs of held-out people that the two controls are asked on. They decide nothing and must only
show that without the person's taste a model is near chance, which reaches 7 points to either side
of one half on 200 pairs. A pair more would take the time of one that decides."""


def heard_scores(pairs: int, *, controlled: int) -> int:
    """What pairs of people take at most: an image that stands in several of them is scored once.

    Champion and challenger score two images a pair, and the challenger twice more for the controls.
    """
    return 2 * (2 * pairs + 2 * min(pairs, controlled))


VERDICT_SCORES: Final = heard_scores(200, controlled=CONTROLLED_PAIRS) + 1_600 + 600 + 450
"""Scores that take as long as the least evidence a verdict rests on: 200 pairs of held-out people
with controls (1,600), 400 pairs of the benchmark by two models (1,600), 16 people's tastes
predicted in either order (600), 170 images described (450)."""
ROOM: Final = 1.2
"""For a machine that grows busier while it trains."""
SFT_SHARE: Final = 0.65
"""Of what both trainings have; where the rest is too short to begin, SFT has it all."""
LEAST_TRAIN_PAIRS: Final = 100
"""Clicks of fewer pairs are anecdotes; SFT takes 4,800 examples in its 300 steps."""


@dataclass(frozen=True)
class Speed:
    """Seconds that were measured this night, on this machine, beside whatever else it does."""

    opening: float
    """To open a model."""
    score: float
    """Of one image against one taste."""

    @property
    def starting(self) -> float:
        """What a training is expected to take before its first step."""
        return max(START_SECONDS, STARTS_IN_OPENINGS * self.opening)

    @property
    def verdict(self) -> float:
        """The least evidence on which a challenger can be judged."""
        return 2 * self.opening + VERDICT_SCORES * self.score


@dataclass(frozen=True)
class Shares:
    """Seconds for each part of what is left once the examples are written; 0: left out."""

    sft: float
    grpo: float
    evidence: float


def share_out(left: float, speed: Speed) -> Shares:
    """The evidence first, as long as a verdict takes: what cannot be judged is of no use."""
    evidence = max(EVIDENCE_SHARE * left, ROOM * speed.verdict)
    training = left - evidence
    least = speed.starting + LEAST_TRAINING_SECONDS
    if training < least:
        return Shares(0.0, 0.0, evidence)
    grpo = (1 - SFT_SHARE) * training
    if grpo < least:
        return Shares(training, 0.0, evidence)
    return Shares(training - grpo, grpo, evidence)


def grpo_seconds(left: float, speed: Speed, *, starting: float = 0.0) -> float:
    """What SFT left over of the trainings' time; 0 where it is too short to begin.

    `starting` is what SFT took before its first step; GRPO loads what SFT does, and a judge.
    """
    training = left - max(EVIDENCE_SHARE * left, ROOM * speed.verdict)
    least = max(speed.starting, ROOM * starting) + LEAST_TRAINING_SECONDS
    return training if training >= least else 0.0


def minutes_needed(spent: float, speed: Speed) -> int:
    """The budget with which this night would have gone on, whole minutes."""
    seconds = spent + ROOM * speed.verdict + speed.starting + LEAST_TRAINING_SECONDS
    return int(seconds // 60) + 1


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
