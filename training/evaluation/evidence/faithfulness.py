"""Take the references that evidence names away, score again, and compare with the claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from PIL.Image import Image

from shared.domain.taste import Element
from shared.embedding.images.reference_effects import reference_effects
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors
from shared.events.types.evidence import ReferenceSide
from shared.prompting.evidence.claims import (
    KnownReference,
    WordClaim,
    resemblance_claims,
    word_claims,
)
from shared.prompting.evidence.seen_words import seen_words
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import References, Scores, ScoringInput, VisionLanguageModel

Kind = Literal["reference", "resemblance", "word"]
KINDS: Final[Mapping[Kind, str]] = {
    "reference": "one named reference, subject score",
    "resemblance": "all references that an image resembles, subject score",
    "word": "all references that share a word, score of its element",
}
SIDES: Final[tuple[tuple[ReferenceSide, int], ...]] = (("liked", 1), ("disliked", -1))


@dataclass
class Checked:
    """Claims of one person by kind, each 1 where the score moved as claimed, else 0."""

    moved: dict[Kind, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    images: int = 0
    explained: int = 0
    """Images about which something is claimed."""


def check_subject(references: SubjectReferences, images: Vectors) -> Checked:
    """The claims about what images show, (images, dimension)."""
    checked = Checked(images=len(images))
    effects = dict(zip(("liked", "disliked"), reference_effects(references, images), strict=True))
    for row, image in enumerate(images):
        known = [
            KnownReference(
                f"{side} {column}",
                side,
                similarity=float(of_side.similarity[row, column]),
                effect=float(of_side.points[row, column]),
                resembles=bool(of_side.resembles[row, column]),
            )
            for side, _ in SIDES
            for of_side in [effects[side]]
            for column in range(of_side.points.shape[1])
        ]
        claims = resemblance_claims(known)
        checked.explained += bool(claims)
        for claim in claims:
            named = [int(name.split()[1]) for name in claim.image_ids]
            resembling = np.flatnonzero(effects[claim.side].resembles[row]).tolist()
            checked.moved["resemblance"].append(_moves(references, image, claim.side, resembling))
            checked.moved["reference"] += [
                _moves(references, image, claim.side, [column]) for column in named
            ]
    return checked


async def check_words(
    model: VisionLanguageModel, references: References, images: Sequence[Image]
) -> Checked:
    """The claims about words: the taste is predicted again without the named references."""
    checked = Checked(images=len(images))
    descriptions = await model.describe([*references.images, *images])
    own = descriptions[: len(references.images)]
    sides: list[ReferenceSide] = ["liked"] * len(references.liked)
    sides += ["disliked"] * len(references.disliked)
    known = [
        KnownReference(str(number), side, {e.value: w for e, w in description.words.items()})
        for number, (side, description) in enumerate(zip(sides, own, strict=True))
    ]
    scores = await _scores(model, references, images)
    for image, score, description in zip(
        images, scores, descriptions[len(references.images) :], strict=True
    ):
        claims = word_claims(seen_words(score, description.words, {}), known)
        checked.explained += bool(claims)
        for claim in claims:
            if not isinstance(claim, WordClaim):
                continue
            rest = _without(references, {int(name) for name in claim.shared_by})
            (again,) = await _scores(model, rest, [image])
            element = Element(claim.seen.element)
            change = again.expected(element) - score.expected(element)
            checked.moved["word"].append(float(change < 0 if claim.side == "liked" else change > 0))
    return checked


async def _scores(
    model: VisionLanguageModel, references: References, images: Sequence[Image]
) -> list[Scores]:
    taste = taste_by_vote(await model.predict([references]))
    return await model.score([ScoringInput(taste, image) for image in images])


def _without(references: References, numbers: set[int]) -> References:
    liked = len(references.liked)
    return References(
        tuple(image for n, image in enumerate(references.liked) if n not in numbers),
        tuple(image for n, image in enumerate(references.disliked) if n + liked not in numbers),
    )


def _moves(
    references: SubjectReferences, image: Vectors, side: ReferenceSide, columns: Sequence[int]
) -> float:
    """Whether the subject score moves away from the side without these references.

    The score is 2.5, neutral, where a side has fewer than two references left.
    """
    sides = {"liked": references.liked, "disliked": references.disliked}
    sides[side] = np.delete(sides[side], list(columns), axis=0)
    before = references.scores(image[None])[0]
    after = (
        SubjectReferences(**sides).scores(image[None])[0]
        if min(map(len, sides.values())) >= 2
        else 2.5
    )
    return float(after < before if side == "liked" else after > before)
