"""Users who choose from a catalog in which some words are far more frequent than others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from services.profile.prediction.base_rates import BaseRates
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.events.types.feedback import Action
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Reference, ReferenceDescription
from shared.vlm.protocol import PredictedTaste
from tests.unit.services.profile.sample_references import NOON

WORDS = {element: [f"{element.value} {n}" for n in range(12)] for element in ELEMENTS}
Shown = Mapping[Element, str]
DAYS, SLATES, IMAGES, CHOSEN = 3, 4, 12, 2
"""Days, slates a day, images of a slate, and images of it that the user chooses."""
STATED = 5
"""Stated references of each side."""
FIDELITY = 0.8
"""Probability that a stated reference shows the word of the taste."""


@dataclass(frozen=True)
class Person:
    """A user's stated taste, all references, and the images that the slates showed."""

    stated: Taste
    references: tuple[Reference, ...]
    catalog: BaseRates


def person(
    seed: int,
    *,
    skew: Mapping[Element, float],
    like: Action,
    dislike: Action | None,
    drifts: bool,
    slates: int = SLATES,
) -> Person:
    """A person who states a taste, then chooses from so many slates a day for three days.

    `skew` is the share of the catalog that shows the first word of an element. A person who drifts
    chooses by another taste than the stated one.
    """
    rng = np.random.default_rng(seed)
    stated = _sides(rng, skew)
    current = _sides(rng, skew) if drifts else stated
    statements: list[tuple[Shown, Action]] = [
        (stated[0], "reference_like"),
        (stated[1], "reference_dislike"),
    ]
    references = [
        _reference(_stated_image(rng, skew, words), action, 0, number)
        for words, action in statements
        for number in range(STATED)
    ]
    shown: list[Shown] = []
    for slate in range(DAYS * slates):
        images = [_image(rng, skew) for _ in range(IMAGES)]
        shown += images
        by_utility = sorted(images, key=lambda image: _utility(image, current) + rng.normal())
        actions = [(image, like) for image in by_utility[-CHOSEN:]]
        if dislike is not None:
            actions += [(image, dislike) for image in by_utility[:CHOSEN]]
        day = 1 + slate / slates
        references += [_reference(*action, day, number) for number, action in enumerate(actions)]
    liked, disliked = [{e: (side[e],) for e in ELEMENTS} for side in stated]
    taste = taste_by_vote([PredictedTaste(liked, disliked)])
    words = [{element: (word,) for element, word in image.items()} for image in shown]
    return Person(taste, tuple(references), BaseRates.from_descriptions(words))


def _sides(rng: np.random.Generator, skew: Mapping[Element, float]) -> tuple[Shown, Shown]:
    """A liked and a disliked word of each element, none of them the frequent word."""
    pairs = {
        e: rng.choice(WORDS[e][1:] if e in skew else WORDS[e], 2, replace=False) for e in ELEMENTS
    }
    return (
        {e: str(pair[0]) for e, pair in pairs.items()},
        {e: str(pair[1]) for e, pair in pairs.items()},
    )


def _image(rng: np.random.Generator, skew: Mapping[Element, float]) -> dict[Element, str]:
    return {
        e: WORDS[e][0] if rng.random() < skew.get(e, 0.0) else str(rng.choice(WORDS[e]))
        for e in ELEMENTS
    }


def _stated_image(
    rng: np.random.Generator, skew: Mapping[Element, float], words: Shown
) -> dict[Element, str]:
    image = _image(rng, skew)
    return image | {e: word for e, word in words.items() if rng.random() < FIDELITY}


def _utility(image: Shown, taste: Sequence[Shown]) -> float:
    liked, disliked = taste
    return sum((image[e] == liked[e]) - (image[e] == disliked[e]) for e in ELEMENTS)


def _reference(image: Shown, action: Action, day: float, number: int) -> Reference:
    name = f"{action}-{day:g}-{number}"
    return Reference(
        image_id=name,
        uri=f"drawing:{name}",
        content_hash=name,
        side="liked" if action in ("reference_like", "like", "click") else "disliked",
        action=action,
        occurred_at=NOON + timedelta(days=day, seconds=number),
        event_id=name,
        description=ReferenceDescription(
            model_version="words-1", words=tuple((e, (word,)) for e, word in image.items())
        ),
    )
