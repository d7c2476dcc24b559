"""A random draw from the catalog depends on its images and the seed, on every store."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.assessor.popularity.counts import Popularity
from services.assessor.steps.retrieval.catalog_reader import CatalogReader
from shared.domain.ids import derived_id
from shared.domain.user import User
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogSelection
from tests.contract.store.catalogs import KINDS, NOW, axis, fill, opened

SELECTION = CatalogSelection("default", available_at=NOW, indexed_only=True)


async def drawn(
    catalog: CatalogStore, selection: CatalogSelection, *, seed: int
) -> dict[str, float]:
    reader = CatalogReader(catalog, selection, popularity=Popularity(), user=User("default", "ana"))
    return await reader.drawn(4, seed=derived_id("test", seed), without={"i1", "i2"})


async def test_every_store_draws_the_same_images_with_the_same_probabilities(
    tmp_path: Path,
) -> None:
    names = [f"i{number}" for number in range(400)]
    results = []
    for kind in KINDS:
        async with opened(kind, tmp_path / kind.replace(" ", "-")) as catalog:
            await fill(catalog, **{name: axis(n % 6) for n, name in enumerate(names)})
            excluding = CatalogSelection("default", exclude_ids=frozenset(names[:350]))
            results.append(
                [
                    *[await drawn(catalog, SELECTION, seed=seed) for seed in range(4)],
                    await drawn(catalog, excluding, seed=0),
                ]
            )
    assert results[0] == results[1] == results[2]
    for images in results[0]:
        assert len(images) == 4
        assert not {"i1", "i2"} & images.keys()
    assert max(p for images in results[0][:4] for p in images.values()) < 0.1
    # Of fifty images that are left, each is equally likely.
    assert set(results[0][4].values()) == {4 / 50}
    assert not results[0][4].keys() & set(names[:350])


@pytest.mark.parametrize("kind", KINDS)
async def test_the_newest_images_come_first_and_old_ones_are_not_new(
    kind: str, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path) as catalog:
        await fill(catalog, a=axis(0), b=axis(1))
        reader = CatalogReader(
            catalog, SELECTION, popularity=Popularity(), user=User("default", "ana")
        )
        sure = await reader.sure([], popular=0, new=5, since=NOW - timedelta(days=1))
        assert set(sure.new) == {"a", "b"}
        later = await reader.sure([], popular=0, new=5, since=NOW + timedelta(days=1))
        assert later.new == ()


async def test_excluded_images_leave_their_places_to_other_new_ones(tmp_path: Path) -> None:
    async with opened("in memory", tmp_path) as catalog:
        await fill(catalog, **{f"i{number:02}": axis(number % 6) for number in range(40)})
        newest = [i.entry.image_id for i in await catalog.newest(SELECTION, limit=12)]
        # Of the ten images that are read first, a few are excluded, or all of them.
        for excluded, expected in ((newest[:3], newest[3:10]), (newest[:10], newest[10:12])):
            without = replace(SELECTION, exclude_ids=frozenset(excluded))
            reader = CatalogReader(
                catalog, without, popularity=Popularity(), user=User("default", "ana")
            )
            sure = await reader.sure([], popular=0, new=5, since=NOW - timedelta(days=1))
            assert sure.new[: len(expected)] == tuple(expected)
            assert len(sure.new) >= 5
