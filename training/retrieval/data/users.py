"""Users of a comparison: references, the profile that the services make, and full scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.domain.taste import ELEMENTS, Taste
from shared.domain.weights.ranking_weights import MAX_TOTAL, RankingWeights
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.images.weighed_references import LookScores, weigh_references
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.taste_vectors import taste_vectors
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel
from training.evaluation.held_out.users import draw_held_out_users
from training.evaluation.scoring import in_batches
from training.prefersim.users.true_answers import score_element
from training.prefersim.users.users import Words
from training.prefersim.values.vocabulary import VALUES
from training.retrieval.data.images import CatalogImages
from training.retrieval.data.index import load, save

REFERENCES: Final = 5
"""Likes of a user, and as many dislikes."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Person:
    """One user before any model: references and, where it is known, the true taste."""

    name: str
    references: References
    excluded: frozenset[int] = frozenset()
    """Numbers of the catalog's images that are references: they are never retrieved."""
    relevant: frozenset[int] | None = None
    """Numbers of the images that the user likes, for real pictures."""
    likes: Words | None = None
    """The true words of a simulated user."""
    dislikes: Words | None = None


@dataclass(frozen=True)
class Profile:
    """What the services know of a user, in vectors."""

    name: str
    taste: Taste
    weights: RankingWeights
    liked: Vectors
    """Image vectors of the liked references, (likes, dimension)."""
    disliked: Vectors
    liked_words: Vectors
    """(5, dimension), unit length or zero where the taste has no word of the element."""
    disliked_words: Vectors
    excluded: frozenset[int]

    @property
    def shares(self) -> Floats:
        """The six shares of the total, in the order of the elements, the subject last; (6,)."""
        return np.array([*(self.weights[e] for e in ELEMENTS), self.weights.subject])


def simulated_people(count: int, *, seed: int) -> list[Person]:
    """Users with one taste and with two, in turns; references show the taste without errors."""
    one = draw_held_out_users(count, seed=seed)
    two = draw_held_out_users(count, seed=seed, multi=True)
    users = [(two if number % 2 else one)[number] for number in range(count)]
    return [
        Person(f"simulated-{seed}-{k}", user.references, likes=user.likes, dislikes=user.dislikes)
        for k, user in enumerate(users)
    ]


def real_people(count: int, catalog: CatalogImages, *, seed: int) -> list[Person]:
    """Users who like one set of the catalog's pictures and dislike another one."""
    by_set: dict[str, list[int]] = {}
    for number, name in enumerate(catalog.sets):
        if name:
            by_set.setdefault(name, []).append(number)
    names = [name for name, members in by_set.items() if len(members) >= 3 * REFERENCES]
    people = []
    for number in range(count):
        rng = np.random.default_rng((seed, 0x9E07, number))
        liked_set, disliked_set = rng.choice(names, 2, replace=False)
        liked = rng.choice(by_set[liked_set], REFERENCES, replace=False).tolist()
        disliked = rng.choice(by_set[disliked_set], REFERENCES, replace=False).tolist()
        shown = [tuple(catalog.images[k] for k in side) for side in (liked, disliked)]
        excluded = frozenset([*liked, *disliked])
        people.append(
            Person(
                f"real-{seed}-{number}",
                References(*shown),
                excluded,
                relevant=frozenset(by_set[liked_set]) - excluded,
            )
        )
    return people


async def profile_of(
    person: Person, model: VisionLanguageModel, encoder: ImageEncoder, embedder: Embedder
) -> Profile:
    """The profile that the services make of the references (`services.profile`)."""
    references = person.references
    taste = taste_by_vote(await model.predict([references]))
    described = await model.describe(references.images)
    words = [description.words for description in described]
    vectors = np.asarray(await encoder.encode(references.images), np.float32)
    count = len(references.liked)
    sides = SubjectReferences(vectors[:count], vectors[count:])
    look = LookScores.of_words(words[:count], words[count:], [taste])
    weights = weigh_references(sides, look, model.element_weights).weights
    embedded = await taste_vectors(taste, embedder)
    return Profile(
        person.name,
        taste,
        weights,
        sides.liked,
        sides.disliked,
        _unit_blocks(embedded.preference),
        _unit_blocks(embedded.non_preference),
        person.excluded,
    )


async def look_scores(
    catalog: CatalogImages,
    profiles: Sequence[Profile],
    model: VisionLanguageModel,
    *,
    path: Path,
) -> Floats:
    """The model's element scores of every image for every user, 0-5: (users, images, 5).

    This is the expensive part; a file keeps it.
    """
    stored = load(path)
    if stored:
        return np.asarray(stored["look"], np.float64)
    rows = []
    for profile in profiles:
        inputs = [ScoringInput(profile.taste, image) for image in catalog.images]
        scores = await in_batches(model.score, inputs)
        rows.append([[score.expected(element) for element in ELEMENTS] for score in scores])
    look = np.array(rows, np.float32)
    save(path, look=look)
    return look.astype(np.float64)


def totals(profile: Profile, look: Floats, image_vectors: Vectors) -> Floats:
    """The totals by which a feed ranks, 0-25, of images with these element scores (images, 5)."""
    subject = SubjectReferences(profile.liked, profile.disliked).scores(image_vectors)
    weighted = look @ profile.shares[:-1] + profile.shares[-1] * subject
    return np.asarray(weighted * MAX_TOTAL / 5, np.float64)


def true_relevance(person: Person, catalog: CatalogImages) -> Floats:
    """What the user truly thinks of each image: 0-25 of drawings, 0 or 1 of real pictures."""
    if person.relevant is not None:
        gains = np.zeros(len(catalog))
        gains[list(person.relevant)] = 1.0
        return gains
    assert catalog.shown is not None
    assert person.likes is not None
    assert person.dislikes is not None
    total = np.zeros(len(catalog))
    for column, element in enumerate(ELEMENTS):
        table = np.array(
            [
                score_element(
                    element, word, likes=person.likes[element], dislikes=person.dislikes[element]
                ).digit
                for word in VALUES[element]
            ],
            np.float64,
        )
        total += table[catalog.shown[:, column]]
    return total


def _unit_blocks(vector: Vectors) -> Vectors:
    blocks = vector.reshape(len(ELEMENTS), -1)
    lengths = np.linalg.norm(blocks, axis=1, keepdims=True)
    units: Vectors = (blocks / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return units
