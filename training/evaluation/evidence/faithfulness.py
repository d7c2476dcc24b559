"""Take the references that evidence names away, score again, and compare with the claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from PIL.Image import Image

from shared.domain.subjects.words import ShownWord
from shared.domain.taste import Element
from shared.embedding.images.reference_effects import MIN_EFFECT
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors
from shared.events.types.evidence import ReferenceSide
from shared.prompting.evidence.claims import (
    KnownReference,
    WordClaim,
    resemblance_claims,
    word_claims,
)
from shared.prompting.evidence.comparison import SIDES, Comparison, compare
from shared.prompting.evidence.evidence import subject_claims
from shared.prompting.evidence.seen_words import seen_subjects, seen_words
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import References, Scores, ScoringInput, VisionLanguageModel
from training.evaluation.real_pictures.rankers import EncoderRanker, Ranker

Kind = Literal["reference", "resemblance", "subject", "total", "word"]
KINDS: Final[Mapping[Kind, str]] = {
    "reference": "one named reference, subject score",
    "resemblance": "all references that an image resembles, subject score",
    "subject": "all references that share a word for the subject, subject score",
    "total": "one named reference, total with taste and weights predicted again",
    "word": "all references that share a word, score of its element",
}


@dataclass
class Checked:
    """Claims of one person by kind, each 1 where the score moved as claimed, else 0."""

    moved: dict[Kind, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    images: int = 0
    explained: int = 0
    """Images about which something is claimed."""


def check_subject(
    references: SubjectReferences, images: Vectors, words: Sequence[Sequence[ShownWord]] = ()
) -> Checked:
    """The claims about what images show, (images, dimension).

    `words` name what the likes, the dislikes and the images show, in this order.
    """
    checked = Checked(images=len(images))
    rows = {"liked": len(references.liked), "disliked": len(references.disliked)}
    names = {side: [f"{side} {row}" for row in range(rows[side])] for side in SIDES}
    shown = iter(words or [()] * (sum(rows.values()) + len(images)))
    words_of = {side: {name: next(shown) for name in names[side]} for side in SIDES}
    scores = references.scores(images)
    for comparison, score, seen in zip(
        compare(references, names, images), scores, list(shown), strict=True
    ):
        known = [
            KnownReference(
                name,
                side,
                {"subject": tuple(word.word for word in words_of[side][name])},
                similarity=comparison.effects[side, name].similarity,
                effect=comparison.effects[side, name].points,
                resembles=comparison.effects[side, name].resembles,
            )
            for side in SIDES
            for name in names[side]
        ]
        named = subject_claims(seen_subjects(float(score), seen, comparison, words_of), known)
        checked.explained += bool(named)
        for claim in named:
            if isinstance(claim, WordClaim):
                checked.moved["subject"].append(_moves(comparison, claim.side, claim.shared_by))
        for claim in resemblance_claims(known):
            resembling = [r.image_id for r in known if r.side == claim.side and r.resembles]
            checked.moved["resemblance"].append(_moves(comparison, claim.side, resembling))
            checked.moved["reference"] += [
                _moves(comparison, claim.side, [name]) for name in claim.image_ids
            ]
    return checked


async def check_totals(
    ranker: Ranker, encoder: EncoderRanker, references: References, images: Sequence[Image]
) -> Checked:
    """The named references, taken away one by one before everything is predicted again."""
    checked = Checked(images=len(images))
    by_subject = SubjectReferences(
        await encoder.vectors(references.liked), await encoder.vectors(references.disliked)
    )
    names: dict[ReferenceSide, list[str]] = {
        "liked": [str(n) for n in range(len(references.liked))],
        "disliked": [str(n + len(references.liked)) for n in range(len(references.disliked))],
    }
    totals = await ranker.score(references, images)
    compared = compare(by_subject, names, await encoder.vectors(images))
    explained: set[int] = set()
    for side in SIDES:
        sign = 1 if side == "liked" else -1
        for name in names[side]:
            effects = [comparison.effects[side, name] for comparison in compared]
            rows = [
                row
                for row, effect in enumerate(effects)
                if effect.resembles and sign * effect.points >= MIN_EFFECT
            ]
            explained.update(rows)
            if rows:
                again = await ranker.score(_without(references, {int(name)}), images)
                checked.moved["total"] += [float(sign * (totals[n] - again[n]) > 0) for n in rows]
    checked.explained = len(explained)
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


def _moves(comparison: Comparison, side: ReferenceSide, names: Sequence[str]) -> float:
    """Whether the subject score moves away from the side without these references.

    The score is 2.5, neutral, where the other references give no score.
    """
    references = comparison.references
    sides = {"liked": references.liked, "disliked": references.disliked}
    rows = [row for row, name in enumerate(comparison.names[side]) if name in names]
    sides[side] = np.delete(sides[side], rows, axis=0)
    image = comparison.image[None]
    rest = SubjectReferences(**sides)
    before = references.scores(image)[0]
    after = rest.scores(image)[0] if rest.can_score else 2.5
    return float(after < before if side == "liked" else after > before)
