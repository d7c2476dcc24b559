"""Each vector space has its collection, and an alias names the one that serves."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from qdrant_client import AsyncQdrantClient

from shared.domain.user import User
from shared.store.catalog.collection import SERVER_QUANTIZATION, prepare_collection
from shared.store.catalog.qdrant_catalog import QdrantCatalog
from shared.store.catalog.queries import CatalogQuery, CatalogSelection
from shared.store.catalog.serving import QdrantCatalogs
from shared.store.catalog.spaces import ALIAS, CatalogSpace, CatalogSpaces
from shared.store.erasures import QdrantErasures
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.contract.store.catalogs import SPACE, axis, fill, indexed, key, published

OTHER = SPACE.model_copy(update={"encoder": "encoder-2", "image_dimension": 3})


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncQdrantClient]:
    client = open_qdrant(StoreSettings(qdrant_path=tmp_path))
    yield client
    await client.close()


async def prepared(client: AsyncQdrantClient, space: CatalogSpace) -> QdrantCatalog:
    catalog = QdrantCatalog(client, space)
    await catalog.prepare()
    return catalog


async def test_no_space_serves_before_the_first_one_does(client: AsyncQdrantClient) -> None:
    await prepared(client, SPACE)
    assert await CatalogSpaces(client).serving() is None
    assert await CatalogSpaces(client).drop_others() == []


async def test_the_old_space_serves_until_the_new_one_takes_its_place(
    client: AsyncQdrantClient,
) -> None:
    spaces = CatalogSpaces(client)
    old, new = await prepared(client, SPACE), await prepared(client, OTHER)
    await spaces.serve(SPACE)
    await fill(old, a=axis(0))
    await fill(new, a=axis(0, 3))
    assert await spaces.serving() == SPACE
    await spaces.serve(OTHER)
    await spaces.serve(OTHER)  # safe to repeat
    assert await spaces.serving() == OTHER
    assert (await client.count(ALIAS)).count == 1
    hits = await new.query(CatalogSelection("default"), [CatalogQuery("image", (axis(0, 3),))])
    assert [hit.image.entry.image_id for hit in hits[0]] == ["a"]


async def test_a_folder_of_an_earlier_format_is_filled_again_in_a_new_collection(
    client: AsyncQdrantClient,
) -> None:
    earlier = SPACE.model_copy(update={"format": SPACE.format - 1})
    await QdrantCatalogs(client, earlier).prepare()
    catalogs = QdrantCatalogs(client, SPACE)
    await catalogs.prepare()
    assert await catalogs.serving_space() == earlier
    assert await catalogs.serving() is not catalogs.current, "re-indexing fills the new one"
    await catalogs.serve_current()
    assert await catalogs.drop_others() == [earlier.collection]


async def test_the_engine_keeps_one_bit_a_number_and_a_server_one_byte(
    client: AsyncQdrantClient, tmp_path: Path
) -> None:
    await prepared(client, SPACE)
    (folder,) = (tmp_path / "edge").glob("collection-catalog.encoder*")
    config = json.loads((folder / "edge_config.json").read_bytes())
    assert config["quantization_config"]["turbo"]["bits"] == "bits1"
    assert config["optimizers"]["max_segment_size"] == 256 << 10
    server = AsyncMock(AsyncQdrantClient)
    server.collection_exists.return_value = False
    await prepare_collection(server, SPACE.collection, SPACE.sizes)
    given = server.create_collection.call_args.kwargs["quantization_config"]
    assert given == SERVER_QUANTIZATION
    assert given.scalar.type == "int8"


async def test_a_vector_of_another_space_is_an_error(client: AsyncQdrantClient) -> None:
    catalog = await prepared(client, SPACE)
    await catalog.publish([published("a")])
    with pytest.raises(ValueError, match=r"image has shape \(3,\), but catalog\.encoder-1\.6"):
        await catalog.index([indexed("a", image=axis(0, 3))])
    with pytest.raises(ValueError, match=r"takes \(6,\)"):
        await catalog.query(CatalogSelection("default"), [CatalogQuery("image", (axis(0, 3),))])


async def test_spaces_that_do_not_serve_can_be_dropped(client: AsyncQdrantClient) -> None:
    spaces = CatalogSpaces(client)
    await prepared(client, SPACE)
    new = await prepared(client, OTHER)
    await spaces.serve(SPACE)
    await spaces.serve(OTHER)
    assert await spaces.drop_others() == [SPACE.collection]
    assert not await client.collection_exists(SPACE.collection)
    assert await spaces.serving() == OTHER
    await new.publish([published("a")])
    assert await new.count() == 1


async def test_the_catalog_is_on_the_disk_after_a_restart(tmp_path: Path) -> None:
    for is_restarted in (False, True):
        client = open_qdrant(StoreSettings(qdrant_path=tmp_path))
        catalog = await prepared(client, SPACE)
        if not is_restarted:
            await fill(catalog, a=axis(0), b=axis(1), removed=axis(0))
            await catalog.remove([key("removed")])
            await CatalogSpaces(client).serve(SPACE)
        (hits,) = await catalog.query(
            CatalogSelection("default"), [CatalogQuery("image", (axis(0),))]
        )
        assert [hit.image.entry.image_id for hit in hits] == ["a", "b"]
        assert await catalog.count() == 2
        assert await CatalogSpaces(client).serving() == SPACE
        await client.close()


async def test_a_search_for_an_erased_user_does_not_read_the_catalog(
    client: AsyncQdrantClient,
) -> None:
    erasures = QdrantErasures(client)
    await erasures.prepare()
    await prepared(client, SPACE)
    user = User("default", "ada")
    remaining = await erasures.remaining(**user._asdict())
    assert not any(name.startswith("catalog.") for name in remaining)
