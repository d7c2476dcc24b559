"""Match images with users by the dependencies that the services of one process share."""

from shared.embedding.audience.matching import AudienceMatcher
from shared.embedding.audience.settings import AudienceSettings
from shared.runtime.dependencies import SharedDependencies
from shared.store.erasure_check import ErasureCheck


def audience_matcher(settings: AudienceSettings, shared: SharedDependencies) -> AudienceMatcher:
    """A matcher that weighs the elements as the present champion does."""
    return AudienceMatcher(
        settings,
        profiles=shared.profiles,
        embedder=shared.embedder,
        erasure_check=ErasureCheck(shared.erasures),
        encoded_images=shared.encoded_images,
        image_store=shared.image_store,
        element_weights=lambda: shared.models.champion.element_weights,
    )
