"""Images are loaded, encoded and described once for each content, and failures are noted."""

import asyncio

import numpy as np
import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.store.protocol import Described, ImageDescription
from shared.vlm.background_work import Pace
from shared.vlm.model_selection import PromotedModel
from tests.unit.services.catalog.service_on_fakes import CatalogOnFakes

GONE = Unprocessable("http_404", "the host has no such image", external=True)
TOO_LARGE = Unprocessable("too_many_bytes", "it has more than 32 MB; send a smaller rendition")
AWAY = Unavailable("image_host", "it does not answer")
NEWER = PromotedModel("colors-2", "registry/colors-2", "0" * 64)


async def test_a_published_image_gets_words_subjects_and_vectors() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert image.index is not None
    assert image.index.words == {Element.COLOR: ("red",)}
    assert image.index.subject_words == ("circle",)
    assert image.index.model_version == "colors-1"
    key = image.entry.key
    vectors = (await service.catalogs.current.vectors([key]))[key]
    assert set(vectors) == {"image", "color"}
    known = await service.image_store.find(tenant="default", image_ids=["a"])
    assert known["a"].uri == "drawing:red"
    assert known["a"].content_hash == image.index.content_hash


async def test_the_assessor_finds_the_description_and_the_vector_of_an_indexed_image() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert image.index is not None
    name = image.index.content_hash
    described = await service.image_store.descriptions(
        content_hashes=[name], model_version="colors-1"
    )
    assert described[name].description.words == image.index.words
    assert name in service.vectors.by_hash


async def test_one_content_under_a_thousand_ids_is_described_once() -> None:
    service = CatalogOnFakes()
    for n in range(1_000):
        await service.publish(f"i{n}", "drawing:red" if n % 2 else f"drawing:{n}")
        service.images.drawn_as[f"drawing:{n}"] = "red"
    await service.index_all()
    assert service.model.described == ["red"]
    assert service.encoder.encoded == ["red"]
    assert service.counts.by_state == {"indexed": 1_000, "outdated": 0, "waiting": 0, "failed": 0}
    assert service.images.loads < 600  # one address for five hundred of them is loaded once


async def test_what_feeds_have_described_and_encoded_is_used_again() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await service.publish("b", "drawing:2")
    service.images.drawn_as["drawing:2"] = "red"
    await service.index_all()
    assert await service.status_of("b") == "indexed"
    assert service.model.described == ["red"]


async def test_another_address_is_indexed_again_while_the_old_index_serves() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await service.publish("a", "drawing:blue")
    image = await service.stored("a")
    assert image is not None
    assert image.index is not None
    assert (image.status, image.index.words[Element.COLOR]) == ("waiting", ("red",))
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert image.index is not None
    assert (image.status, image.index.words[Element.COLOR]) == ("indexed", ("blue",))


@pytest.mark.parametrize("error", [GONE, TOO_LARGE])
async def test_a_permanent_failure_is_noted_until_the_image_is_published_again(
    error: Unprocessable,
) -> None:
    service = CatalogOnFakes()
    service.images.refused["drawing:red"] = error
    await service.publish("bad", "drawing:red")
    await service.publish("good", "drawing:blue")
    await service.index_all()
    image = await service.stored("bad")
    assert image is not None
    assert image.failure is not None
    assert (image.status, image.failure.reason) == ("failed", error.reason)
    assert image.failure.detail == error.detail
    assert await service.status_of("good") == "indexed"
    assert service.background.status().of("default").failed == {error.reason: 1}
    loads = service.images.loads
    service.restart()
    await service.index_all()
    assert service.images.loads == loads
    service.images.refused.clear()
    await service.publish("bad", "drawing:red")
    await service.index_all()
    assert await service.status_of("bad") == "indexed"


async def test_a_changed_image_that_cannot_be_loaded_serves_no_longer() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    service.images.refused["drawing:gone"] = GONE
    await service.publish("a", "drawing:gone")
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert (image.status, image.index) == ("failed", None)
    assert service.counts.by_state["failed"] == 1


async def test_an_image_whose_host_is_away_is_tried_again_later() -> None:
    service = CatalogOnFakes()
    service.images.refused["drawing:red"] = AWAY
    await service.publish("a", "drawing:red")
    await service.index_all()
    assert await service.status_of("a") == "waiting"
    assert service.background.status().retrying == {"image_host": 1}
    service.images.refused.clear()
    await service.index_all()
    assert await service.status_of("a") == "waiting"
    service.time.now += 30
    await service.index_all()
    assert await service.status_of("a") == "indexed"
    assert service.background.status().retrying == {}


async def test_an_unavailable_model_loses_no_image() -> None:
    service = CatalogOnFakes()
    service.model.unavailable["describe"] = "it restarts"
    await service.publish("a", "drawing:red")
    with pytest.raises(Unavailable):
        await service.index_all()
    service.model.unavailable.clear()
    await service.index_all()
    assert await service.status_of("a") == "indexed"
    assert service.images.loads == 1


async def test_an_unavailable_store_loses_no_image() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    service.catalogs.current.unavailable = "it restarts"
    with pytest.raises(Unavailable):
        await service.indexer.load_next()
    service.catalogs.current.unavailable = None
    await service.index_all()
    assert await service.status_of("a") == "indexed"


async def test_an_image_that_breaks_the_model_fails_alone_after_some_attempts() -> None:
    service = CatalogOnFakes()
    service.model.breaks.add("describe")
    await service.publish("a", "drawing:red")
    for _ in range(4):
        await service.index_all()
        assert await service.status_of("a") == "waiting"
        service.time.now += 3_600
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert image.failure is not None
    assert image.failure.reason == "internal_error"
    assert "RuntimeError" in image.failure.detail


async def test_a_restart_continues_with_the_images_that_wait() -> None:
    service = CatalogOnFakes()
    for color in ("red", "green", "blue"):
        await service.publish(color, f"drawing:{color}")
    await service.indexer.load_next()
    service.restart()
    await service.index_all()
    assert service.counts.by_state["indexed"] == 3
    service.restart()
    await service.index_all()
    assert sorted(service.model.described) == ["blue", "green", "red"]


async def test_more_waiting_images_than_fit_are_read_from_the_store() -> None:
    service = CatalogOnFakes(waiting_images=2)
    for color in ("red", "green", "blue", "black", "white"):
        await service.publish(color, f"drawing:{color}")
    for _ in range(4):
        await service.index_all()
    assert service.counts.by_state["indexed"] == 5


async def test_a_new_model_describes_again_and_keeps_the_image_vectors() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await service.models.promote(NEWER)
    await service.background.scan_if_due()
    assert service.background.status().outdated == 1
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert image.index is not None
    assert image.index.model_version == "colors-2"
    assert service.newer_model.described == ["red"]
    assert service.encoder.encoded == ["red"]
    assert service.background.status().outdated == 0
    vectors = await service.catalogs.current.vectors([image.entry.key])
    assert np.linalg.norm(vectors[image.entry.key]["image"]) == pytest.approx(1)


async def test_an_image_that_is_gone_when_a_new_model_comes_serves_with_its_old_words() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    service.images.refused["drawing:red"] = GONE
    await service.models.promote(NEWER)
    await service.index_all()
    image = await service.stored("a")
    assert image is not None
    assert image.index is not None
    assert image.index.model_version == "colors-1"
    assert image.failure is not None
    loads = service.images.loads
    service.restart()
    await service.index_all()
    assert service.images.loads == loads
    assert service.counts.by_state == {"indexed": 1, "outdated": 0, "waiting": 0, "failed": 0}


async def test_an_image_of_which_all_is_known_is_not_loaded() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await service.models.promote(NEWER)
    index = (await service.stored("a")).index  # type: ignore[union-attr]
    assert index is not None
    description = ImageDescription(
        content_hash=index.content_hash, model_version="colors-2", words={}
    )
    await service.image_store.describe([Described(description, np.zeros(160, np.float32))])
    await service.index_all()
    assert (await service.stored("a")).index.model_version == "colors-2"  # type: ignore[union-attr]
    assert service.images.loads == 1


async def test_only_images_without_an_index_are_new() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await service.publish("a", "drawing:blue")
    await service.models.promote(NEWER)
    await service.index_all()
    assert [content.key for content in service.new] == [ImageKey("default", "a")]


async def test_no_image_is_described_while_a_request_is_in_work() -> None:
    service = CatalogOnFakes(pace=Pace(quiet_seconds=0.01))
    await service.publish("a", "drawing:red")
    await service.background.start()
    with service.models.background.request():
        await asyncio.sleep(0.3)
        assert service.images.loads == 1
        assert service.model.described == []
    async with asyncio.timeout(10):
        while await service.status_of("a") != "indexed":  # noqa: ASYNC110  # the store has no event
            await asyncio.sleep(0.01)
    await service.background.stop()
