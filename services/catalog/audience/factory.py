"""Build the publication of audiences from the settings; none while it is off."""

from services.catalog.audience.publication import AudiencePublication
from shared.domain.clock import Clock
from shared.embedding.audience.settings import AudienceSettings
from shared.messaging.contract import Publisher
from shared.runtime.audience import audience_matcher
from shared.runtime.dependencies import SharedDependencies


def audience_publication(
    settings: AudienceSettings,
    shared: SharedDependencies,
    publisher: Publisher,
    *,
    clock: Clock,
) -> AudiencePublication | None:
    """The hook for newly indexed images; None without the setting `PREFERSTREAM_AUDIENCE`."""
    if not settings.audience:
        return None
    return AudiencePublication(audience_matcher(settings, shared), publisher, clock=clock)
