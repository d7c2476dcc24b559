"""Addresses are loaded at the same time, each once, and a slow host delays only its own images."""

import asyncio
from collections.abc import Hashable

import pytest

from shared.domain.errors import Unavailable
from shared.images.loader import LoadedImage
from tests.fakes.images import ColorImages
from tests.unit.services.catalog.service_on_fakes import CatalogOnFakes


class SlowImages(ColorImages):
    """The addresses in `slow` load when `is_there` is set; one in `broken` raises an error."""

    def __init__(self) -> None:
        super().__init__()
        self.slow: set[str] = set()
        self.broken: set[str] = set()
        self.is_there = asyncio.Event()

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage:
        if uri in self.slow:
            await self.is_there.wait()
        if uri in self.broken:
            raise RuntimeError("a mistake in the decoder")
        return await super().load(uri, requester=requester)


@pytest.fixture
def service() -> CatalogOnFakes:
    return CatalogOnFakes(images=SlowImages())


async def steps(service: CatalogOnFakes, count: int = 5) -> None:
    for _ in range(count):
        await service.indexer.load_next()
        await asyncio.sleep(0)
        await service.indexer.index_next()
        await service.indexer.write_next()


async def test_images_of_other_hosts_are_indexed_while_one_host_is_slow(
    service: CatalogOnFakes,
) -> None:
    assert isinstance(service.images, SlowImages)
    service.images.slow.add("drawing:red")
    for color in ("red", "green", "blue"):
        await service.publish(color, f"drawing:{color}")
    await steps(service)
    assert [await service.status_of(c) for c in ("red", "green", "blue")] == [
        "waiting", "indexed", "indexed",
    ]  # fmt: skip
    assert not service.indexer.is_idle
    service.images.is_there.set()
    await service.index_all()
    assert await service.status_of("red") == "indexed"


async def test_the_images_in_work_are_limited(service: CatalogOnFakes) -> None:
    assert isinstance(service.images, SlowImages)
    for n in range(40):
        service.images.slow.add(f"drawing:{n}")
        await service.publish(str(n), f"drawing:{n}")
    await steps(service)
    assert service.indexer.loading.in_work == 32
    assert len(service.waiting) == 8
    await service.indexer.loading.stop()


async def test_one_address_under_several_ids_is_loaded_once(service: CatalogOnFakes) -> None:
    for n in range(20):
        await service.publish(str(n), "drawing:red")
    await service.index_all()
    await service.publish("later", "drawing:red")
    await service.index_all()
    assert service.images.loads == 1
    assert service.counts.by_state["indexed"] == 21


async def test_an_image_that_is_removed_and_published_again_is_loaded_again(
    service: CatalogOnFakes,
) -> None:
    await service.publish("a", "drawing:1")
    service.images.drawn_as["drawing:1"] = "red"
    await service.index_all()
    service.images.drawn_as["drawing:1"] = "blue"
    await service.remove("a")
    await service.publish("a", "drawing:1")
    await service.index_all()
    assert service.model.described == ["red", "blue"]


async def test_a_mistake_in_the_loader_costs_its_own_image_alone(service: CatalogOnFakes) -> None:
    assert isinstance(service.images, SlowImages)
    service.images.broken.add("drawing:red")
    await service.publish("bad", "drawing:red")
    await service.publish("good", "drawing:blue")
    for _ in range(5):
        await service.index_all()
        service.time.now += 3_600
    image = await service.stored("bad")
    assert image is not None
    assert image.failure is not None
    assert image.failure.reason == "internal_error"
    assert await service.status_of("good") == "indexed"


async def test_failures_are_noted_after_an_outage_of_the_store(service: CatalogOnFakes) -> None:
    assert isinstance(service.images, SlowImages)
    service.images.slow.add("drawing:red")
    service.images.refused["drawing:red"] = Unavailable("image_host", "it does not answer")
    await service.publish("a", "drawing:red")
    await service.indexer.load_next()
    service.catalogs.current.unavailable = "it restarts"
    service.images.is_there.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    service.catalogs.current.unavailable = None
    service.images.refused.clear()
    service.time.now += 3_600
    await service.index_all()
    assert await service.status_of("a") == "indexed"
