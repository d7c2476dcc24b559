"""New content at the address of a removed image is indexed, also while the old one is in work."""

import asyncio
from collections.abc import Hashable, Sequence
from datetime import timedelta

import pytest

from services.catalog.indexing.writer import Item
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import Element
from shared.images.loader import LoadedImage
from tests.fakes.images import ColorImages
from tests.unit.services.catalog.service_on_fakes import NOW, CatalogOnFakes


class SlowImages(ColorImages):
    """Draws an image at once; the first one is returned after `resume`."""

    def __init__(self) -> None:
        super().__init__()
        self.resume = asyncio.Event()

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage:
        image = await super().load(uri, requester=requester)
        if self.loads == 1:
            await self.resume.wait()
        return image


@pytest.mark.parametrize("is_loaded_before", [True, False])
async def test_content_from_before_a_removal_is_not_indexed_after_it(
    is_loaded_before: bool,
) -> None:
    images = SlowImages()
    service = CatalogOnFakes(images=images)
    images.drawn_as["drawing:x"] = "red"
    await service.publish("a", "drawing:x")
    await service.indexer.load_next()
    if is_loaded_before:
        images.resume.set()
    await asyncio.sleep(0.01)
    await service.remove("a")
    images.drawn_as["drawing:x"] = "blue"
    await service.publish("a", "drawing:x", occurred_at=NOW + timedelta(seconds=1))
    if not is_loaded_before:
        await service.indexer.load_next()
        await asyncio.sleep(0.01)
    await service.indexer.index_next()
    await service.indexer.write_next()
    images.resume.set()
    await asyncio.sleep(0.01)
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert image.index is not None
    assert image.index.words == {Element.COLOR: ("blue",)}


async def test_a_failure_from_before_a_removal_is_not_noted_after_it() -> None:
    service = CatalogOnFakes()
    service.images.refused["drawing:red"] = Unprocessable("http_404", "the host has no such image")
    await service.publish("a", "drawing:red")
    refuse = service.indexer.loading._refused
    errors = []

    async def note(refused: Sequence[tuple[Item, Unprocessable | Unavailable]]) -> None:
        errors.append(refused)

    service.indexer.loading._refused = note
    await service.indexer.load_next()
    await asyncio.sleep(0.01)
    del service.images.refused["drawing:red"]
    await service.remove("a")
    await service.publish("a", "drawing:red", occurred_at=NOW + timedelta(seconds=1))
    await refuse(errors[0])
    assert await service.status_of("a") == "waiting"
    service.indexer.loading._refused = refuse
    await service.index_all()
    assert await service.status_of("a") == "indexed"
