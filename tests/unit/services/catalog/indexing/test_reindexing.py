"""Another encoder fills its own collection while the old one serves, and then takes its place."""

from shared.domain.errors import Unprocessable
from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.store.catalog.images import ImageIndex, IndexedContent, Publication
from tests.fakes.images import plain_image
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.unit.services.catalog.service_on_fakes import NOW, OLD_SPACE, SPACE, CatalogOnFakes


async def old_catalog(*colors: str, model: str = "colors-1") -> InMemoryCatalog:
    """A catalog of an old encoder, with one indexed image of each color."""
    catalog = InMemoryCatalog()
    for color in colors:
        uri = f"drawing:{color}"
        entry = CatalogEntry(tenant="default", image_id=color, uri=uri)
        await catalog.publish([Publication(entry, NOW)])
        index = ImageIndex(
            uri=uri,
            content_hash=plain_image(uri, color).content_hash,
            words={Element.COLOR: (color, "of the old collection")},
            model_version=model,
            indexed_at=NOW,
        )
        await catalog.index([IndexedContent(ImageKey("default", color), index, {})])
    return catalog


async def test_the_old_collection_serves_until_the_new_one_is_complete() -> None:
    old = await old_catalog("red", "green")
    service = CatalogOnFakes(serving_catalog=old)
    await service.reindexing.start()
    await service.background.scan_if_due()
    assert not await service.background.switch_if_done()
    status = service.background.status()
    assert status.reindexing is not None
    assert (status.reindexing.copied, status.reindexing.share) == (True, 0.0)
    assert await service.catalogs.serving_space() == OLD_SPACE
    await service.index_all()
    assert await service.background.switch_if_done()
    assert await service.catalogs.serving_space() == SPACE
    assert service.background.status().reindexing is None
    assert service.counts.by_state["indexed"] == 2
    assert service.new == []


async def test_words_of_the_same_model_are_used_again() -> None:
    service = CatalogOnFakes(serving_catalog=await old_catalog("red"))
    await service.reindexing.start()
    await service.index_all()
    image = await service.stored("red")
    assert image is not None
    assert image.index is not None
    assert image.index.words == {Element.COLOR: ("red", "of the old collection")}
    assert service.model.described == []
    assert service.encoder.encoded == ["red"]


async def test_words_of_another_model_are_not_used() -> None:
    service = CatalogOnFakes(serving_catalog=await old_catalog("red", model="colors-0"))
    await service.reindexing.start()
    await service.index_all()
    assert service.model.described == ["red"]


async def test_publications_and_removals_reach_both_collections_meanwhile() -> None:
    old = await old_catalog("red", "green")
    service = CatalogOnFakes(serving_catalog=old)
    await service.reindexing.start()
    await service.background.scan_if_due()
    await service.publish("new", "drawing:blue")
    await service.publish("green", "drawing:green", tags=("sea",))
    await service.remove("red")
    await service.index_all()
    assert await service.background.switch_if_done()
    for catalog in (old, service.catalogs.current):
        images = await catalog.get([ImageKey("default", name) for name in ("red", "green", "new")])
        assert {key.image_id for key in images} == {"green", "new"}
        assert images[ImageKey("default", "green")].entry.tags == ("sea",)
    assert [content.key.image_id for content in service.new] == ["new"]


async def test_a_publication_by_another_process_is_copied_before_the_switch() -> None:
    old = await old_catalog("red")
    service = CatalogOnFakes(serving_catalog=old)
    await service.reindexing.start()
    await service.index_all()
    entry = CatalogEntry(tenant="default", image_id="late", uri="drawing:blue")
    await old.publish([Publication(entry, NOW)])
    await old.remove([ImageKey("default", "red")])
    assert not await service.background.switch_if_done()
    await service.index_all()
    assert await service.status_of("red") is None
    assert await service.status_of("late") == "indexed"
    assert await service.background.switch_if_done()


async def test_an_encoder_with_which_images_fail_does_not_empty_the_feeds() -> None:
    service = CatalogOnFakes(serving_catalog=await old_catalog("red", "green", "blue"))
    for color in ("red", "green"):
        service.images.refused[f"drawing:{color}"] = Unprocessable("http_404", "gone")
    await service.reindexing.start()
    await service.index_all()
    assert not await service.background.switch_if_done()
    assert await service.catalogs.serving_space() == OLD_SPACE


async def test_a_restart_in_the_middle_continues() -> None:
    service = CatalogOnFakes(serving_catalog=await old_catalog("red", "green", "blue"))
    await service.reindexing.start()
    await service.background.scan_if_due()
    await service.indexer.load_next()
    service.restart()
    await service.reindexing.start()
    await service.index_all()
    assert await service.background.switch_if_done()
    assert len(service.encoder.encoded) == 3


async def test_the_old_collection_is_dropped_when_no_process_uses_it() -> None:
    service = CatalogOnFakes(serving_catalog=await old_catalog("red"))
    await service.reindexing.start()
    await service.index_all()
    assert await service.background.switch_if_done()
    await service.background.drop_if_due()
    assert service.catalogs.dropped == []
    service.time.now += 61
    await service.background.drop_if_due()
    assert service.catalogs.dropped == [OLD_SPACE.collection]


async def test_a_collection_that_another_process_indexes_is_kept() -> None:
    service = CatalogOnFakes(serving_catalog=await old_catalog("red"))
    await service.reindexing.start()
    await service.index_all()
    await service.background.store_status()
    of_other = service.catalogs.status_log[-1].model_copy(
        update={"collection": OLD_SPACE.collection}
    )
    await service.catalogs.put_status(of_other)
    assert await service.background.switch_if_done()
    service.time.now += 61
    await service.background.drop_if_due()
    assert service.catalogs.dropped == []


async def test_a_process_of_which_the_space_served_never_takes_the_alias_back() -> None:
    service = CatalogOnFakes()
    await service.reindexing.start()
    await service.publish("a", "drawing:red")
    await service.index_all()
    other = await old_catalog("red")
    service.catalogs._by_space[OLD_SPACE] = other
    service.catalogs._serving = OLD_SPACE
    assert not await service.background.switch_if_done()
    assert await service.catalogs.serving_space() == OLD_SPACE
