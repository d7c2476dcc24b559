"""Score and name what image files show, and weigh it as the liked and disliked files do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL.Image import Image

from shared.domain.subjects.words import NamedReference, ShownWord, Side, Subjects, subjects_of
from shared.domain.taste import Taste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.naming.nearest_references import typical_references
from shared.embedding.images.naming.protocol import NamesSubjects
from shared.embedding.images.protocol import ImageEncoder, UnreadableImages
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.images.weighed_references import LookScores, weigh_references
from shared.embedding.protocol import Vectors
from shared.vlm.protocol import VisionLanguageModel

Images = Mapping[str, Image]
"""Images by the address of their file."""


@dataclass(frozen=True)
class FileSubjects:
    """What the files show; without an image encoder nothing is known."""

    subjects: Subjects | None = None
    """What the liked and the disliked files show."""
    weights: RankingWeights | None = None
    """What the user goes by; None: the look alone."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Subject score of each candidate, 0-5; a candidate that cannot be encoded has none."""
    words: Mapping[str, tuple[ShownWord, ...]] = field(default_factory=dict)
    """The words that the encoder is sure of, by candidate."""
    references: SubjectReferences | None = None
    """The vectors of the references, to score further files; None where they cannot score."""


async def file_subjects(
    encoder: ImageEncoder,
    model: VisionLanguageModel,
    taste: Taste,
    *,
    liked: Images,
    disliked: Images,
    candidates: Images,
) -> FileSubjects:
    """Compare what candidates show with the references. Raises `Unavailable`.

    A side with too few references is compared with the candidates. A file on both sides is no
    evidence for either.
    """
    liked, disliked = _without(liked, disliked), _without(disliked, liked)
    sides: dict[Side, dict[str, Vectors]] = {
        "liked": await encoded(encoder, liked),
        "disliked": await encoded(encoder, disliked),
    }
    vectors = await encoded(encoder, candidates)
    references = SubjectReferences(
        _stacked(sides["liked"], encoder.dimension),
        _stacked(sides["disliked"], encoder.dimension),
        _stacked(vectors, encoder.dimension),
    )
    subjects = await _subjects(encoder, sides)
    words = await shown_words(encoder, vectors)
    if not references.can_score or not vectors:
        return FileSubjects(subjects, words=words)
    weights = await _weights(
        references, model, taste, liked=liked, disliked=disliked, candidates=candidates
    )
    scores = references.scores(np.stack(list(vectors.values())))
    return FileSubjects(
        subjects,
        weights,
        dict(zip(vectors, scores.tolist(), strict=True)),
        words,
        references,
    )


async def encoded(encoder: ImageEncoder, images: Images) -> dict[str, Vectors]:
    """The vector of each image; one that the encoder cannot read is left out."""
    if not images:
        return {}
    try:
        rows = dict(enumerate(await encoder.encode(list(images.values()))))
    except UnreadableImages as error:
        rows = dict(error.vectors)
    return {name: rows[number] for number, name in enumerate(images) if number in rows}


async def shown_words(
    encoder: ImageEncoder, vectors: Mapping[str, Vectors]
) -> dict[str, tuple[ShownWord, ...]]:
    if not vectors or not isinstance(encoder, NamesSubjects):
        return {}
    words = await encoder.subject_words(np.stack(list(vectors.values())))
    return dict(zip(vectors, words, strict=True))


async def _subjects(encoder: ImageEncoder, sides: Mapping[Side, Mapping[str, Vectors]]) -> Subjects:
    named: list[NamedReference] = []
    for side, vectors in sides.items():
        words = await shown_words(encoder, vectors)
        named += [
            NamedReference(name, side, tuple(shown.word for shown in words.get(name, ())))
            for name in vectors
        ]
    liked, disliked = sides["liked"], sides["disliked"]
    examples: dict[Side, Sequence[str]] = {
        "liked": typical_references(liked, disliked),
        "disliked": typical_references(disliked, liked),
    }
    return subjects_of(named, examples=examples)


async def _weights(
    references: SubjectReferences,
    model: VisionLanguageModel,
    taste: Taste,
    *,
    liked: Images,
    disliked: Images,
    candidates: Images,
) -> RankingWeights:
    """The weights that the profile service would give, from the descriptions of all files."""
    images = [*liked.values(), *disliked.values(), *candidates.values()]
    words = [description.words for description in await model.describe(images)]
    of_liked, rest = words[: len(liked)], words[len(liked) :]
    of_disliked, others = rest[: len(disliked)], rest[len(disliked) :]
    look = LookScores.of_words(of_liked, of_disliked, [taste], others=others)
    return weigh_references(references, look, model.element_weights).weights


def _without(images: Images, removed: Images) -> Images:
    return {name: image for name, image in images.items() if name not in removed}


def _stacked(vectors: Mapping[str, Vectors], dimension: int) -> Vectors:
    return np.stack(list(vectors.values())) if vectors else np.zeros((0, dimension), np.float32)
