"""Write what choices teach in hindsight: profiles, profile pairs, and SFT examples.

`hindsight.jsonl` has one line for each user whose profile is kept, `profile_pairs.jsonl` a better
and a worse profile of the same references.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.taste import Element
from shared.files.atomic_write import atomic_write
from training.evaluation.scoring import batches
from training.job.examples.example_lines import HINDSIGHT, Line, name_in
from training.job.examples.hindsight.choices import Choices, number_choices
from training.job.examples.hindsight.described_references import Encode
from training.job.examples.hindsight.evidence import HeldBack, held_back
from training.job.examples.hindsight.joint_fit import JointFit, Start, joint_fit
from training.job.examples.hindsight.kept_readings import KeptReadings
from training.job.examples.hindsight.predictions import Predictions, predict_users
from training.job.examples.hindsight.profile_search import ProfileSearch
from training.job.examples.hindsight.readings import Readings, read_images
from training.job.examples.hindsight.references import ReferenceLessons, learn_from_references
from training.job.examples.hindsight.targets import (
    as_json,
    describe_lines,
    image_words,
    predict_lines,
    score_lines,
)
from training.job.examples.hindsight.vocabulary import Vocabulary
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import FeedbackCase, open_image
from training.job.scoring.pair_scoring import SCORING_BATCH, Model

PROFILE_PAIRS: Final = "profile_pairs.jsonl"
DESCRIBED: Final = 64
"""Images with the most pairs whose descriptions add words to the vocabulary."""
FROM_REFERENCES: Final = {"gain": 0.0, "pairs": 0, "weight": 0.5}
"""Of a profile that is known from references alone: no pairs judge it, but its words hold for other
users too."""
FULL_PAIRS: Final = 10
"""Held-back pairs from which a profile has its full weight."""
REFERENCE_ORDERS: Final = 2
"""Predictions of a user whose profile is known from references, with these in other orders."""


@dataclass(frozen=True)
class Hindsight:
    """What was learned from the choices."""

    lines: tuple[Line, ...] = ()
    """SFT examples."""
    users: int = 0
    profiles: int = 0
    """Users with a hindsight profile."""
    gain: float = 0.0
    """Mean gain of these users in the share of held-back pairs that are ranked right."""
    images: int = 0
    other_words: int = 0
    """Images with another word than the champion's."""
    covered: frozenset[str] = frozenset()
    """Users with a hindsight profile, or one that their references share."""
    from_references: int = 0
    """Users whose profile has the words that references share."""
    shared: tuple[str, ...] = ()
    """Elements whose words were learned from references."""

    @property
    def has_lessons(self) -> bool:
        """Whether any example differs from what the champion answers itself."""
        return bool(self.profiles or self.other_words or self.from_references)

    @property
    def counts(self) -> dict[str, float]:
        """For the result of the stage."""
        return {
            "users": self.users, "profiles": self.profiles, "gain": round(self.gain, 4),
            "images": self.images, "other_words": self.other_words, "examples": len(self.lines),
            "from_references": self.from_references,
        }  # fmt: skip

    @property
    def summary(self) -> str:
        if not self.users:
            return "no hindsight profiles: no user has choices that can be compared"
        return (
            f"hindsight profiles of {self.profiles} of {self.users} users rank"
            f" {100 * self.gain:+.1f} points more of their held-back pairs right;"
            f" {self.other_words} of {self.images} images got other words; {self._of_references}"
        )

    @property
    def _of_references(self) -> str:
        if not self.shared:
            return "references taught no words"
        return f"references of {self.from_references} more users taught {', '.join(self.shared)}"


def write_hindsight(
    dataset: Path,
    cases: Sequence[FeedbackCase],
    champion: Model,
    *,
    seed: int,
    predictions_are_late: IsLate,
    readings_are_late: IsLate,
    references_are_late: IsLate = lambda: False,
    fits_are_late: IsLate = lambda: False,
    encode: Encode | None = None,
    rationales: bool = False,
    open_candidate: Callable[[], Model | None] = lambda: None,
    kept: KeptReadings | None = None,
) -> Hindsight:
    """Write both files, completely or not at all, and return the SFT examples.

    The parts follow each other in time: predictions, descriptions (`references_are_late`) and
    readings. Each of their deadlines is called in its own part only, because a `Deadline` measures
    the time from call to call. `fits_are_late` stops fits in two parts. Without `encode` nothing is
    learned from the references alone. `rationales` adds examples of them, by nano's rule. Words
    that a candidate of earlier nights has learned keep their names. `kept` are the champion's
    readings of the night before.
    """
    rng = np.random.default_rng((seed, 0x41D5))
    choices = number_choices(cases)
    if not choices.clicked.any():
        return _write(dataset, Hindsight(), [], [])
    predictions = predict_users(champion, choices, rng=rng, is_late=predictions_are_late)
    sides = [side for p in predictions for s in p.samples for side in (s.likes, s.dislikes)]
    order = _by_pairs(choices)
    candidate = open_candidate()
    most_chosen = [choices.images[image] for image in order[:DESCRIBED]]
    for model in (champion, candidate):
        if model is not None:
            sides += _described(model, most_chosen, references_are_late)
    vocabulary = Vocabulary.of(sides)
    samples = [tuple(map(vocabulary.profile, (p.baseline, *p.samples))) for p in predictions]
    lessons = ReferenceLessons()
    if encode is not None:
        lessons = learn_from_references(
            champion, choices, vocabulary, [of_user[0] for of_user in samples], dataset,
            encode=encode, rng=rng, is_late=references_are_late, fits_are_late=fits_are_late,
            rationales=rationales, candidate=candidate,
        )  # fmt: skip
    readings = read_images(
        champion, choices.images, vocabulary, order=order, is_late=readings_are_late, kept=kept
    )
    if lessons.readings is not None:
        readings = _with_lessons(readings, lessons.readings, lessons.gains)
    for user, profile in lessons.profiles.items():
        samples[user] = (profile, *samples[user])
    start = Start(vocabulary, readings, tuple(samples))
    search = ProfileSearch(vocabulary)
    judged = held_back(choices, start, search, is_late=fits_are_late)
    fit = joint_fit(choices, np.ones(len(choices.user), np.bool_), start, search)
    return _learned(dataset, choices, predictions, start, judged, fit, lessons, rng)


def _with_lessons(readings: Readings, lessons: Readings, changed: Iterable[Element]) -> Readings:
    """The readings with the words of changed elements, and with descriptions where none is."""
    learned = set(changed)
    words = {}
    for element, own in readings.words.items():
        is_taken = lessons.read & (~readings.read | (element in learned))
        words[element] = np.where(is_taken[:, None], lessons.words[element], own)
    return Readings(words, readings.read | lessons.read)


def _learned(
    dataset: Path, choices: Choices, predictions: Sequence[Predictions], start: Start,
    judged: HeldBack, fit: JointFit, lessons: ReferenceLessons, rng: np.random.Generator,
) -> Hindsight:  # fmt: skip
    vocabulary, readings = start.vocabulary, start.readings
    kept = [int(user) for user in np.argsort(-judged.evidence, kind="stable") if judged.kept[user]]
    words = image_words(fit.words, readings, {e: judged.word_evidence(e) for e in fit.words})
    profiles = [fit.profiles[user] if user in kept else own for user, own in enumerate(start.own)]
    tastes = [vocabulary.sides(profile) for profile in profiles]
    with_profile = [u for u, own in enumerate(profiles) if any(a or b for a, b in own)]
    from_references = sorted(lessons.profiles.keys() - set(kept))
    drawn = rng.permutation(np.array(from_references, np.int64)).tolist()
    lines = (
        *predict_lines(choices, tastes, drawn, dataset, rng, orders=REFERENCE_ORDERS),
        *lessons.lines,
        *predict_lines(choices, tastes, kept, dataset, rng),
        *describe_lines(choices, vocabulary, words, dataset),
        *score_lines(choices, vocabulary, profiles, words, readings, with_profile, dataset, rng),
    )
    hindsight = Hindsight(
        lines=lines,
        users=len(choices.users),
        profiles=len(kept),
        gain=float(judged.gain[kept].mean()) if kept else 0.0,
        images=len(choices.images),
        other_words=int(words.changed.any(axis=1).sum()),
        covered=frozenset(choices.users[user] for user in (*kept, *from_references)),
        from_references=len(from_references),
        shared=tuple(element.label for element in lessons.gains),
    )
    records = [
        {
            "user": choices.users[user],
            "liked": [name_in(file, dataset) for file in choices.references[user].liked],
            "disliked": [name_in(file, dataset) for file in choices.references[user].disliked],
            "taste": as_json(tastes[user]),
            "champion_taste": as_json(predictions[user].baseline),
            **(_evidence(judged, user) if user in kept else FROM_REFERENCES),
        }
        for user in [*kept, *from_references]
    ]
    pairs = [
        {
            **{key: record[key] for key in ("user", "liked", "disliked")},
            "better": record["taste"], "worse": record["champion_taste"],
            "weight": record["weight"],
        }
        for record, user in zip(records, [*kept, *from_references], strict=True)
        if (record["liked"] or record["disliked"])
        and profiles[user] != vocabulary.profile(predictions[user].baseline)
    ]  # fmt: skip
    return _write(dataset, hindsight, records, pairs)


def _evidence(judged: HeldBack, user: int) -> Line:
    """What held-back pairs say about a kept profile."""
    share = min(1.0, float(judged.pairs[user]) / FULL_PAIRS)
    return {
        "gain": round(float(judged.gain[user]), 4), "pairs": int(judged.pairs[user]),
        "weight": round(float(judged.evidence[user]) * share, 4),
    }  # fmt: skip


def _write(
    dataset: Path, hindsight: Hindsight, records: Iterable[Line], pairs: Iterable[Line]
) -> Hindsight:
    for name, lines in ((HINDSIGHT, records), (PROFILE_PAIRS, pairs)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        atomic_write(dataset / name, text)
    return hindsight


def _described(
    champion: Model, files: Sequence[Path], is_late: IsLate
) -> Iterator[Mapping[Element, tuple[str, ...]]]:
    for batch in batches(files, SCORING_BATCH):
        if is_late():
            return
        for description in champion.describe([open_image(file) for file in batch]):
            if not description.problems:
                yield description.words


def _by_pairs(choices: Choices) -> list[int]:
    """Images with the most clicked pairs first, references last: a deadline leaves the last."""
    clicked = choices.clicked
    both = np.concatenate([choices.better[clicked], choices.worse[clicked]])
    counts = np.bincount(both, minlength=len(choices.images))
    return [int(image) for image in np.argsort(-counts, kind="stable")]
