"""Read what an image is compared with for one user: tastes in words, and reference images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.domain.element_weights import ElementWeights
from shared.domain.joint_tastes import JointTaste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.images.tenant_images import TenantImages
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.taste_vectors import taste_vectors
from shared.store.protocol import ImageStore, ProfileStore, Reference, StoredProfile, TasteVectors


@dataclass(frozen=True)
class ComparableReferences:
    """References that suffice to score images, and the dimension of their vectors."""

    references: SubjectReferences
    dimension: int

    def score(self, image: Vectors) -> float:
        """Score of what one image shows, 0-5; `image` has the shape (dimension,)."""
        return float(self.references.scores(image[None, :])[0])


@dataclass(frozen=True)
class UserExamples:
    """What one user's images are compared with, by each of the user's tastes."""

    tastes: tuple[TasteVectors, ...]
    references: tuple[ComparableReferences | None, ...]
    """Of each taste; None where they do not suffice, or where subjects do not count."""
    weights: RankingWeights | None = None
    """What the user goes by; None where the subject does not count."""


class ExampleReader:
    """Reads the examples of users. Raises `Unavailable` as the stores do."""

    def __init__(
        self,
        *,
        profiles: ProfileStore,
        embedder: Embedder,
        encoded_images: EncodedImages | None = None,
        image_store: ImageStore | None = None,
    ) -> None:
        self._profiles = profiles
        self._embedder = embedder
        self._encoded_images = encoded_images
        self._tenant_images = (
            TenantImages(encoded_images, image_store) if encoded_images and image_store else None
        )

    async def read(self, profile: StoredProfile, weights: ElementWeights) -> UserExamples:
        """The examples of a user; without any taste for a user who has no stored one."""
        tastes = await self._tastes(profile)
        references = [await self._references(profile, joint) for joint in joint_of(profile)]
        if len(tastes) != len(references):
            return UserExamples((), ())
        return UserExamples(tuple(tastes), tuple(references), _own_weights(profile, weights))

    async def _tastes(self, profile: StoredProfile) -> list[TasteVectors]:
        """The vectors of the joint tastes, or of the one taste; with the user's corrections."""
        of_user = {"tenant": profile.tenant, "user_id": profile.user_id}
        stored: Mapping[str, TasteVectors] = {}
        if profile.corrections is None:
            if not profile.tastes:
                vectors = await self._profiles.vectors(**of_user)
                return [vectors] if vectors else []
            stored = await self._profiles.joint_vectors(**of_user)
        # The stored vectors are of the prediction alone; a corrected taste is embedded again.
        return [
            stored.get(joint.taste_id if joint else "")
            or await taste_vectors(joint.taste if joint else profile.taste, self._embedder)
            for joint in joint_of(profile)
        ]

    async def _references(
        self, profile: StoredProfile, joint: JointTaste | None
    ) -> ComparableReferences | None:
        if self._encoded_images is None or not profile.has_weights:
            return None
        references = await self._encoded_images.references(
            [r for r in profile.references if _belongs_to(r, joint)]
        )
        if not references.are_enough and self._tenant_images is not None:
            own = {reference.content_hash for reference in profile.references}
            background = await self._tenant_images.vectors(profile.tenant, without=own)
            references = replace(references, background=background)
        if not references.can_score:
            return None
        return ComparableReferences(references, references.liked.shape[1])


def joint_of(profile: StoredProfile) -> Sequence[JointTaste | None]:
    """The joint tastes of a user with several; None stands for the one taste of the others."""
    return profile.tastes or (None,)


def _belongs_to(reference: Reference, joint: JointTaste | None) -> bool:
    """Whether a reference defines a taste: all disliked ones do, as in a feed."""
    return (
        joint is None or reference.side == "disliked" or reference.image_id in joint.reference_ids
    )


def _own_weights(profile: StoredProfile, weights: ElementWeights) -> RankingWeights | None:
    """What the user goes by; a profile of an earlier version has only the weight of the subject."""
    if profile.ranking_weights is not None or profile.subject_weight is None:
        return profile.ranking_weights
    return RankingWeights.of(weights, subject=profile.subject_weight.weight)
