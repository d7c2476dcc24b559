"""Queries read the collection behind the alias, and indexing writes that of the present models."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from shared.store.catalog.serving import ALIAS_SECONDS, QdrantCatalogs
from shared.store.catalog.status import IndexingStatus, TenantProgress
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.contract.store.catalogs import NOW, SPACE

OTHER = SPACE.model_copy(update={"encoder": "encoder-2", "image_dimension": 3})


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncQdrantClient]:
    client = open_qdrant(StoreSettings(qdrant_path=tmp_path))
    yield client
    await client.close()


async def test_the_first_space_serves_at_once(client: AsyncQdrantClient) -> None:
    catalogs = QdrantCatalogs(client, SPACE)
    await catalogs.prepare()
    assert await catalogs.serving() is catalogs.current
    assert await catalogs.serving_space() == SPACE


async def test_the_old_space_serves_until_the_new_one_is_complete(
    client: AsyncQdrantClient,
) -> None:
    await QdrantCatalogs(client, SPACE).prepare()
    catalogs = QdrantCatalogs(client, OTHER)
    await catalogs.prepare()
    assert await catalogs.serving_space() == SPACE
    assert (await catalogs.serving()) is not catalogs.current
    await catalogs.serve_current()
    assert await catalogs.serving() is catalogs.current


async def test_another_instance_sees_the_change_within_seconds(client: AsyncQdrantClient) -> None:
    now = 0.0
    old = QdrantCatalogs(client, SPACE, monotonic=lambda: now)
    await old.prepare()
    assert await old.serving_space() == SPACE
    new = QdrantCatalogs(client, OTHER)
    await new.prepare()
    await new.serve_current()
    assert await old.serving_space() == SPACE
    now += ALIAS_SECONDS + 0.1
    assert await old.serving_space() == OTHER


async def test_publications_can_go_to_the_catalogs_of_all_spaces(
    client: AsyncQdrantClient,
) -> None:
    now = 0.0
    old = QdrantCatalogs(client, SPACE, monotonic=lambda: now)
    await old.prepare()
    assert await old.everywhere() == [old.current]
    new = QdrantCatalogs(client, OTHER)
    await new.prepare()
    assert [c.space for c in await new.everywhere()] == [SPACE, OTHER]
    now += ALIAS_SECONDS + 0.1
    assert [c.space for c in await old.everywhere()] == [SPACE, OTHER]
    await new.serve_current()
    assert await new.drop_others(keep=[SPACE.collection]) == []
    assert [c.space for c in await new.everywhere()] == [OTHER, SPACE]
    assert await new.drop_others() == [SPACE.collection]
    assert [c.space for c in await new.everywhere()] == [OTHER]


async def test_the_latest_status_of_each_space_is_read_back(client: AsyncQdrantClient) -> None:
    catalogs = QdrantCatalogs(client, SPACE)
    assert await catalogs.statuses() == []
    progress = TenantProgress(indexed=1, waiting=2, failed={"http_404": 3})
    first = IndexingStatus(collection="a", model_version="m", updated_at=NOW)
    second = first.model_copy(
        update={"updated_at": NOW + timedelta(seconds=1), "tenants": {"shop": progress}}
    )
    other = first.model_copy(update={"collection": "b"})
    for status in (first, other, second):
        await catalogs.put_status(status)
    assert await catalogs.statuses() == [second, other]
    assert second.of("shop") == progress
    assert second.of("none").total == 0
    assert second.total.total == 6
