"""The catalog service on a real Kafka and Qdrant's engine: publish, index, restart, kill."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.client.catalog import catalog_image
from shared.dead_letters.dead_letter import DeadLetterFilter
from shared.dead_letters.operations import find_dead_letters
from shared.domain.taste import Element
from shared.events.topics import ALL_TOPICS
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing
from shared.messaging.admin.provision import provision
from shared.store.catalog.queries import CatalogQuery, CatalogSelection
from tests.fakes.image_encoder import NamingEncoder
from tests.fakes.model import COLORS
from tests.integration.messaging.running_service import until
from tests.integration.store.catalog_service import Catalog
from tests.integration.store.killed_catalog import start_service

pytestmark = pytest.mark.kafka

IDS = 200
"""A thousand are tested without Kafka, where each takes less than 10 ms."""
KILLED_IDS = 80


@pytest.fixture
async def catalog(kafka: str, tmp_path: Path) -> Catalog:
    catalog = Catalog(kafka, tmp_path)
    await asyncio.to_thread(provision, catalog.messaging, ALL_TOPICS)
    return catalog


async def test_images_are_indexed_changed_and_removed(catalog: Catalog) -> None:
    async with catalog.service() as app:
        gone = (catalog.folder / "gone.png").as_uri()
        await catalog.publish({"a": catalog.file("red"), "gone": gone, "b": catalog.file("blue")})
        await catalog.until_status("indexed", "a", "b")
        await catalog.until_status("failed", "gone")
        failure = (await catalog.stored("gone"))["gone"].failure
        assert failure is not None
        assert failure.reason == "no_such_file"

        # Another address, a redelivered event, and an event under the key of another image.
        event = encode(catalog_image("b", catalog.file("blue"), tenant=catalog.tenant))
        wrong = encode(catalog_image("c", catalog.file("blue"), tenant=catalog.tenant))
        await catalog.send(event, event, Outgoing(wrong.topic, event.key, wrong.value))
        await catalog.publish({"a": catalog.file("green")})

        async def is_green() -> bool:
            index = (await catalog.stored("a"))["a"].index
            return index is not None and index.words == {Element.COLOR: ("green",)}

        await until(is_green)
        assert sorted(catalog.model.described) == ["blue", "green", "red"]
        page = await find_dead_letters(
            catalog.messaging, DeadLetterFilter(text=catalog.tenant), limit=10
        )
        assert [letter.reason for letter in page.letters] == ["wrong_key"]

        await catalog.remove("a")

        async def is_removed() -> bool:
            return await catalog.stored("a") == {}

        await until(is_removed)
        assert app.kafka.failure() is None


async def test_a_restart_resumes_and_one_content_under_many_ids_is_described_once(
    catalog: Catalog,
) -> None:
    for n in range(IDS // 10):
        Image.new("RGB", (8, 8), "red").save(catalog.folder / f"copy-{n}.png")
    images = {
        f"i{n}": (catalog.folder / f"copy-{n % (IDS // 10)}.png").as_uri() for n in range(IDS)
    }
    async with catalog.service() as app:
        catalog.model.unavailable["describe"] = "it restarts"
        await catalog.publish(images)

        async def all_wait() -> bool:
            assert app.indexing is not None
            return app.indexing.status().of(catalog.tenant).waiting == IDS

        await until(all_wait)
    catalog.model.unavailable.clear()
    async with catalog.service() as app:

        async def all_are_indexed() -> bool:
            assert app.indexing is not None
            return app.indexing.status().of(catalog.tenant).indexed == IDS

        await until(all_are_indexed)
        await catalog.until_status("indexed", *images)

        async def status_is_stored() -> bool:
            assert catalog.catalogs is not None
            statuses = await catalog.catalogs.statuses()
            return [status.of(catalog.tenant).indexed for status in statuses] == [IDS]

        await until(status_is_stored)
    assert catalog.model.described == ["red"]
    assert catalog.encoder.encoded == ["red"]


async def test_another_encoder_takes_the_place_of_the_old_one_when_it_is_complete(
    catalog: Catalog,
) -> None:
    colors = {color: catalog.file(color) for color in COLORS}
    async with catalog.service():
        await catalog.publish(colors)
        await catalog.until_status("indexed", *colors)
        assert catalog.catalogs is not None
        old = catalog.catalogs.current_space
    catalog.encoder = NamingEncoder({**dict.fromkeys(COLORS, "circle"), "red": "square"})
    catalog.encoder.name = "subjects-2"
    async with catalog.service():
        assert catalog.catalogs is not None
        assert await catalog.catalogs.serving_space() == old
        await catalog.remove("red")

        async def has_switched() -> bool:
            assert catalog.catalogs is not None
            return await catalog.catalogs.serving_space() == catalog.catalogs.current_space

        await until(has_switched)

        async def is_removed() -> bool:
            return await catalog.stored("red") == {}

        await until(is_removed)
        assert len(await catalog.stored(*colors)) == len(COLORS) - 1
        (hits,) = await catalog.catalogs.current.query(
            CatalogSelection(catalog.tenant),
            [CatalogQuery("image", (np.eye(catalog.encoder.dimension, dtype=np.float32)[0],))],
        )
        assert len(hits) == len(COLORS) - 1
    assert len(catalog.model.described) == len(COLORS)


async def test_a_kill_while_images_are_indexed_loses_no_image_and_no_removal(
    catalog: Catalog,
) -> None:
    images = {f"i{n}": (catalog.folder / f"wide-{n}.png").as_uri() for n in range(KILLED_IDS)}
    for n in range(KILLED_IDS):
        Image.new("RGB", (8 + n, 8), "red").save(catalog.folder / f"wide-{n}.png")
    process = await asyncio.to_thread(start_service, catalog)
    try:
        await catalog.publish(images)
        assert process.stdout is not None
        indexed = 0
        while indexed < KILLED_IDS // 4:
            indexed = int(await asyncio.to_thread(process.stdout.readline))
    finally:
        process.kill()
        process.wait()
    assert indexed < KILLED_IDS
    process.stdout.close()
    await catalog.remove("i0")
    await catalog.publish({"late": catalog.file("blue")})
    remaining = sorted({*images, "late"} - {"i0"})
    async with catalog.service():
        await catalog.until_status("indexed", *remaining)

        async def is_removed() -> bool:
            return await catalog.stored("i0") == {}

        await until(is_removed)
        assert catalog.catalogs is not None
        assert await catalog.catalogs.current.count(tenant=catalog.tenant) == len(remaining)
    # What was indexed before the kill is not described again.
    assert len(catalog.model.described) <= KILLED_IDS + 1 - indexed
