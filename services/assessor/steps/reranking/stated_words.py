"""Move images some places up or down when they show a word that the user stated or vetoed.

Scores alone do not do it: where the subject has nearly the whole weight, an image that shows a
pinned color passes no other (decision 0156).
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from services.assessor.steps.state import ScoredImage
from shared.domain.corrections import Correction
from shared.domain.subjects.element import SUBJECT, ProfileElement
from shared.domain.subjects.forms import subject_form
from shared.domain.taste import Element
from shared.domain.word_forms import NO_SYNONYMS, Synonyms
from shared.store.protocol import StoredProfile

PLACES_SHARE: Final = 0.15
"""Share of the feed by which one word moves an image: visible, and no word turns a feed around."""
LEAST_PLACES: Final = 2
MOST_WORDS: Final = 3
"""Stated words of one image that count."""
LEAST_DIFFERENT: Final = 1e-4
"""Lower probabilities of a subject are equal."""
NO_LIKENESS: Final[Mapping[str, float]] = {}


@dataclass(frozen=True)
class StatedWords:
    """Where each word moves an image that shows it: +1 is up, -1 is down."""

    directions: Mapping[ProfileElement, Mapping[str, int]] = field(default_factory=dict)
    """By the form in which words of the element are compared."""
    synonyms: Synonyms = NO_SYNONYMS

    @classmethod
    def of(cls, profile: StoredProfile | None) -> Self:
        """The words of all corrections of a user.

        A liked word lifts images and a disliked one lowers them. A veto takes back what the word
        did: it lowers where the model predicted it as liked, and lifts where as disliked.
        """
        if profile is None or profile.corrections is None:
            return cls()
        synonyms = profile.all_synonyms
        by_element: dict[ProfileElement, Counter[str]] = {}
        for correction in profile.corrections.entries:
            element = correction.element
            up = 1 if correction.side == "preference" else -1
            known = {_form(element, word, synonyms) for word in _predicted(profile, correction)}
            vetoed = {_form(element, word, synonyms) for word in correction.vetoed}
            edited = (entry.word for entry in correction.edited or () if entry.weight > 0)
            stated = {_form(element, word, synonyms) for word in (*correction.pinned, *edited)}
            counts = by_element.setdefault(element, Counter())
            counts.update(dict.fromkeys(stated - vetoed, up))
            counts.update(dict.fromkeys(vetoed & known, -up))
        directions = {
            element: {word: 1 if count > 0 else -1 for word, count in counts.items() if count}
            for element, counts in by_element.items()
        }
        return cls({element: words for element, words in directions.items() if words}, synonyms)

    @property
    def has_look(self) -> bool:
        """Whether words of the look are among them, for which images must be described."""
        return any(element != SUBJECT for element in self.directions)

    def direction(
        self,
        *,
        look: Mapping[Element, Collection[str]],
        subjects: Sequence[str],
        likeness: Mapping[str, float] = NO_LIKENESS,
    ) -> float:
        """Up if positive, or down, for an image with these words; 1 for each word that it shows.

        `subjects` are the words of which the encoder is sure, the narrowest first: it decides, as
        for the score of the subject. Without such a word, `likeness` decides, -1 to 1 by word.
        """
        of_look = sum(
            direction
            for element, words in look.items()
            for direction in self._named(element, words)
        )
        of_subject: float = sum(self._named(SUBJECT, subjects)[:1])
        if not of_subject:
            directions = self.directions.get(SUBJECT, {})
            liked = sum(directions.get(word, 0) * like for word, like in likeness.items())
            of_subject = min(max(liked, -1.0), 1.0)
        return min(max(of_look + of_subject, -MOST_WORDS), MOST_WORDS)

    def _named(self, element: ProfileElement, words: Collection[str]) -> list[int]:
        directions = self.directions.get(element, {})
        forms = dict.fromkeys(_form(element, word, self.synonyms) for word in words)
        return [directions[form] for form in forms if form in directions]


def _form(element: ProfileElement, word: str, synonyms: Synonyms) -> str:
    if element == SUBJECT:
        return subject_form(word)
    return synonyms.meaning(element, word)


def _predicted(profile: StoredProfile, correction: Correction) -> list[str]:
    """The words that the model predicted for the element and side of a correction."""
    if correction.element == SUBJECT:
        subjects = profile.predicted_subjects
        return [word.word for word in getattr(subjects, correction.side).words] if subjects else []
    tastes = [profile.predicted, *(joint.taste for joint in profile.predicted_tastes)]
    return [
        word.word
        for taste in tastes
        for word in getattr(taste, correction.side)[correction.element]
    ]


def likeness_of(probabilities: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """How like each subject an image is among the images of a feed, from -1 to 1.

    `probabilities` and the result are by content hash and word. The scale is that of the logarithm
    from the least to the most probable image.
    """
    likeness: dict[str, dict[str, float]] = {name: {} for name in probabilities}
    for word in {word for of_image in probabilities.values() for word in of_image}:
        logs = {
            name: math.log(max(of_image[word], LEAST_DIFFERENT))
            for name, of_image in probabilities.items()
            if word in of_image
        }
        low, high = min(logs.values()), max(logs.values())
        for name, value in logs.items():
            likeness[name][word] = 2 * (value - low) / (high - low) - 1 if high > low else 0.0
    return likeness


def moved(
    ranked: Sequence[ScoredImage], directions: Mapping[str, float], *, size: int
) -> list[ScoredImage]:
    """The images with each one moved past others by its direction (by image id), best first.

    `size` is the number of images that the feed shows. Images of equal direction keep their order.
    Each image with a direction names the places by which it moved.
    """
    if not any(directions.values()):
        return list(ranked)
    # The half carries an image past the one whose place it takes.
    step = max(LEAST_PLACES, round(PLACES_SHARE * min(size, len(ranked)))) + 0.5
    shifts = [directions.get(image.image_id, 0.0) for image in ranked]
    order = sorted(range(len(ranked)), key=lambda index: index - step * shifts[index])
    return [
        ranked[index].with_fields(moved_by_words=index - rank) if shifts[index] else ranked[index]
        for rank, index in enumerate(order)
    ]
