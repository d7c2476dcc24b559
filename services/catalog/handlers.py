"""Connect the topic of the catalog to its functions."""

from services.catalog.publications import Publications
from shared.events.topics import CATALOG
from shared.messaging.service import KafkaService

ALL: float = 1.0
"""Apps publish the images, so no ratio of bad events is a reason to stop the service."""


def connect(kafka: KafkaService, publications: Publications) -> None:
    """The fast path: an event is only stored, and the order of an image's events counts."""
    kafka.fast(
        CATALOG,
        publications.publish,
        handle_tombstone=publications.remove,
        max_dead_letter_ratio=ALL,
    )
