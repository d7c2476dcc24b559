"""Connect the topic of the catalog to its functions."""

from typing import Final

from services.catalog.group_commit import MAX_GROUP
from services.catalog.publications import Publications
from shared.events.topics import CATALOG
from shared.messaging.service import KafkaService

ALL: Final = 1.0
"""Apps publish the images, so no ratio of bad events is a reason to stop the service."""
IN_FLIGHT: Final = 2 * MAX_GROUP
"""Events in flight: one group is written while the next one arrives."""


def connect(kafka: KafkaService, publications: Publications) -> None:
    """Many events in flight, which are written in groups; the order of an image's events counts."""
    kafka.slow(
        CATALOG,
        publications.publish,
        in_flight=IN_FLIGHT,
        handle_tombstone=publications.remove,
        max_dead_letter_ratio=ALL,
    )
