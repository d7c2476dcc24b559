"""The tasks survive errors, and store the progress for other processes."""

import asyncio

from services.catalog.indexing.audiences import Audiences
from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.store.catalog.protocol import CatalogStore
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.unit.services.catalog.service_on_fakes import SPACE, CatalogOnFakes


async def test_the_status_is_stored_when_it_changes_and_as_a_heartbeat() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.background.store_status()
    assert service.catalogs.status_log == []  # before the scan the counts are not complete
    service.time.now += 3
    await service.index_all()
    await service.background.store_status()
    (status,) = await service.catalogs.statuses()
    assert status.collection == SPACE.collection
    assert status.of("default").indexed == status.total.indexed == 1
    for seconds, writes in ((3, 1), (3, 1), (30, 2)):
        service.time.now += seconds
        await service.background.store_status()
        assert len(service.catalogs.status_log) == writes
    await service.publish("b", "drawing:blue")
    service.time.now += 3
    await service.background.store_status()
    assert service.catalogs.status_log[-1].of("default").waiting == 1
    assert service.metrics.images.labels("waiting")._value.get() == 1
    assert service.metrics.retrying_images._value.get() == 0
    service.images.refused["drawing:blue"] = Unavailable("image_host", "it does not answer")
    await service.index_all()
    service.time.now += 3
    await service.background.store_status()
    assert service.metrics.retrying_images._value.get() == 1


async def test_the_status_names_the_problem_while_nothing_progresses() -> None:
    service = CatalogOnFakes()
    service.model.unavailable["describe"] = "it restarts"
    await service.publish("a", "drawing:red")
    await service.background.start()
    async with asyncio.timeout(10):
        while service.background.status().problem is None:  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.01)
    assert "it restarts" in (service.background.status().problem or "")
    service.model.unavailable.clear()
    async with asyncio.timeout(10):
        while await service.status_of("a") != "indexed":  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.01)
    assert service.background.status().problem is None
    await service.background.stop()


async def test_audiences_are_published_one_after_another() -> None:
    published: list[tuple[ImageKey, str]] = []

    class Publisher:
        async def indexed(self, catalog: CatalogStore, key: ImageKey, *, content_hash: str) -> None:
            assert catalog is service.catalogs.current
            published.append((key, content_hash))

    service = CatalogOnFakes()
    audiences = Audiences(Publisher(), service.catalogs)
    await service.publish("a", "drawing:red")
    await service.index_all()
    audiences.add(service.new)
    assert await audiences.publish_next()
    assert not await audiences.publish_next()
    (content,) = service.new
    assert published == [(content.key, content.index.content_hash)]


async def test_a_collection_for_another_encoder_is_in_use_before_it_is_filled() -> None:
    service = CatalogOnFakes(serving_catalog=InMemoryCatalog())
    await service.background.start()
    (status,) = await service.catalogs.statuses()
    assert status.collection == SPACE.collection
    await service.background.stop()
