"""Base rates are the words of the viewed images; few views are filled up with the catalog."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.profile.prediction.base_rates import BaseRates
from services.profile.prediction.catalog_words import CatalogWords
from services.profile.prediction.shown_words import CATALOG_IMAGES, ShownWords
from shared.domain.errors import Unavailable
from shared.domain.taste import Element
from shared.domain.user import User
from shared.store.protocol import Impressions
from tests.contract.store.stores import described, known
from tests.fakes.stores import InMemoryImages, InMemoryImpressions

ANA = User("default", "ana")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
CATALOG = 300


class Setup:
    """A catalog of red images, of which users view the blue ones."""

    def __init__(self) -> None:
        self.images = InMemoryImages()
        self.impressions = InMemoryImpressions()
        self.words = ShownWords(self.images, self.impressions, CatalogWords(self.images))

    async def fill(self, *, blue: int) -> None:
        for number in range(CATALOG):
            await self.add(f"red {number}", "red")
        for number in range(blue):
            await self.add(f"blue {number}", "blue")

    async def add(self, name: str, color: str, *, tenant: str = "default") -> None:
        image = known(name, tenant=tenant).model_copy(update={"content_hash": name})
        await self.images.remember([image])
        await self.images.describe([await described(name, "m-1", color=color)])

    async def view(self, *names: str, action: str = "view", user: User = ANA) -> None:
        stored = await self.impressions.get(tenant=user.tenant, user_id=user.user_id)
        before = stored or Impressions(tenant=user.tenant, user_id=user.user_id, seen_at={})
        seen_at = {name: NOW + timedelta(seconds=n) for n, name in enumerate(names)}
        viewed = names if action == "view" else ()
        await self.impressions.put(before.with_impressions(seen_at, limit=1_000, viewed=viewed))

    async def shares(self, *, user: User = ANA, with_impressions: bool = True) -> list[float]:
        rates = await self.words.base_rates(
            user, model_version="m-1", with_impressions=with_impressions
        )
        return [float(share) for share in rates.of(Element.COLOR, ["red", "blue"])]


async def test_without_views_the_catalog_counts() -> None:
    setup = Setup()
    await setup.fill(blue=0)
    expected = await setup.shares()
    assert expected[0] > 0.9
    await setup.view("red 1", "red 2", action="click")
    assert await setup.shares() == expected


async def test_many_views_outweigh_the_catalog_and_few_do_not() -> None:
    setup = Setup()
    await setup.fill(blue=300)
    few, many = [f"blue {n}" for n in range(5)], [f"blue {n}" for n in range(300)]
    catalog = await setup.shares(with_impressions=False)
    await setup.view(*few)
    with_few = await setup.shares()
    await setup.view(*many)
    with_many = await setup.shares()
    assert catalog[1] < with_few[1] < 0.3
    assert with_many[1] > 0.85


async def test_as_many_views_as_the_bound_count_as_much_as_the_catalog() -> None:
    own = BaseRates({Element.COLOR: {"blue": CATALOG_IMAGES}})
    catalog = BaseRates({Element.COLOR: {"red": 500.0}, Element.DETAIL: {"plain": 3.0}})
    filled = own.filled_up(catalog, to=CATALOG_IMAGES)
    assert filled.counts[Element.COLOR] == {"blue": CATALOG_IMAGES, "red": CATALOG_IMAGES}
    np.testing.assert_allclose(filled.of(Element.DETAIL, ["plain", "rich"]), [0.8, 0.2])
    assert BaseRates().filled_up(catalog, to=CATALOG_IMAGES).counts == catalog.counts


async def test_the_views_of_another_user_or_tenant_do_not_count() -> None:
    setup = Setup()
    await setup.fill(blue=100)
    expected = await setup.shares(with_impressions=False)
    await setup.view(*[f"blue {n}" for n in range(100)], user=User("default", "ben"))
    assert await setup.shares() == expected
    assert await setup.shares(user=User("other", "ana")) == [0.5, 0.5]


async def test_views_of_images_that_no_service_knows_do_not_count() -> None:
    setup = Setup()
    await setup.fill(blue=10)
    expected = await setup.shares(with_impressions=False)
    await setup.view(*[f"unknown {n}" for n in range(100)])
    assert await setup.shares() == expected


async def test_an_outage_leaves_the_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = Setup()
    await setup.fill(blue=100)
    await setup.view(*[f"blue {n}" for n in range(100)])
    expected = await setup.shares(with_impressions=False)

    async def unavailable(**_: str) -> None:
        raise Unavailable("store", "it restarts")

    monkeypatch.setattr(setup.impressions, "get", unavailable)
    assert await setup.shares() == expected
