"""Predict each user's profile with the champion, from the references and from parts of them.

The profile of the whole references is the champion's own. Predictions from random parts of them
(bagging) and the profile that the slates were scored with show how sure the champion is of a word.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.prompt import shown_words
from shared.vlm.protocol import References
from training.evaluation.scoring import batches
from training.job.examples.hindsight.choices import Choices, Shown
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import open_image
from training.job.scoring.pair_scoring import Model
from training.rewards.prediction import Sides

SAMPLES: Final = 3
"""Predictions of a user: one from all references, the others from parts of them."""
KEPT: Final = 0.7
"""Share of the references of a side in such a part."""
BATCH: Final = 16
Rng = np.random.Generator


@dataclass(frozen=True)
class Predictions:
    """What the champion predicts for one user."""

    own: Sides | None
    """From all references; None without references, or after the deadline."""
    samples: tuple[Sides, ...]
    """All predictions of the user, the profile of the slates among them."""

    @property
    def baseline(self) -> Sides:
        """The champion's profile: its prediction, else that of the slates."""
        if self.own is not None:
            return self.own
        return self.samples[0] if self.samples else Sides({}, {})


def predict_users(
    champion: Model, choices: Choices, *, rng: Rng, is_late: IsLate, samples: int = SAMPLES
) -> list[Predictions]:
    """By user; first every user once, then again while there is time."""
    shown = [u for u, refs in enumerate(choices.references) if refs.liked or refs.disliked]
    predicted: list[list[Sides]] = [[] for _ in choices.users]
    own: list[Sides | None] = [None] * len(choices.users)
    for sample in range(samples):
        for users in batches(shown, BATCH):
            if is_late():
                break
            parts = [
                choices.references[u] if not sample else _part(choices.references[u], rng)
                for u in users
            ]
            for u, answer in zip(users, champion.predict([_open(p) for p in parts]), strict=True):
                taste = taste_by_vote([answer])
                sides = Sides(shown_words(taste.preference), shown_words(taste.non_preference))
                predicted[u].append(sides)
                if not sample and not answer.problems:
                    own[u] = sides
    served = _served_profiles(choices)
    return [
        Predictions(own[u], (*predicted[u], *([served[u]] if u in served else [])))
        for u in range(len(choices.users))
    ]


def _served_profiles(choices: Choices) -> dict[int, Sides]:
    """By user the most frequent profile of the slates."""
    counts: dict[int, Counter[str]] = {}
    of_pairs = zip(choices.user.tolist(), choices.cases, choices.clicked, strict=True)
    for user, case, is_clicked in of_pairs:
        if is_clicked and case.taste is not None:
            shown = Sides(
                shown_words(case.taste.preference), shown_words(case.taste.non_preference)
            )
            counts.setdefault(user, Counter())[shown.to_json()] += 1
    return {u: Sides.from_json(of_user.most_common(1)[0][0]) for u, of_user in counts.items()}


def _part(shown: Shown, rng: Rng) -> Shown:
    return Shown(_some(shown.liked, rng), _some(shown.disliked, rng))


def _some(files: Sequence[Path], rng: Rng) -> tuple[Path, ...]:
    """A random part of the files, in a random order."""
    count = max(1, round(KEPT * len(files))) if files else 0
    return tuple(files[int(number)] for number in rng.permutation(len(files))[:count])


def _open(shown: Shown) -> References:
    return References(tuple(map(open_image, shown.liked)), tuple(map(open_image, shown.disliked)))
