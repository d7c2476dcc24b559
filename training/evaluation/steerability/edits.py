"""Choose the corrections of a person that are measured, and the slates on which they are."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import uuid4

import numpy as np

from shared.domain.corrections import SIDES, SideName
from shared.domain.subjects.element import PROFILE_ELEMENTS, SUBJECT, ProfileElement
from shared.domain.subjects.forms import subject_form
from shared.domain.word_forms import canonical
from shared.events import ProfileCorrected
from shared.images.loader import LoadedImage
from shared.store.protocol import StoredProfile

Frequency = Literal["common", "rare"]
SLATE: Final = 12
"""Images of a slate."""
Rng = np.random.Generator


@dataclass(frozen=True)
class CatalogImage:
    """An image, and the words that it shows by a source other than the model under test."""

    image: LoadedImage
    shows: Mapping[ProfileElement, frozenset[str]]

    @property
    def name(self) -> str:
        return self.image.content_hash[:16]


@dataclass(frozen=True)
class Person:
    """One simulated user: references, and the catalog of which slates are drawn."""

    name: str
    liked: tuple[LoadedImage, ...]
    disliked: tuple[LoadedImage, ...]
    catalog: tuple[CatalogImage, ...]


@dataclass(frozen=True)
class Edit:
    """One pin or veto of one word."""

    action: Literal["pin", "veto"]
    side: SideName
    """Where the word is pinned, or where the profile has it before the veto."""
    element: ProfileElement
    word: str
    frequency: Frequency
    """Whether more images of the catalog show it than the mean word of its element."""

    @property
    def raises(self) -> bool:
        """Whether images that show the word should rise: a liked word, or one disliked no more."""
        return (self.action == "pin") == (self.side == "preference")

    def event(self, user_id: str) -> ProfileCorrected:
        """The correction as an app sends it; a veto removes the word from both sides."""
        return ProfileCorrected(
            event_id=uuid4(),
            occurred_at=datetime.now(UTC),
            user_id=user_id,
            action=self.action,
            element=self.element,
            side=self.side if self.action == "pin" else None,
            word=self.word,
        )


def reset_of(user_id: str) -> ProfileCorrected:
    """The event that removes all corrections of a user."""
    return ProfileCorrected(
        event_id=uuid4(), occurred_at=datetime.now(UTC), user_id=user_id, action="reset"
    )


def frequencies(catalog: Sequence[CatalogImage], element: ProfileElement) -> dict[str, Frequency]:
    """Each word of an element that the catalog shows, common or rare, in alphabetical order."""
    counts = Counter(word for image in catalog for word in image.shows.get(element, ()))
    if not counts:
        return {}
    mean = counts.total() / len(counts)
    return {word: "common" if counts[word] > mean else "rare" for word in sorted(counts)}


def edits_of(
    profile: StoredProfile,
    catalog: Sequence[CatalogImage],
    rng: Rng,
    *,
    elements: Sequence[ProfileElement] = PROFILE_ELEMENTS,
) -> Iterator[Edit]:
    """For each element and side a pin of a common and of a rare word, and a veto of a known word.

    A word is pinned where the profile does not have it. A veto is of a word that the profile shows
    on this side, because a correction of any other word changes no profile.
    """
    for element in elements:
        words = frequencies(catalog, element)
        for side in SIDES:
            known = known_forms(profile, side, element)
            form = form_of(element)
            new = [word for word in words if form(word) not in known]
            for frequency in ("common", "rare"):
                choice = [word for word in new if words[word] == frequency]
                if choice:
                    yield Edit("pin", side, element, str(rng.choice(choice)), frequency)
            shown = [word for word in words if form(word) in known]
            if shown:
                word = str(rng.choice(shown))
                yield Edit("veto", side, element, word, words[word])


def known_forms(profile: StoredProfile, side: SideName, element: ProfileElement) -> frozenset[str]:
    """The words of one side of a profile, in the form in which they are compared."""
    if element == SUBJECT:
        subjects = profile.subjects
        listed = getattr(subjects, side).words if subjects else ()
    else:
        listed = getattr(profile.taste, side)[element]
    form = form_of(element)
    return frozenset(form(word.word) for word in listed)


def form_of(element: ProfileElement) -> Callable[[str], str]:
    """How words of an element are compared: forms of one word are equal."""
    return subject_form if element == SUBJECT else canonical


def draw_slate(
    catalog: Sequence[CatalogImage], edit: Edit, rng: Rng, *, size: int = SLATE
) -> list[CatalogImage]:
    """Random images, at least one of which shows the word and at least one not."""
    showing, others = _split(catalog, edit)
    order = [catalog[index] for index in rng.permutation(len(catalog))[:size]]
    for side, place in ((showing, 0), (others, -1)):
        if side and not any(image in side for image in order):
            order[place] = side[int(rng.integers(len(side)))]
    return [order[index] for index in rng.permutation(len(order))]


def draw_control(
    catalog: Sequence[CatalogImage], edit: Edit, rng: Rng, *, size: int = SLATE
) -> list[CatalogImage]:
    """Random images of which none shows the word; fewer where the catalog has no more."""
    _, others = _split(catalog, edit)
    return [others[index] for index in rng.permutation(len(others))[:size]]


def showing_names(slate: Sequence[CatalogImage], edit: Edit) -> frozenset[str]:
    """The images of a slate that show the word of an edit, by name."""
    return frozenset(image.name for image in _split(slate, edit)[0])


def _split(
    images: Sequence[CatalogImage], edit: Edit
) -> tuple[list[CatalogImage], list[CatalogImage]]:
    form = form_of(edit.element)
    word = form(edit.word)
    showing: list[CatalogImage] = []
    others: list[CatalogImage] = []
    for image in images:
        forms = {form(shown) for shown in image.shows.get(edit.element, ())}
        (showing if word in forms else others).append(image)
    return showing, others
