"""Publications are stored once, and tombstones remove images at once from all collections."""

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.unit.services.catalog.service_on_fakes import CatalogOnFakes


async def test_a_publication_waits_for_its_index() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red", tags=("sea",))
    image = await service.stored("a")
    assert image is not None
    assert image.entry.tags == ("sea",)
    assert image.status == "waiting"
    assert len(service.waiting) == 1


async def test_a_redelivered_publication_changes_nothing() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await service.publish("a", "drawing:red")
    assert not len(service.waiting)
    assert service.metrics.published._value.get() == 1


async def test_changed_tags_do_not_index_again() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await service.publish("a", "drawing:red", tags=("sea",))
    assert not len(service.waiting)
    assert (await service.stored("a")).entry.tags == ("sea",)  # type: ignore[union-attr]


async def test_a_publication_under_the_key_of_another_image_is_refused() -> None:
    service = CatalogOnFakes()
    with pytest.raises(Unprocessable, match="wrong_key"):
        await service.publish("a", "drawing:red", key=b"b")
    assert await service.stored("a") is None


async def test_a_tombstone_removes_the_image_from_the_collections_of_all_encoders() -> None:
    old = InMemoryCatalog()
    service = CatalogOnFakes(serving_catalog=old)
    await service.publish("a", "drawing:red")
    assert await old.count() == await service.catalogs.current.count() == 1
    await service.remove("a")
    assert await old.count() == await service.catalogs.current.count() == 0
    await service.remove("a")
    await service.remove("unknown")
    assert service.counts.by_tenant == {}


async def test_an_earlier_publication_does_not_bring_a_removed_image_back() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red", offset=10)
    await service.remove("a")
    service.offset = 100
    await service.remove("a")
    await service.publish("a", "drawing:red", offset=10)
    assert await service.stored("a") is None
    await service.publish("a", "drawing:red")
    assert await service.status_of("a") == "waiting"


async def test_an_image_that_is_removed_while_it_loads_stays_removed() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.indexer.load_next()
    await service.remove("a")
    await service.index_all()
    assert await service.stored("a") is None
    assert service.counts.by_tenant == {}


async def test_an_image_that_is_removed_while_it_fails_is_not_counted() -> None:
    service = CatalogOnFakes()
    service.images.refused["drawing:red"] = Unprocessable("http_404", "the host has no such image")
    await service.publish("a", "drawing:red")
    await service.indexer.load_next()
    await service.remove("a")
    await service.index_all()
    assert service.counts.by_state == {"indexed": 0, "outdated": 0, "waiting": 0, "failed": 0}


async def test_an_unavailable_store_accepts_nothing() -> None:
    service = CatalogOnFakes()
    service.catalogs.current.unavailable = "it restarts"
    with pytest.raises(Unavailable):
        await service.publish("a", "drawing:red")
    service.catalogs.current.unavailable = None
    await service.publish("a", "drawing:red")
    assert len(service.waiting) == 1
