"""Name what a user's references show: by the stored image vectors, else by descriptions."""

from collections.abc import Sequence
from typing import Final

from shared.domain.subjects.words import NamedReference, Side, Subjects, subjects_of
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.naming.described_subject import described_subject
from shared.embedding.images.naming.nearest_references import typical_references
from shared.store.protocol import Reference

SIDES: Final[tuple[Side, Side]] = ("liked", "disliked")


class SubjectNames:
    """Names the subjects of a profile. Raises `Unavailable` as the store does."""

    def __init__(self, encoded_images: EncodedImages) -> None:
        self._encoded_images = encoded_images

    async def subjects(self, references: Sequence[Reference]) -> Subjects | None:
        """The subjects of all references that have a vector or a described subject.

        None where no reference has either. A described subject counts where the image encoder is
        not sure of any word.
        """
        vectors = await self._encoded_images.stored([r.content_hash for r in references])
        latest_first = sorted(
            (r for r in references if r.content_hash in vectors or _described(r)),
            key=lambda reference: reference.occurred_at,
            reverse=True,
        )
        if not latest_first:
            return None
        words = await self._encoded_images.subject_words(vectors)
        by_side = {
            side: {
                r.image_id: vectors[r.content_hash]
                for r in latest_first
                if r.side == side and r.content_hash in vectors
            }
            for side in SIDES
        }
        return subjects_of(
            [
                NamedReference(
                    reference.image_id,
                    reference.side,
                    tuple(shown.word for shown in words.get(reference.content_hash, ()))
                    or described_subject(_described(reference)),
                )
                for reference in latest_first
            ],
            examples={
                side: typical_references(by_side[side], by_side[other])
                for side, other in zip(SIDES, reversed(SIDES), strict=True)
            },
        )


def _described(reference: Reference) -> tuple[str, ...]:
    """What a vision-language model has named in the image; most models are not asked."""
    return reference.description.subject if reference.description else ()
