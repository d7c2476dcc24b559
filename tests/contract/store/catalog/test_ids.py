"""Every store gives the ids of searches and pages that it gives with the images."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.ids import catalog_point_id, catalog_point_ids
from shared.domain.images.image_key import ImageKey
from shared.store.catalog.images import Publication
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogQuery, CatalogSelection
from shared.store.catalog.query_kinds import AmongQuery, LinearQuery, NewestQuery
from tests.contract.store.catalogs import KINDS, NOW, axis, fill, indexed, mixed, opened, published

ALL = CatalogSelection("default", indexed_only=True)
WITHOUT_A = CatalogSelection("default", exclude_ids=frozenset({"a"}), indexed_only=True)


@pytest.fixture(params=KINDS)
async def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CatalogStore]:
    async with opened(request.param, tmp_path) as store:
        yield store


async def test_searches_for_ids_give_the_images_of_their_selections(catalog: CatalogStore) -> None:
    await fill(catalog, a=axis(0), b=mixed(1, 1), c=axis(1))
    for number, name in enumerate("abc"):
        at = NOW + timedelta(hours=number)
        await catalog.publish([Publication(published(name).entry, at)])
    await catalog.publish([published("waiting"), published("other", tenant="shop")])
    linear = LinearQuery({"image": axis(0)}, limit=2)
    likes = CatalogQuery("image", (axis(1),), strategy="average_vector", limit=2)
    results = await catalog.ids(
        [
            (ALL, linear),
            (WITHOUT_A, linear),
            (WITHOUT_A, likes),
            (ALL, NewestQuery(NOW + timedelta(hours=1), limit=10)),
            (WITHOUT_A, NewestQuery(NOW, limit=1)),
            (WITHOUT_A, AmongQuery(("a", "b", "unknown", "waiting", "other"))),
            (ALL, AmongQuery(())),
        ]
    )
    assert results[:5] == [["a", "b"], ["b", "c"], ["c", "b"], ["c", "b"], ["c"]]
    assert [sorted(ids) for ids in results[5:]] == [["b"], []]
    assert await catalog.ids([]) == []


async def test_images_are_selected_by_what_they_show(catalog: CatalogStore) -> None:
    await catalog.publish([published(name) for name in "abc"])
    shown = {"a": ("bird", "animal"), "b": ("boat",), "c": ()}
    await catalog.index(
        [
            replace(content, index=content.index.model_copy(update={"subject_words": words}))
            for name, words in shown.items()
            for content in [indexed(name, image=axis(0))]
        ]
    )
    for words, expected in {
        ("bird", "boat"): "ab",
        ("animal",): "a",
        ("car",): "",
        (): "abc",
    }.items():
        selection = CatalogSelection("default", subject_words=words)
        linear, newest = LinearQuery({"image": axis(0)}), NewestQuery()
        for ids in await catalog.ids([(selection, linear), (selection, newest)]):
            assert sorted(ids) == list(expected)
        assert all(selection.selects(i) for i in (await catalog.page(selection)).images)


async def test_pages_of_ids_are_the_pages_of_the_images(catalog: CatalogStore) -> None:
    await fill(catalog, **{f"i{number}": axis(number % 3) for number in range(5)})
    after = None
    for _ in range(3):
        page = await catalog.page(ALL, after=after, limit=2)
        ids = await catalog.page_ids(ALL, after=after, limit=2)
        assert ids.image_ids == tuple(image.entry.image_id for image in page.images)
        assert ids.next == page.next
        after = page.next
    assert after is None


@pytest.mark.parametrize("tenant", ["default", "Bücher", ""])
def test_point_ids_of_many_images_are_those_of_each(tenant: str) -> None:
    names = ["a", "", "katze 🐈", "a:b", "x" * 300]
    each = [str(catalog_point_id(ImageKey(tenant, name))) for name in names]
    assert catalog_point_ids(tenant, names) == each
