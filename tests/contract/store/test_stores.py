"""Profiles and images in one store: concurrent writes, a reopened folder, an unavailable server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient

from shared.domain.errors import Unavailable
from shared.domain.ids import derived_id, image_point_id, profile_point_id
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.embedding.taste_vectors import element_scores, taste_vectors
from shared.store.images import QdrantImages
from shared.store.profiles import QdrantProfiles
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.contract.store.qdrants import memory_folder
from tests.contract.store.stores import (
    EMBEDDER,
    KINDS,
    TASTES,
    Stores,
    described,
    in_qdrant,
    known,
    opened,
    profile,
    put,
    side,
)


@pytest.fixture(params=KINDS)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    async with opened(request.param, tmp_path) as both:
        yield both


async def test_stored_vectors_give_the_same_scores_as_the_original_ones(
    stores: Stores,
) -> None:
    taste = Taste(preference=side(color="red blue"), non_preference=side(color="green"))
    image = await described("x", color="red blue green")
    await put(stores, profile(taste))
    await stores.images.describe([image])
    vectors = await stores.profiles.vectors(tenant="default", user_id="ana")
    stored = await stores.images.descriptions(content_hashes=["x"], model_version="m-1")
    assert vectors is not None
    expected = element_scores(image.vector, await taste_vectors(taste, EMBEDDER))
    scores = element_scores(stored["x"].vector, vectors)
    assert scores == pytest.approx(expected, abs=1e-3)
    assert 0 < expected[Element.COLOR] < 5
    assert expected[Element.DETAIL] == 2


async def test_concurrent_writes_are_all_stored(stores: Stores) -> None:
    await asyncio.gather(
        *(put(stores, profile(TASTES["full"], user_id=f"u{n}")) for n in range(20)),
        *(stores.images.remember([known(f"i{n}")]) for n in range(20)),
    )
    ids = [f"i{n}" for n in range(20)]
    assert set(await stores.images.find(tenant="default", image_ids=ids)) == set(ids)
    for n in range(20):
        assert await stores.profiles.get(tenant="default", user_id=f"u{n}") is not None


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StoreSettings]:
    with memory_folder(tmp_path) as fast:
        yield StoreSettings(qdrant_path=fast / "deep" / "qdrant")


async def test_a_reopened_folder_still_has_all_profiles_and_images(
    folder: StoreSettings,
) -> None:
    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    await put(stores, profile(TASTES["partly known"]))
    await stores.images.remember([known("a")])
    await stores.images.describe([await described("x", color="red")])
    await client.close()

    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    stored = await stores.profiles.get(tenant="default", user_id="ana")
    vectors = await stores.profiles.vectors(tenant="default", user_id="ana")
    images = await stores.images.find(tenant="default", image_ids=["a"])
    descriptions = await stores.images.descriptions(content_hashes=["x"], model_version="m-1")
    await client.close()
    assert stored == profile(TASTES["partly known"])
    assert vectors is not None
    assert float(np.linalg.norm(vectors.preference)) == pytest.approx(1 / sqrt(len(ELEMENTS)))
    assert (set(images), set(descriptions)) == ({"a"}, {"x"})


def error_of(settings: StoreSettings) -> str:
    with pytest.raises(Unavailable) as error:
        open_qdrant(settings)
    return error.value.detail


async def test_a_folder_in_use_cannot_be_opened_and_its_first_user_continues(
    folder: StoreSettings,
) -> None:
    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    detail = error_of(folder)
    assert str(folder.qdrant_path) in detail
    assert "PREFERSTREAM_QDRANT_URL" in detail
    await put(stores, profile(TASTES["full"]))
    assert await stores.profiles.get(tenant="default", user_id="ana") is not None
    await client.close()


async def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    with pytest.raises(Unavailable, match="is a file, not a folder"):
        open_qdrant(StoreSettings(qdrant_path=tmp_path / "taken"))


async def test_points_have_derived_ids_and_named_vectors(folder: StoreSettings) -> None:
    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    for _ in range(2):
        await put(stores, profile(TASTES["full"]))
        await stores.images.remember([known("a")])
        await stores.images.describe([await described("x", color="red")])
    by_collection: dict[str, Sequence[tuple[str, list[str]]]] = {}
    for collection in (await client.get_collections()).collections:
        points, _ = await client.scroll(collection.name, with_vectors=True)
        by_collection[collection.name] = [(str(p.id), sorted(p.vector or ())) for p in points]
    await client.close()
    profile_id = str(profile_point_id(tenant="default", user_id="ana"))
    image_id = str(image_point_id(content_hash="x", model_version="m-1"))
    assert by_collection == {
        f"profiles.{EMBEDDER.name}": [(profile_id, ["non_preference", "preference"])],
        f"images.{EMBEDDER.name}": [(image_id, ["elements"])],
        "image_ids": [(str(derived_id("image-id", "default", "a")), [])],
        f"joint_tastes.{EMBEDDER.name}": [],
        "corrections": [],
    }


async def test_preparing_again_keeps_the_stored_points(folder: StoreSettings) -> None:
    client = open_qdrant(folder)
    await put(await in_qdrant(client), profile(TASTES["full"]))
    again = await in_qdrant(client)
    stored = await again.profiles.get(tenant="default", user_id="ana")
    await client.close()
    assert stored is not None


@pytest.mark.parametrize(
    "operation",
    [
        lambda s: s.profiles.get(tenant="t", user_id="u"),
        lambda s: s.profiles.vectors(tenant="t", user_id="u"),
        lambda s: s.profiles.remove(tenant="t", user_id="u"),
        lambda s: put(s, profile(TASTES["full"])),
        lambda s: s.images.find(tenant="t", image_ids=["a"]),
        lambda s: s.images.remember([known("a")]),
        lambda s: s.images.descriptions(content_hashes=["x"], model_version="m"),
    ],
    ids=["get", "vectors", "remove", "put", "find", "remember", "descriptions"],
)
async def test_a_server_that_does_not_answer_is_unavailable(
    operation: Callable[[Stores], object], unused_tcp_port: int
) -> None:
    client = AsyncQdrantClient(
        url=f"http://127.0.0.1:{unused_tcp_port}", timeout=1, check_compatibility=False
    )
    stores = Stores(
        QdrantProfiles(client, embedder=EMBEDDER.name), QdrantImages(client, embedder=EMBEDDER.name)
    )
    with pytest.raises(Unavailable, match="Qdrant does not answer"):
        await operation(stores)  # type: ignore[misc]  # all are awaitable
    await client.close()
