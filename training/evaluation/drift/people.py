"""Simulate days of users in words: they state a taste, view slates in ranked order, and act.

The users, catalogs and actions are those of the closed loop (`training.simulate`). The votes and
the drift detection are those of the profile service. Instead of a model, the predicted words of a
group are the words that its liked images show more often than its disliked ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from services.profile.feedback.references import merge_references
from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.drift_detection import detect_drift
from services.profile.prediction.shown_words import CATALOG_IMAGES, MAX_VIEWED
from services.profile.prediction.statements import stated_taste, with_changes, with_stated_words
from services.profile.prediction.vote_weights import GroupPrediction, vote_weights
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.events.types.feedback import Action
from shared.events.types.taste_change import TasteChange
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.store.protocol import Reference, ReferenceDescription, StatedTaste
from shared.vlm.protocol import PredictedTaste
from training.prefersim.users.true_answers import score_element
from training.prefersim.values.vocabulary import SIZES, VALUES, Attributes
from training.simulate.measure.metrics import ndcg
from training.simulate.users import (
    SimulatedUser,
    clicks,
    draw_images,
    draw_users,
    explicit_feedback,
    viewed_ranks,
)

Feedback = Literal["clicks", "likes", "hides"]
"""Clicks alone; clicks with likes and dislikes; clicks with hides, by the same probabilities."""
Known = Literal["nothing", "catalog", "views"]
"""What the base rates come from: none, the catalog, or the viewed images filled up with it."""
STREAM: Final = 0xD21F
IMAGES: Final = 300
"""Images of the catalog."""
STATED: Final = 5
"""Stated references of each side."""
PER_SIDE, PREDICTED_PER_SIDE = 40, 20
"""References stored, and predicted from, of each side: the settings of the service."""
PREDICTED_EVERY: Final = 4
"""Slates between two predictions."""
SECOND_WORD: Final = 0.4
"""Share of a group's images from which its prediction names a second word."""
MISREAD: Final = 0.02
"""Share of the words of an image that the model describes wrongly, as nano-4 does."""
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
SLATE_GAP: Final = timedelta(minutes=30)


@dataclass(frozen=True)
class Setting:
    """What one run simulates."""

    skew: float = 0.0
    feedback: Feedback = "likes"
    drifts: bool = False
    known: Known = "views"
    equal_weights: bool = False
    """All five elements count equally for every user, instead of as the closed loop draws them."""
    days: int = 3
    slates: int = 8
    slate_size: int = 12


@dataclass
class Person:
    """One simulated user, the catalog, and the profile so far."""

    user: SimulatedUser
    rng: np.random.Generator
    shown: Attributes
    """True values of the catalog. (images, 5)"""
    described: list[Mapping[Element, tuple[str, ...]]]
    references: tuple[Reference, ...] = ()
    viewed: list[int] = field(default_factory=list)
    taste: Taste = field(default_factory=Taste)
    stated: StatedTaste | None = None
    history: tuple[TasteChange, ...] = ()
    stated_first: Taste = field(default_factory=Taste)
    events: int = 0


def new_person(setting: Setting, *, seed: int, number: int) -> Person:
    """A user of the closed loop with a catalog, after stating ten references."""
    rng = np.random.default_rng((seed, STREAM, number))
    (user,) = draw_users(number + 1, seed=seed)[number:]
    if setting.equal_weights:
        user = replace(user, weights=(1 / len(ELEMENTS),) * len(ELEMENTS))
    shown = draw_images(rng, IMAGES, skew=setting.skew)
    person = Person(user, rng, shown, [_described(rng, row) for row in shown])
    sides: Sequence[tuple[Action, Attributes]] = (
        ("reference_like", user.taste.likes),
        ("reference_dislike", user.taste.dislikes),
    )
    references = [
        _reference(person, action, _described(rng, rows[rng.integers(len(rows))]), START)
        for action, rows in sides
        for _ in range(STATED)
    ]
    _predict(person, references, setting)
    person.stated_first = person.taste
    if setting.drifts:
        person.user = user.with_drift(rng)
    return person


def live_day(person: Person, setting: Setting, day: int) -> float:
    """One day of slates. Returns the mean NDCG@10 by the true appeal."""
    gains: list[float] = []
    new: list[Reference] = []
    for slate in range(setting.slates):
        candidates = person.rng.permutation(len(person.shown))[: setting.slate_size]
        order = candidates[np.argsort(-_scores(person, candidates), kind="stable")]
        gains.append(ndcg(order, person.user.appeal(person.shown)))
        at = START + timedelta(days=1 + day) + slate * SLATE_GAP
        new += _actions(person, order, setting, at)
        if (slate + 1) % PREDICTED_EVERY == 0:
            _predict(person, new, setting)
            new.clear()
    return float(np.mean(gains))


def lost_words(person: Person) -> int:
    """How many elements of a side have lost their strongest stated word."""
    lost = 0
    for side in ("preference", "non_preference"):
        before, now = getattr(person.stated_first, side), getattr(person.taste, side)
        for element in ELEMENTS:
            stated = [word.word for word in before[element][:1]]
            shown = [word.word for word in now[element][:2]]
            lost += any(word not in shown for word in stated)
    return lost


def _actions(
    person: Person, order: npt.NDArray[np.int64], setting: Setting, at: datetime
) -> list[Reference]:
    viewed = order[: viewed_ranks(person.rng, len(order))]
    person.viewed += map(int, viewed)
    appeal = person.user.appeal(person.shown[viewed])
    clicked = clicks(person.rng, appeal)
    liked, disliked = explicit_feedback(person.rng, appeal, clicked, rate=1.0)
    acted: list[tuple[Action, npt.NDArray[np.int64]]] = [("click", viewed[clicked])]
    if setting.feedback == "likes":
        acted += [("like", viewed[liked]), ("dislike", viewed[disliked])]
    elif setting.feedback == "hides":
        acted.append(("hide", viewed[disliked]))
    return [
        _reference(person, action, person.described[int(image)], at, image=int(image))
        for action, images in acted
        for image in images
    ]


def _predict(person: Person, new: Sequence[Reference], setting: Setting) -> None:
    """The taste after new references, as the profile service predicts it from several groups."""
    person.references = merge_references(person.references, new, per_side=PER_SIDE)
    sides = [[r for r in person.references if r.side == side] for side in ("liked", "disliked")]
    groups = [
        GroupPrediction(liked, disliked, _predicted_words(liked, disliked))
        for liked, disliked in reference_groups(*(side[:PREDICTED_PER_SIDE] for side in sides))
    ]
    voted = taste_by_vote([group.predicted for group in groups], vote_weights(groups))
    known = stated_taste(groups, taste=voted, model_version="words", known=person.stated)
    voted = with_stated_words(voted, known, person.references)
    evidence = person.references if len(groups) > 1 else ()
    person.taste = detect_drift(evidence, voted, _base_rates(person, setting))
    person.stated = stated_taste(
        groups, taste=person.taste, model_version="words", known=person.stated
    )
    person.history = with_changes(
        person.history,
        stated=person.stated.taste if person.stated else None,
        current=person.taste,
        references=person.references,
        at=START,
    )


def _base_rates(person: Person, setting: Setting) -> BaseRates:
    if setting.known == "nothing":
        return UNKNOWN_BASE_RATES
    catalog = BaseRates.from_descriptions(person.described)
    if setting.known == "catalog":
        return catalog
    latest = list(dict.fromkeys(reversed(person.viewed)))[:MAX_VIEWED]
    viewed = BaseRates.from_descriptions(person.described[image] for image in latest)
    return viewed.filled_up(catalog, to=CATALOG_IMAGES)


def _predicted_words(liked: Sequence[Reference], disliked: Sequence[Reference]) -> PredictedTaste:
    return PredictedTaste(
        {element: _more_often(element, liked, disliked) for element in ELEMENTS},
        {element: _more_often(element, disliked, liked) for element in ELEMENTS},
    )


def _more_often(
    element: Element, of: Sequence[Reference], other: Sequence[Reference]
) -> tuple[str, ...]:
    """The words that images of one group show more often than those of the other, at most two."""
    if not of:
        return ()
    words = [word for reference in of for word in reference.described_words(element)]
    others = [word for reference in other for word in reference.described_words(element)]
    excess = {
        word: words.count(word) / len(of) - others.count(word) / max(len(other), 1)
        for word in dict.fromkeys(words)
    }
    ranked = sorted(excess, key=lambda word: (-excess[word], word))
    return tuple(ranked[:1] + [word for word in ranked[1:2] if excess[word] >= SECOND_WORD])


def _described(rng: np.random.Generator, row: Attributes) -> Mapping[Element, tuple[str, ...]]:
    """The words of an image, some of them wrong."""
    wrong = rng.random(len(ELEMENTS)) < MISREAD
    drawn = [int(rng.integers(size)) for size in SIZES]
    return {
        element: (VALUES[element][drawn[j] if wrong[j] else int(row[j])],)
        for j, element in enumerate(ELEMENTS)
    }


def _reference(
    person: Person,
    action: Action,
    words: Mapping[Element, tuple[str, ...]],
    at: datetime,
    *,
    image: int | None = None,
) -> Reference:
    person.events += 1
    name = f"{person.events:06d}"
    content = f"stated-{name}" if image is None else f"image-{image}"
    return Reference(
        image_id=content,
        uri=f"drawing:{content}",
        content_hash=content,
        side="liked" if action in ("reference_like", "like", "click") else "disliked",
        action=action,
        occurred_at=at + timedelta(seconds=person.events % 1_000 / 1_000),
        event_id=name,
        description=ReferenceDescription(model_version="words", words=tuple(words.items())),
    )


def _scores(person: Person, candidates: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The total of the true digits by the words of the profile, with a random order of ties."""
    taste = person.taste
    likes = {e: [word.word for word in taste.preference[e][:2]] for e in ELEMENTS}
    dislikes = {e: [word.word for word in taste.non_preference[e][:2]] for e in ELEMENTS}
    tables = [
        np.array(
            [
                score_element(e, word, likes=likes[e], dislikes=dislikes[e]).digit
                for word in VALUES[e]
            ]
        )
        for e in ELEMENTS
    ]
    rows = person.shown[candidates]
    total = sum(table[rows[:, j]] for j, table in enumerate(tables))
    return np.asarray(total + person.rng.random(len(candidates)) * 0.5, np.float64)
