"""Hold what is simulated: numbers of users, images and jobs, and who drifts when."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.simulate.loop.preference_drift import Drift, drifting_users
from training.simulate.population import FAMILIAR

LEAST_PAIRS: Final = 4
"""Pairs a held-out user that a verdict needs, as in the default of the gate: 200 of 50 users."""


@dataclass(frozen=True)
class Options:
    """What is simulated for each seed."""

    jobs: int = 10
    """Training jobs; one follows each day except the last."""
    users: int = 300
    """With fewer than about 260, too few users are held out for a verdict of the gate."""
    catalog_size: int = 600
    """Images."""
    slates_per_day: int = 2
    """Per user."""
    slate_size: int = 20
    """Images of a slate."""
    minutes: float = 20.0
    """Budget of each training job."""
    explicit_feedback_rate: float = 0.0
    """Probability 0-1 that a user with a strong opinion also likes or dislikes an image explicitly;
    otherwise users only click."""
    drift_after: int | None = None
    """Jobs after which the taste of some users changes; None: never."""
    drift_share: float = 0.3
    """Share of the users whose taste changes."""

    skew: float = 0.0
    """Share 0-1 of the images that show one frequent value of art style, and of color, in addition
    to its equal part; 0: all values are equally frequent."""
    subjects: bool = False
    """Users also like one subject and dislike another, of six that no training draws."""
    population: str = FAMILIAR
    """Whose people and pictures: the simulator's, or unfamiliar ones (`population.py`)."""
    real_pictures: bool = False
    """The unfamiliar pictures show scenes of real pictures."""
    methods: str = ""
    """Methods of training, such as `sft,grpo`; empty: those of the setting."""
    weight_users: int = 0
    """Other users from whose clicks the element weights of the release are learned beforehand, so
    that a gain of the jobs is not these five numbers; 0: the release counts all equally."""
    least_users: int = 0
    """Held-out users that a verdict of the gate needs; 0: the default. Small simulations need
    less."""

    @property
    def shares(self) -> tuple[float, ...]:
        """The options that must be between 0 and 1."""
        return (self.explicit_feedback_rate, self.drift_share, self.skew)

    def settings(self, release: Path) -> dict[str, str]:
        """The settings of the system that differ from the defaults."""
        settings = {}
        if self.weight_users:
            settings["PREFERSTREAM_MODEL"] = str(release.resolve())
        if self.methods:
            settings["PREFERSTREAM_TRAINING_METHODS"] = self.methods
        if self.least_users:
            settings["PREFERSTREAM_GATE_MIN_USERS"] = str(self.least_users)
            settings["PREFERSTREAM_GATE_MIN_PAIRS"] = str(LEAST_PAIRS * self.least_users)
        return settings

    def drift(self, seeds: Sequence[int]) -> Drift | None:
        """Which users change their taste, and when; None without a drift."""
        if self.drift_after is None:
            return None
        users = {
            seed: set(map(int, drifting_users(self.users, share=self.drift_share, seed=seed)[0]))
            for seed in seeds
        }
        return Drift(self.drift_after, users)
