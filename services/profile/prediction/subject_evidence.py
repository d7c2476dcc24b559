"""Measure whether a user's references differ in what they show or in how they look."""

from collections.abc import Sequence

from PIL.Image import Image

from shared.domain.subject_weight import SubjectWeight, subject_weight
from shared.domain.taste import Taste
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.subject import separation
from shared.store.protocol import Reference
from shared.vlm.protocol import ScoringInput, VisionLanguageModel

ReferencePixels = tuple[Reference, Image]


class SubjectEvidence:
    """Encodes the references of a prediction, and weighs subject against look."""

    def __init__(self, encoded_images: EncodedImages) -> None:
        self._encoded_images = encoded_images

    async def weight(
        self, images: Sequence[ReferencePixels], taste: Taste, model: VisionLanguageModel
    ) -> SubjectWeight | None:
        """The weight of the subject; None with fewer than three references on a side.

        The vectors of the references are stored for the ranking. Raises `Unavailable` as the model
        and the store do.
        """
        references = await self._encoded_images.encoded_references(images)
        if not references.are_enough:
            return None
        scores = await model.score([ScoringInput(taste, pixels) for _, pixels in images])
        totals = [
            (reference.side, score.total)
            for (reference, _), score in zip(images, scores, strict=True)
        ]
        return subject_weight(
            subject=separation(*references.left_out()),
            look=separation(
                [total for side, total in totals if side == "liked"],
                [total for side, total in totals if side == "disliked"],
            ),
        )
