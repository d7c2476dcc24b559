"""A record without a value removes its key where the service handles removals."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.events import CatalogImage
from shared.events.topics import CATALOG
from shared.events.types.base import image_of_record_key
from shared.events.wire.record import Outgoing, Record, Unreadable
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letter_guard import DeadLetterGuard
from shared.messaging.consume.processing import Processing
from shared.messaging.contract import Delivery
from shared.messaging.metrics import MessagingMetrics
from tests.contract.events import wire

PUBLISHED = wire.Sent("", wire.CATALOG, wire.value(wire.CATALOG), b"img-1").record()
TOMBSTONE = replace(PUBLISHED, value=None)


class Catalog:
    """A service that keeps image ids; the first `failures` removals are unavailable."""

    def __init__(self, *, removes: bool = True, failures: int = 0) -> None:
        self.images: list[str] = []
        self.removed: list[ImageKey] = []
        self.letters: list[Outgoing] = []
        self._failures = failures
        settings = MessagingSettings()
        self.processing = Processing(
            CATALOG,
            self.publish,
            handle_tombstone=self.remove if removes else None,
            sender=self,
            guard=DeadLetterGuard(max_ratio=1.0, window=settings.dead_letter_window),
            metrics=MessagingMetrics(CollectorRegistry()),
            settings=settings,
            sleep=self.sleep,
        )

    async def publish(self, event: CatalogImage, delivery: Delivery) -> None:
        self.images.append(event.image_id)

    async def remove(self, delivery: Delivery) -> None:
        if self._failures:
            self._failures -= 1
            raise Unavailable("store", "it does not answer")
        self.removed.append(image_of_record_key(delivery.record.key))

    async def send(self, *records: Outgoing) -> None:
        self.letters += records

    async def sleep(self, seconds: float) -> None:
        pass

    async def process(self, record: Record) -> None:
        await self.processing.once(record)

    @property
    def reasons(self) -> list[bytes | None]:
        return [dict(letter.headers)["x-error"] for letter in self.letters]


async def test_a_tombstone_removes_and_a_value_is_handled() -> None:
    catalog = Catalog()
    await catalog.process(PUBLISHED)
    await catalog.process(TOMBSTONE)
    assert (catalog.images, catalog.removed) == (["img-1"], [ImageKey("default", "img-1")])
    assert catalog.letters == []


async def test_a_removal_is_tried_again_while_the_store_is_away() -> None:
    catalog = Catalog(failures=3)
    await catalog.process(TOMBSTONE)
    assert len(catalog.removed) == 1


async def test_a_tombstone_of_no_image_becomes_a_dead_letter() -> None:
    catalog = Catalog()
    await catalog.process(replace(TOMBSTONE, key=b"\xff"))
    assert (catalog.removed, catalog.reasons) == ([], [b"bad_key"])


async def test_a_service_without_removals_makes_a_dead_letter_of_a_tombstone() -> None:
    catalog = Catalog(removes=False)
    await catalog.process(TOMBSTONE)
    assert catalog.reasons == [b"no_value"]


@pytest.mark.parametrize("value", [b"", None])
async def test_an_unreadable_record_removes_nothing(value: bytes | None) -> None:
    catalog = Catalog()
    unreadable = Unreadable("unreadable_batch", "offsets 3 to 17 cannot be read: zstd failed")
    await catalog.process(replace(TOMBSTONE, value=value, unreadable=unreadable))
    assert (catalog.removed, catalog.reasons) == ([], [b"unreadable_batch"])
