"""Decide whether a training job can succeed, and divide its time between the stages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

START_SECONDS: Final = 20.0
"""Least seconds of a training outside its steps: it loads libraries and writes an adapter."""
START_IN_OPEN_TIMES: Final = 4.0
"""The same in times that it takes to open a model: other load on the machine slows both."""
MIN_TRAINING_SECONDS: Final = 30.0
"""A shorter training is a few steps, which learn nothing."""
DATA_SHARE: Final = 0.33
"""Share of the whole budget for writing the SFT examples: what they teach decides what a training
can gain. Of a budget of 20 minutes, 400 seconds predict 100 users twice and read 600 images."""
SCORING_END, PREDICTIONS_END, REFERENCES_END, READINGS_END, FITS_END = 0.15, 0.4, 0.8, 0.9, 0.95
"""Ends of the examples' parts, in shares of that time: scoring pairs, predicting profiles,
describing references, reading images, the fits of hindsight. Rationales get the rest."""
EVIDENCE_SHARE: Final = 0.45
"""Share of the rest of the budget for the evidence, more where a verdict takes longer: a gain that
cannot be measured is of no use, so that the evidence gets nearly as much time as the trainings."""
CONTROLLED_PAIRS: Final = 200
"""Held-out pairs on which the two controls are measured. They do not decide; they show that a model
without the user's profile is near chance, and on 200 pairs the interval around one half reaches
seven points to each side. More control pairs would take time from the pairs that decide."""


def feedback_scores(pairs: int, *, controlled: int) -> int:
    """Most scores that `pairs` pairs take; an image in several pairs is scored once.

    Champion and challenger score two images a pair, and the challenger twice more for the controls.
    """
    return 2 * (2 * pairs + 2 * min(pairs, controlled))


PREDICTED_PEOPLE: Final = 50
PREDICTION_SCORES: Final = 9
"""A prediction reads ten images, of which a score reads one."""
VERDICT_SCORES: Final = (
    feedback_scores(200, controlled=0) + 2 * PREDICTED_PEOPLE * PREDICTION_SCORES
    + feedback_scores(50, controlled=50) + 1_600 + 600 + 450
)  # fmt: skip
"""Scores that take as long as the least evidence of a verdict: 200 later pairs of 50 people (800)
whose taste both models predict (900), 50 pairs with stored profiles and controls (400), 400 pairs
of the benchmark with two models (1,600), profiles of 16 users predicted with two orders of
references (600), 170 described images (450). Several orders of the references of held-out people
take as many times their 900."""
SAFETY_FACTOR: Final = 1.2
"""The machine may get slower while it trains."""
MIN_TRAIN_PAIRS: Final = 100
"""With fewer pairs a training would learn noise; SFT takes at most 2,400 examples."""


@dataclass(frozen=True)
class MachineTimings:
    """Seconds measured in this job, on this machine, with its other load."""

    open_model: float
    """To open a model."""
    score: float
    """To score one image with one profile."""
    orders: int = 1
    """Orders of the same references from which a taste is predicted."""

    @property
    def start_training(self) -> float:
        """Expected seconds of a training before its first step."""
        return max(START_SECONDS, START_IN_OPEN_TIMES * self.open_model)

    @property
    def verdict(self) -> float:
        """Seconds of the least evidence with which a challenger can be judged."""
        more_orders = (self.orders - 1) * 2 * PREDICTED_PEOPLE * PREDICTION_SCORES
        return 2 * self.open_model + (VERDICT_SCORES + more_orders) * self.score


def method_seconds(
    left: float, timings: MachineTimings, *, methods_left: int, slowest_start: float = 0.0
) -> float:
    """Seconds of the next training method; 0 where they are too short to learn anything.

    The time of the evidence is reserved first: a challenger that cannot be judged is of no use. The
    rest is divided equally among the methods that have not run. A method gets all of it where an
    equal part is too short: the later ones are skipped. What a method does not use is left to the
    next. `slowest_start` are the seconds of an earlier method of this job before its first step.
    """
    training = left - max(EVIDENCE_SHARE * left, SAFETY_FACTOR * timings.verdict)
    least = max(timings.start_training, SAFETY_FACTOR * slowest_start) + MIN_TRAINING_SECONDS
    if training < least:
        return 0.0
    part = training / methods_left
    return part if part >= least else training


def minutes_needed(spent: float, timings: MachineTimings) -> int:
    """The budget with which this job could have continued, in whole minutes."""
    seconds = (
        spent + SAFETY_FACTOR * timings.verdict + timings.start_training + MIN_TRAINING_SECONDS
    )
    return int(seconds // 60) + 1


def too_little_data(
    counts: Mapping[str, int], *, held_out_users: int, least_users: int, least_pairs: int
) -> str | None:
    """Why the data cannot lead to a promotion, or None; `counts` are pairs by split."""
    pairs = counts.get("held_out", 0)
    if pairs < least_pairs or held_out_users < least_users:
        return (
            f"there is too little data to judge a challenger: {_count(pairs, 'pair')} of"
            f" {_count(held_out_users, 'held-out user')}, and {least_pairs} pairs of"
            f" {least_users} users are needed. Wait for more clicks, or collect over more days"
        )
    train = counts.get("train", 0)
    if train < MIN_TRAIN_PAIRS:
        return (
            f"there is too little data to train on: {_count(train, 'pair')}, and"
            f" {MIN_TRAIN_PAIRS} are needed. Wait for more clicks"
        )
    return None


def too_few_later_pairs(pairs: int, *, earlier_pairs: int, least_pairs: int) -> str | None:
    """Why tonight's challenger could not be judged with all the time there is, or None.

    `pairs` came after their user's references, and after the candidate's earlier nights.
    """
    if earlier_pairs and not pairs:
        return (
            "no held-out user has chosen since the candidate's last night, so that nothing new"
            " could be judged. Wait for more clicks"
        )
    if pairs + earlier_pairs < least_pairs:
        return (
            f"there is too little data to judge a challenger: {_count(pairs, 'pair')} of held-out"
            f" users came after their references, and {least_pairs - earlier_pairs} are needed."
            " Wait for more clicks, or collect over more days"
        )
    return None


def disk_shortage(*, free: int, needed: int) -> str | None:
    """Why the job would not fit on the disk, or None. Bytes."""
    if free >= needed:
        return None
    return (
        f"{free / 1e9:.1f} GB of disk are free, and a training job needs {needed / 1e9:.1f} GB:"
        " free some space"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
